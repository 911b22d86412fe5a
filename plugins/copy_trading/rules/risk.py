"""The risk score of a master, 1 (calm) to 10: the highest of three parts, then the mean of a week's daily scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

VOLATILITY_DAYS = 90
LEVERAGE_DAYS = 90
DRAWDOWN_DAYS = 365
SCORED_DAYS = 7
PROVISIONAL_DAYS, LEAST_DAYS = 30, 10

VOLATILITY_BANDS = ((0.005, 1), (0.02, 2), (0.05, 3), (0.10, 4), (0.15, 5), (0.25, 6), (0.40, 7), (0.60, 8), (0.80, 9))
DRAWDOWN_BANDS = ((0.70, 10), (0.50, 9), (0.35, 8), (0.20, 6), (0.10, 4))
LEVERAGE_BANDS = ((30.0, 9), (20.0, 8), (10.0, 6), (5.0, 4))


@dataclass(frozen=True, slots=True)
class RiskParts:
    """The three parts of a day's score, and the score."""

    volatility: int
    drawdown: int
    leverage: int

    @property
    def score(self) -> int:
        return max(self.volatility, self.drawdown, self.leverage)


def volatility_score(yearly: float) -> int:
    """By the yearly volatility (fraction): the deviation of the daily returns of 90 days × √N."""
    return next((score for limit, score in VOLATILITY_BANDS if yearly < limit), 10)


def drawdown_score(depth: float) -> int:
    """By the maximum drawdown over twelve months (fraction)."""
    return next((score for limit, score in DRAWDOWN_BANDS if depth >= limit), 1)


def leverage_score(high: float) -> int:
    """By the 95th percentile (nearest rank) of the days' largest effective leverage, over 90 days."""
    return next((score for limit, score in LEVERAGE_BANDS if high >= limit), 1)


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What the three parts are judged by: yearly volatility and drawdown as fractions, leverage as a multiple of equity."""

    volatility: float
    drawdown: float
    leverage: float

    @property
    def parts(self) -> RiskParts:
        """The three parts of the day's score."""
        return RiskParts(
            volatility_score(self.volatility), drawdown_score(self.drawdown), leverage_score(self.leverage)
        )


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
    return shown_score(int(fmean(daily_scores[-SCORED_DAYS:]) + 0.5), history_days)


def shown_score(score: int | None, history_days: int) -> RiskScore | None:
    """A week's mean as it is shown: none under 10 days of history, provisional under 30."""
    if score is None or history_days < LEAST_DAYS:
        return None
    return RiskScore(score, level_of(score), history_days < PROVISIONAL_DAYS)


def level_of(score: int) -> str:
    """1–3 ``low``, 4–6 ``medium``, 7–10 ``high``."""
    return "low" if score <= 3 else "medium" if score <= 6 else "high"
