"""The risk score of a master, 1 (calm) to 10: the highest of three parts, then the mean of a week's daily scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import fmean, stdev

VOLATILITY_DAYS = 90
SCORED_DAYS = 7
PROVISIONAL_DAYS, LEAST_DAYS = 30, 10

_VOLATILITY = ((0.005, 1), (0.02, 2), (0.05, 3), (0.10, 4), (0.15, 5), (0.25, 6), (0.40, 7), (0.60, 8), (0.80, 9))
_DRAWDOWN = ((0.70, 10), (0.50, 9), (0.35, 8), (0.20, 6), (0.10, 4))
_LEVERAGE = ((30.0, 9), (20.0, 8), (10.0, 6), (5.0, 4))


@dataclass(frozen=True, slots=True)
class RiskParts:
    """The three parts of a day's score, and the score."""

    volatility: int
    drawdown: int
    leverage: int

    @property
    def score(self) -> int:
        return max(self.volatility, self.drawdown, self.leverage)


def volatility_score(daily_returns: Sequence[float], days_a_year: int) -> int:
    """By the yearly volatility of the last 90 daily returns (fractions)."""
    returns = daily_returns[-VOLATILITY_DAYS:]
    yearly = stdev(returns) * sqrt(days_a_year) if len(returns) > 1 else 0.0
    return next((score for limit, score in _VOLATILITY if yearly < limit), 10)


def drawdown_score(depth: float) -> int:
    """By the maximum drawdown over twelve months (fraction)."""
    return next((score for limit, score in _DRAWDOWN if depth >= limit), 1)


def leverage_score(daily_leverages: Sequence[float]) -> int:
    """By the 95th percentile (nearest rank) of effective leverage."""
    if not daily_leverages:
        return 1
    ordered = sorted(daily_leverages)
    high = ordered[ceil(0.95 * len(ordered)) - 1]
    return next((score for limit, score in _LEVERAGE if high >= limit), 1)


@dataclass(frozen=True, slots=True)
class RiskScore:
    """The score shown, its level, and whether it is provisional (under 30 days of history)."""

    score: int
    level: str
    provisional: bool


def risk_score(daily_scores: Sequence[int], history_days: int) -> RiskScore | None:
    """The mean of the last seven daily scores, rounded half up; none under 10 days of history."""
    if history_days < LEAST_DAYS or not daily_scores:
        return None
    score = int(fmean(daily_scores[-SCORED_DAYS:]) + 0.5)
    level = "low" if score <= 3 else "medium" if score <= 6 else "high"
    return RiskScore(score, level, history_days < PROVISIONAL_DAYS)
