"""How large a copy is: the ratio frozen for an opening order, and the size that its fills so far ask for.

All volumes are lots of the follower's symbol, money is in the follower's currency unless said.
"""

from decimal import Decimal
from typing import NamedTuple

from plugins.copy_trading.rules.numbers import ZERO, below, product, quotient

RATIO_CAP = Decimal(10)
"""No follower takes more than ten times the master's volume, whatever the equities say."""

ROUND_UP_LIMIT = Decimal(2)
"""``round_up`` lifts a size to the minimum lot only if that no more than doubles it."""


def proportional_ratio(copy_ratio: Decimal, own_equity: Decimal, master_equity: Decimal, rate: Decimal) -> Decimal:
    """k = r · E_f ÷ E_m, capped at 10: the ratio frozen for one opening order of the master.

    ``rate`` is the worth of one unit of the master's currency in the follower's, at the middle. An equity that is
    not positive gives 0: nothing can be sized on it.
    """
    if own_equity <= 0 or master_equity <= 0:
        return ZERO
    return min(quotient(product(copy_ratio, own_equity), product(master_equity, rate)), RATIO_CAP)


def lots_per_master_lot(ratio: Decimal, master_contract: Decimal, own_contract: Decimal) -> Decimal:
    """k · C_m ÷ C_f: the same units of the underlying where the two contracts differ."""
    if master_contract == own_contract:
        return ratio
    return quotient(product(ratio, master_contract), own_contract)


def lots_for_money(amount: Decimal, contract: Decimal, price: Decimal, rate: Decimal, leverage: Decimal) -> Decimal:
    """Lots that an amount of money buys; ``leverage`` 1 sizes by notional, the position's own by margin.

    ``price`` is in the symbol's quote currency, ``rate`` the worth of one unit of that currency in the follower's.
    """
    if price <= 0 or rate <= 0:
        return ZERO
    return quotient(product(amount, leverage), product(contract, price, rate))


class Size(NamedTuple):
    """What an opening order asks for on its cumulative volume, after the minimum and the maximum lot."""

    lots: Decimal
    raw: Decimal
    too_small: bool
    cut: bool


def limited(raw: Decimal, minimum: Decimal, maximum: Decimal, round_up: bool) -> Size:
    """Apply the minimum and the maximum lot to the exact size ``raw`` of one opening order.

    Nothing is rounded to the lot step here: targets stay exact, only orders are rounded.
    """
    lots = raw
    if below(raw, minimum):
        if not round_up or raw <= 0 or below(product(raw, ROUND_UP_LIMIT), minimum):
            return Size(ZERO, raw, too_small=True, cut=False)
        lots = minimum
    if lots > maximum:
        return Size(maximum, raw, too_small=below(maximum, minimum), cut=True)
    return Size(lots, raw, too_small=False, cut=False)
