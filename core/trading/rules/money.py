"""Money arithmetic: the one place where an amount loses digits.

Amounts keep 12 decimals, rounded half-even. Products and quotients are formed with 60 significant digits first: for
operands of up to 24 digits a quotient cannot lie that near to a tie without being one, so rounding twice is exact.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

AMOUNT_PLACES = 12
CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
ZERO = Decimal(0)
ONE = Decimal(1)

_QUANTUM = Decimal(1).scaleb(-AMOUNT_PLACES)

multiply = CONTEXT.multiply
divide = CONTEXT.divide
add = CONTEXT.add
subtract = CONTEXT.subtract


def round_amount(value: Decimal) -> Decimal:
    """`value` with 12 decimals, half-even; never a negative zero.

    Raises `decimal.InvalidOperation` for infinities, NaN and amounts beyond 48 integer digits.
    """
    if value.is_nan():
        raise InvalidOperation("an amount is a number")
    rounded = value.quantize(_QUANTUM, context=CONTEXT)
    return rounded if rounded else ZERO


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum (to 60 digits). The operators `+` and `-` keep 28 digits only, and so does `sum`."""
    result = ZERO
    for value in values:
        result = add(result, value)
    return result


def product(*factors: Decimal) -> Decimal:
    """The exact product (to 60 digits) of `factors`, unrounded."""
    result = ONE
    for factor in factors:
        result = multiply(result, factor)
    return result
