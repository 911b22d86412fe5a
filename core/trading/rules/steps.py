"""Ticks and steps: sizes sit on the lot step, prices on the price tick.

A price in ticks is an int: price ÷ tick. Everything here is exact; nothing goes through binary floats.
"""

from decimal import Decimal

from core.trading.rules.money import CONTEXT, add, multiply, subtract

_HALF = Decimal("0.5")


def floor_units(value: Decimal, step: Decimal) -> int:
    """The greatest n with n × step ≤ value. `step` > 0."""
    whole, rest = CONTEXT.divmod(value, step)
    return int(whole) - 1 if rest < 0 else int(whole)


def ceil_units(value: Decimal, step: Decimal) -> int:
    """The least n with n × step ≥ value. `step` > 0."""
    return -floor_units(value.copy_negate(), step)


def floor_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The greatest multiple of `step` that does not exceed `value`."""
    return multiply(Decimal(floor_units(value, step)), step)


def round_half_up_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """The nearest multiple of `tick`; the upper one when both are as near."""
    return floor_to_step(add(price, multiply(tick, _HALF)), tick)


def round_half_down_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of `step`; the lower one when both are as near."""
    return multiply(Decimal(ceil_units(subtract(value, multiply(step, _HALF)), step)), step)


def on_step(value: Decimal, step: Decimal) -> bool:
    """Whether `value` is a whole number of steps."""
    return not CONTEXT.remainder(value, step)


def to_ticks(price: Decimal, tick: Decimal) -> int:
    """`price` in ticks. Raises `ValueError` when it does not sit on the tick."""
    whole, rest = CONTEXT.divmod(price, tick)
    if rest:
        raise ValueError(f"{price} does not sit on the tick {tick}")
    return int(whole)


def from_ticks(ticks: int, tick: Decimal) -> Decimal:
    """The price of `ticks` ticks."""
    return multiply(Decimal(ticks), tick)
