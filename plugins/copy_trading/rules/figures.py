"""Figures shown: returns, drawdown, Sharpe, win rate, profit factor, leverage and its warnings.

Definitions follow the module's reference page. Series are plain sequences of floats (returns are fractions, 0.01 is
one percent); money stays Decimal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import sqrt
from statistics import fmean, stdev

MIN_SHARPE_DAYS = 30
ROUND_THE_CLOCK_DAYS, EXCHANGE_DAYS = 365, 252
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Flow:
    """A point of an equity curve: the equity before and after money moved in or out (equal where none did)."""

    before: Decimal
    after: Decimal


def return_index(points: Sequence[Flow]) -> list[Decimal]:
    """The time-weighted index, 1 at the first point; a deposit or withdrawal starts a new sub-period."""
    index = [Decimal(1)] if points else []
    for previous, current in pairwise(points):
        growth = current.before / previous.after if previous.after > 0 else Decimal(1)
        index.append(index[-1] * growth)
    return index


def period_return(index: Sequence[Decimal]) -> Decimal:
    """Product of (1 + r) over the index's steps − 1; 0 for fewer than two points."""
    return index[-1] / index[0] - 1 if len(index) > 1 and index[0] else Decimal(0)


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a running peak, as a fraction, and the positions of peak, trough and recovery in the index."""

    depth: Decimal
    peak: int
    trough: int
    recovery: int | None


def max_drawdown(index: Sequence[Decimal]) -> Drawdown:
    """1 − index ÷ running peak at its largest."""
    worst = Drawdown(Decimal(0), 0, 0, None)
    peak = 0
    for at, value in enumerate(index):
        if value >= index[peak]:
            peak = at
        elif 1 - value / index[peak] > worst.depth:
            worst = Drawdown(1 - value / index[peak], peak, at, None)
    if worst.depth:
        high = index[worst.peak]
        recovery = next((at for at in range(worst.trough, len(index)) if index[at] >= high), None)
        worst = Drawdown(worst.depth, worst.peak, worst.trough, recovery)
    return worst


def sharpe(daily_returns: Sequence[float], days_a_year: int, risk_free_daily: float = 0.0) -> float | None:
    """mean(r − rf) ÷ std(r, n−1) × √N; none under 30 returns ("not enough data") and none at zero deviation."""
    if len(daily_returns) < MIN_SHARPE_DAYS:
        return None
    deviation = stdev(daily_returns)
    if deviation == 0:
        return None
    return (fmean(daily_returns) - risk_free_daily) / deviation * sqrt(days_a_year)


def win_rate(net_results: Iterable[Decimal]) -> Decimal | None:
    """Percent of fully closed positions with net P&L above 0; none when nothing was closed."""
    results = list(net_results)
    if not results:
        return None
    return _HUNDRED * sum(result > 0 for result in results) / len(results)


def profit_factor(net_results: Iterable[Decimal]) -> Decimal | None:
    """Net gains of winners ÷ net losses of losers; none without a loss."""
    gains = losses = Decimal(0)
    for result in net_results:
        if result > 0:
            gains += result
        else:
            losses -= result
    return gains / losses if losses else None


def effective_leverage(notional: Decimal, equity: Decimal) -> Decimal | None:
    """Σ notional ÷ equity; none when the equity is not positive while positions are open."""
    if not notional:
        return Decimal(0)
    return notional / equity if equity > 0 else None


@dataclass(frozen=True, slots=True)
class LeverageLimits:
    """Where warnings begin: leverage as a multiple of equity, margin level in percent."""

    warning_leverage: Decimal = Decimal(10)
    high_leverage: Decimal = Decimal(20)
    warning_level: Decimal = Decimal(200)
    high_level: Decimal = Decimal(150)
    critical_level: Decimal = Decimal(100)


def leverage_warning(leverage: Decimal | None, margin_level: Decimal | None, limits: LeverageLimits) -> str | None:
    """``critical``, ``high``, ``warning`` or none for a follower.

    ``leverage`` none means positions on no equity, which is critical; ``margin_level`` none means no margin is bound.
    """
    level = margin_level
    if leverage is None or (level is not None and level < limits.critical_level):
        return "critical"
    if leverage >= limits.high_leverage or (level is not None and level < limits.high_level):
        return "high"
    if leverage >= limits.warning_leverage or (level is not None and level < limits.warning_level):
        return "warning"
    return None
