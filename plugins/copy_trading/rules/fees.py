"""The performance fee: a share of new profit above a high-water mark. Money in the follower's currency."""

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from plugins.copy_trading.rules.numbers import EXACT, ZERO, product, quotient

_HUNDRED = Decimal(100)
_PLACES = Decimal(1).scaleb(-12)


class Reckoning(NamedTuple):
    """What a reckoning comes to: the fee on new profit, what is taken now, what stays owed, and the mark after it."""

    due: Decimal
    charged: Decimal
    owed: Decimal
    mark: Decimal


def fee_on(pnl: Decimal, mark: Decimal, percent: Decimal) -> Decimal:
    """percent × max(0, P − HWM), cut to 12 decimals in the follower's favour. ``percent`` as 0–100."""
    if pnl <= mark:
        return ZERO
    fee = quotient(product(pnl - mark, percent), _HUNDRED)
    return fee.quantize(_PLACES, ROUND_DOWN, EXACT)


def reckon(pnl: Decimal, mark: Decimal, percent: Decimal, owed: Decimal, free: Decimal) -> Reckoning:
    """Reckon up a cumulative net realised P&L against its mark; no more is taken than is ``free``, the rest stays owed.

    The mark only rises: a fee is paid once for each unit of profit, however often the P&L comes back to it.
    """
    due = fee_on(pnl, mark, percent)
    charged = min(owed + due, max(free, ZERO))
    return Reckoning(due, charged, owed + due - charged, max(mark, pnl))
