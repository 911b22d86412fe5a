"""Margin call and stop-out: decisions about a whole account."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from core.trading.rules.money import ZERO, divide, multiply

T = TypeVar("T")

Standing = Literal["sound", "margin_call", "stop_out"]


@dataclass(frozen=True, slots=True)
class Levels:
    """Margin levels as ratios (0.5 is 50 %)."""

    margin_call: Decimal
    stop_out: Decimal


def margin_level(equity: Decimal, margin: Decimal) -> Decimal | None:
    """equity ÷ margin as a ratio; none while nothing is bound."""
    return divide(equity, margin) if margin else None


def required_equity(margin: Decimal, level: Decimal) -> Decimal:
    """The least equity that is not below `level`."""
    return multiply(margin, level)


def standing(equity: Decimal, margin: Decimal, levels: Levels) -> Standing:
    """Where an account stands. *Below* a level counts, exactly on it does not; without margin it is sound."""
    if not margin:
        return "sound"
    if equity < required_equity(margin, levels.stop_out):
        return "stop_out"
    if equity < required_equity(margin, levels.margin_call):
        return "margin_call"
    return "sound"


@dataclass(frozen=True, slots=True)
class Floating(Generic[T]):
    """An open position with its P&L in the account's currency."""

    key: T
    profit: Decimal


def next_to_close(positions: Iterable[Floating[T]]) -> T:
    """The position with the largest loss; the first of those that are equal. Raises `ValueError` without any."""
    return min(positions, key=lambda position: position.profit).key


def lift_to_zero(balance: Decimal, has_positions: bool) -> Decimal:
    """The entry that negative balance protection books: what lifts a negative balance to zero, else zero.

    Only when nothing is open any more: a loss that an open gain still covers is no debt.
    """
    return balance.copy_negate() if balance < ZERO and not has_positions else ZERO
