"""Margin: what an open position binds, in the account's currency."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.trading.rules.conversion import Rate
from core.trading.rules.money import ONE, ZERO, add, divide, multiply, round_amount, total
from core.trading.rules.pnl import notional


def leverage_of(account_type_leverage: Decimal, symbol_leverage: Decimal | None) -> Decimal:
    """The smaller of the account type's leverage and the symbol's there (none: the account type's)."""
    if symbol_leverage is None:
        return account_type_leverage
    return min(account_type_leverage, symbol_leverage)


def position_margin(
    volume: Decimal, contract_size: Decimal, open_price: Decimal, leverage: Decimal, rate: Rate
) -> Decimal:
    """volume × contract × open price ÷ leverage at the opening's conversion rate, rounded."""
    value = notional(volume, contract_size, open_price)
    if leverage != ONE:
        value = divide(value, leverage)
    return rate.cost(value)


def reduced_margin(margin: Decimal, volume: Decimal, left: Decimal) -> Decimal:
    """What stays bound when a position of `volume` is reduced to `left`: in proportion, at its opening's rate."""
    if not left:
        return ZERO
    return round_amount(divide(multiply(margin, left), volume))


@dataclass(frozen=True, slots=True)
class Bound:
    """The margin of one open position."""

    symbol: Hashable
    side: str
    margin: Decimal


def account_margin(positions: Iterable[Bound]) -> Decimal:
    """The margin of an account: for each symbol that of its larger side.

    On a netting account a symbol has one side, so this is the plain sum there.
    """
    sides: dict[Hashable, list[Decimal]] = {}
    for position in positions:
        both = sides.setdefault(position.symbol, [ZERO, ZERO])
        index = position.side == "sell"
        both[index] = add(both[index], position.margin)
    return total(max(both) for both in sides.values())
