"""Running figures of a master: each look at the account moves them on, so that no page ever computes a whole history.

A look says what the equity is, how much money has been moved in so far, and what the open positions are worth. From one
look to the next the return index grows by (equity − money moved in between) ÷ the equity before: time-weighted, for every
deposit or withdrawal begins a new sub-period. A day ends with the first look of a later one. Days are UTC days of the
feed's time; times are epoch milliseconds; returns, depths and deviations are fractions (0.01 is one percent).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from math import sqrt

DAY_MS = 86_400_000
MOST_LEVERAGE = 1000.0
"""Stands for positions on no equity."""
_SATURDAY = 5
_THURSDAY = 3
"""The weekday of the first day of the epoch."""
_DIGITS = Decimal(1).scaleb(-18)
_ONE = Decimal(1)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Look:
    """What is found at one moment. Money in the account's currency; ``funded`` is all money moved in less all moved out."""

    at_ms: int
    equity: Decimal
    funded: Decimal
    notional: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class Trades:
    """Closed trades of an account. Money net of commission and swap, in the account's currency.

    ``losing`` is how many of the last were lost in a row.
    """

    closed: int = 0
    won: int = 0
    gains: Decimal = _ZERO
    losses: Decimal = _ZERO
    losing: int = 0

    def with_one(self, net: Decimal) -> Trades:
        """One more position that is fully closed, with its net P&L. Break-even is neither won nor lost."""
        return Trades(
            self.closed + 1,
            self.won + (net > 0),
            self.gains + max(net, _ZERO),
            self.losses - min(net, _ZERO),
            self.losing + 1 if net < 0 else 0,
        )

    @property
    def win_rate(self) -> Decimal | None:
        """Percent of fully closed positions with net P&L above 0; none when nothing was closed."""
        return Decimal(100) * self.won / self.closed if self.closed else None

    @property
    def profit_factor(self) -> Decimal | None:
        """Net gains of winners ÷ net losses of losers; none without a loss."""
        return self.gains / self.losses if self.losses else None


@dataclass(frozen=True, slots=True)
class Spread:
    """Count, mean and sum of squared deviations of daily returns, moved on one by one (Welford's method)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def with_one(self, value: float) -> Spread:
        """One more return."""
        count = self.count + 1
        delta = value - self.mean
        mean = self.mean + delta / count
        return Spread(count, mean, self.squares + delta * (value - mean))

    @property
    def deviation(self) -> float | None:
        """The sample deviation (n − 1); none under two returns."""
        return sqrt(max(self.squares, 0.0) / (self.count - 1)) if self.count > 1 else None


@dataclass(frozen=True, slots=True)
class Fall:
    """The deepest fall of the index from a running peak so far, with its dates; ``recovered_ms`` none while it lasts."""

    depth: Decimal = _ZERO
    peak: Decimal = _ONE
    peak_ms: int = 0
    trough_ms: int = 0
    recovered_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day that is over. ``fall`` is the deepest fall within the day, from a peak of the same day.

    ``weekday_change`` is the return since the last working day's end; none on a Saturday and a Sunday.
    """

    day: int
    equity: Decimal
    funded: Decimal
    index: Decimal
    high: Decimal
    low: Decimal
    fall: float
    leverage: float
    change: float
    weekday_change: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a master's figures stand after the last look.

    ``day_base`` and ``weekday_base`` are the index at the end of the day, and of the working day, before this one.
    """

    at_ms: int
    equity: Decimal
    funded: Decimal
    notional: Decimal
    index: Decimal
    peak: Decimal
    peak_ms: int
    fall: Fall
    first_day: int
    day: int
    day_base: Decimal
    weekday_base: Decimal
    day_high: Decimal
    day_low: Decimal
    day_fall: float
    day_leverage: float
    daily: Spread = Spread()
    weekdays: Spread = Spread()

    @property
    def history_days(self) -> int:
        """Days from the first look to this one."""
        return self.day - self.first_day

    @property
    def total_pnl(self) -> Decimal:
        """Realised and floating, with all costs: what the equity holds beyond the money moved in."""
        return self.equity - self.funded

    @property
    def drawdown_now(self) -> Decimal:
        """1 − index ÷ running peak at the last look."""
        return 1 - self.index / self.peak if self.peak > 0 else _ZERO


def begin(look: Look) -> Standing:
    """The first look: the index starts at 1."""
    day, leverage = look.at_ms // DAY_MS, leverage_of(look)
    return Standing(
        look.at_ms, look.equity, look.funded, look.notional, _ONE, _ONE, look.at_ms,
        Fall(_ZERO, _ONE, look.at_ms, look.at_ms, look.at_ms), day, day, _ONE, _ONE, _ONE, _ONE, 0.0, leverage,
    )  # fmt: skip


def observe(standing: Standing, look: Look) -> tuple[Standing, ClosedDay | None]:
    """Move on by one look; and the day that ended with it, if one did. A look of an earlier time counts as of the last one's."""
    at_ms = max(look.at_ms, standing.at_ms)
    closed = None
    if at_ms // DAY_MS > standing.day:
        closed = close_day(standing)
        standing = _next_day(standing, closed, at_ms // DAY_MS)
    index = (standing.index * _growth(standing, look)).quantize(_DIGITS)
    peak, peak_ms = (index, at_ms) if index >= standing.peak else (standing.peak, standing.peak_ms)
    high = max(standing.day_high, index)
    return replace(
        standing,
        at_ms=at_ms,
        equity=look.equity,
        funded=look.funded,
        notional=look.notional,
        index=index,
        peak=peak,
        peak_ms=peak_ms,
        fall=_fall(standing.fall, index, peak, peak_ms, at_ms),
        day_high=high,
        day_low=min(standing.day_low, index),
        day_fall=max(standing.day_fall, float(1 - index / high) if high > 0 else 0.0),
        day_leverage=max(standing.day_leverage, leverage_of(look)),
    ), closed


def close_day(standing: Standing) -> ClosedDay:
    """The day of a standing as it is, were it over now."""
    return ClosedDay(
        standing.day,
        standing.equity,
        standing.funded,
        standing.index,
        standing.day_high,
        standing.day_low,
        standing.day_fall,
        standing.day_leverage,
        _change(standing.day_base, standing.index),
        None if is_weekend(standing.day) else _change(standing.weekday_base, standing.index),
    )


def _next_day(standing: Standing, closed: ClosedDay, day: int) -> Standing:
    working = closed.weekday_change
    return replace(
        standing,
        day=day,
        day_base=standing.index,
        weekday_base=standing.weekday_base if working is None else standing.index,
        # The day begins where the one before ended: a gap over midnight is part of it.
        day_high=standing.index,
        day_low=standing.index,
        day_fall=0.0,
        day_leverage=0.0,
        daily=standing.daily.with_one(closed.change),
        weekdays=standing.weekdays if working is None else standing.weekdays.with_one(working),
    )


def is_weekend(day: int) -> bool:
    """Whether a day (counted from the epoch) is a Saturday or a Sunday."""
    return (day + _THURSDAY) % 7 >= _SATURDAY


def leverage_of(look: Look) -> float:
    """Effective leverage, Σ notional ÷ equity; :data:`MOST_LEVERAGE` for positions on no equity."""
    if not look.notional:
        return 0.0
    return min(float(look.notional / look.equity), MOST_LEVERAGE) if look.equity > 0 else MOST_LEVERAGE


def _growth(standing: Standing, look: Look) -> Decimal:
    if standing.equity <= 0:
        # Nothing could be gained on nothing; what comes in is a deposit.
        return _ONE
    moved = look.funded - standing.funded
    return max((look.equity - moved) / standing.equity, _ZERO)


def _fall(fall: Fall, index: Decimal, peak: Decimal, peak_ms: int, at_ms: int) -> Fall:
    depth = 1 - index / peak if peak > 0 else _ZERO
    if depth > fall.depth:
        return Fall(depth, peak, peak_ms, at_ms)
    if fall.recovered_ms is None and index >= fall.peak:
        return replace(fall, recovered_ms=at_ms)
    return fall


def _change(base: Decimal, index: Decimal) -> float:
    return float(index / base - 1) if base > 0 else 0.0
