"""Exact arithmetic for targets: wide decimals, and rounding to a lot step that a hidden last digit cannot tip.

A copy ratio is a quotient (equity ÷ equity) and seldom ends in decimals: 3.00 lots at 1,000 ÷ 3,000 must be
1.00 lot, not 0.99. Ratios and targets are therefore kept to 56 decimals, and a value within 1e-30 of a step of a
boundary counts as lying on it. Lots, prices and equities have far fewer digits than that, so real values are never moved.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)
"""The context of every calculation on ratios and targets; never the thread's own."""

QUANTUM = Decimal(1).scaleb(-56)
"""The last place a ratio or a target keeps."""

ZERO = Decimal(0)
_SNAP = Decimal(1).scaleb(-30)
_HALF = Decimal("0.5")
_HALF_AND_SNAP = EXACT.add(_HALF, _SNAP)
_ONE = Decimal(1)


def product(*factors: Decimal) -> Decimal:
    """Multiply without rounding (up to 100 digits)."""
    result = _ONE
    for factor in factors:
        result = EXACT.multiply(result, factor)
    return result


def quotient(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Divide, keeping 56 decimals. Raises ``ZeroDivisionError`` for a zero denominator."""
    return EXACT.divide(numerator, denominator).quantize(QUANTUM, context=EXACT).normalize(EXACT)


def floor_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``value`` (both in lots, ``value`` ≥ 0)."""
    steps = EXACT.add(EXACT.divide(value, step), _SNAP).to_integral_value(ROUND_FLOOR, EXACT)
    return EXACT.multiply(steps, step)


def round_half_down_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The multiple of ``step`` nearest to ``value``; exactly between two, the smaller (both in lots, ``value`` ≥ 0)."""
    ratio = EXACT.divide(value, step)
    steps = EXACT.add(ratio, _SNAP).to_integral_value(ROUND_FLOOR, EXACT)
    if EXACT.subtract(ratio, steps) > _HALF_AND_SNAP:
        steps = EXACT.add(steps, _ONE)
    return EXACT.multiply(steps, step)


def ceil_to_places(value: Decimal, places: int) -> Decimal:
    """Round up to so many decimals, for the figure that a setting would have needed."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_CEILING, EXACT).normalize(EXACT)


def floor_to_places(value: Decimal, places: int) -> Decimal:
    """Round down to so many decimals, for the figure that a setting would have needed."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR, EXACT).normalize(EXACT)


def below(value: Decimal, limit: Decimal) -> bool:
    """Whether ``value`` is really below ``limit``, not merely by the last place of a quotient."""
    return EXACT.add(value, _SNAP) < limit
