"""Targets, not deltas: a link keeps the exact volume its follower should hold; orders only bring reality there.

A master position's opens add to the target at the ratio of their order, its closes scale it. Because closes scale and
opens add, an open that arrives late is worth what the closes since have left of it (``surviving``).
"""

from collections.abc import Iterable
from decimal import Decimal

from plugins.copy_trading.rules.numbers import (
    EXACT,
    QUANTUM,
    ZERO,
    floor_to_step,
    product,
    quotient,
    round_half_down_to_step,
)


def after_close(target: Decimal, before: Decimal, after: Decimal) -> Decimal:
    """T × M' ÷ M: the target once the master has closed from ``before`` to ``after``; 0 when the master is flat."""
    if after <= 0 or before <= 0:
        return ZERO
    return quotient(product(target, after), before)


def after_open(target: Decimal, added: Decimal) -> Decimal:
    """T + what this fill of an opening order asks for, kept to the last place of a target."""
    return EXACT.add(target, added).quantize(QUANTUM, context=EXACT).normalize(EXACT)


def surviving(added: Decimal, closes: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """What is left of an open of ``added`` lots after closes (M, M') of the same position that were handled before it."""
    for before, after in closes:
        added = after_close(added, before, after)
        if not added:
            break
    return added


def to_open(target: Decimal, held: Decimal, step: Decimal) -> Decimal:
    """Lots to buy in for an open or an add: floor_to_step(T) − held, never negative. ``held`` counts what is in flight."""
    return max(floor_to_step(target, step) - held, ZERO)


def to_close(target: Decimal, held: Decimal, step: Decimal) -> Decimal:
    """Lots to close: held − round_half_down_to_step(T), never negative and never more than is held."""
    return min(max(held - round_half_down_to_step(target, step), ZERO), max(held, ZERO))


def after_partial_fill(target: Decimal, ordered: Decimal, filled: Decimal) -> Decimal:
    """The target after an open that filled in part: the rest is given up, never chased."""
    return max(target - max(ordered - filled, ZERO), ZERO)


def after_own_close(target: Decimal, expected: Decimal, real: Decimal) -> Decimal | None:
    """The target after the follower's own hand (or a stop) took volume out of the copy.

    ``expected`` is what the link holds by its own orders, ``real`` what the position has. ``None`` means the copy is
    over: a follower who has left a trade is never put back into it.
    """
    if real >= expected:
        return target
    if real <= 0:
        return None
    return max(target - (expected - real), ZERO)


def opposite(side: int) -> int:
    """The other side; sides are +1 for long and −1 for short."""
    return -side


def mirrored_stops(
    stop_loss: Decimal | None, take_profit: Decimal | None, reverse: bool
) -> tuple[Decimal | None, Decimal | None]:
    """The follower's stop-loss and take-profit: the master's prices, swapped when the copy is reversed."""
    return (take_profit, stop_loss) if reverse else (stop_loss, take_profit)
