"""Exact decimals: the tick, the lot step, and amounts of money.

Prices sit on the tick (rounded half-up), sizes on the lot step (rounded down, or up where a minimum is asked for),
amounts keep twelve decimals (half-even), as the ledger does.
"""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

from core.sdk.money import round_amount

__all__ = ["ZERO", "ceil_to", "exact", "floor_to", "plain", "round_amount", "to_tick"]

ZERO = Decimal(0)
_ONE = Decimal(1)
# Products of a price, a size, a contract size and a rate stay exact well below this many digits.
_CONTEXT = Context(prec=60)

P = ParamSpec("P")
R = TypeVar("R")


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` with enough decimal digits that no product of its figures is rounded unasked."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(_CONTEXT):
            return function(*args, **kwargs)

    return run


@exact
def to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """The price on the tick nearest to ``price``, halves up, with the tick's number of decimals."""
    return (price / tick).quantize(_ONE, rounding=ROUND_HALF_UP) * tick


@exact
def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``value``."""
    return (value / step).quantize(_ONE, rounding=ROUND_FLOOR) * step


@exact
def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of ``step`` that is not below ``value``."""
    return (value / step).quantize(_ONE, rounding=ROUND_CEILING) * step


def plain(value: Decimal) -> str:
    """The shortest plain notation of ``value``, as states and log entries hold it: ``1.50`` becomes ``1.5``."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text
