"""Figures made of a master's running ones: Sharpe, monthly returns; leverage of followers and its warnings.

Returns are fractions (0.01 is one percent) and floats; money stays Decimal. What runs on with each look at an account is in
``rules.statistics``, the risk score in ``rules.risk``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import NamedTuple

from plugins.copy_trading.rules.statistics import Spread

MIN_SHARPE_DAYS = 30
ROUND_THE_CLOCK_DAYS, EXCHANGE_DAYS = 365, 252
_HUNDRED = Decimal(100)
_NO_DEVIATION = 1e-12
"""Below it a deviation is what floating point leaves of none."""


def sharpe(returns: Spread, days_a_year: int, risk_free_daily: float = 0.0) -> float | None:
    """mean(r − rf) ÷ std(r, n−1) × √N; none under 30 returns ("not enough data") and none at zero deviation.

    ``risk_free_daily`` is the same on each day, so it does not change the deviation.
    """
    if returns.count < MIN_SHARPE_DAYS or not returns.deviation:
        return None
    if returns.deviation <= _NO_DEVIATION * max(1.0, abs(returns.mean)):
        return None
    return (returns.mean - risk_free_daily) / returns.deviation * sqrt(days_a_year)


def days_a_year(*, round_the_clock: bool) -> int:
    """N of yearly figures. Round-the-clock as soon as the history holds one such symbol (the class crypto): from then on the
    equity can move on any day, and every day has a return. Else only working days count, and N is 252."""
    return ROUND_THE_CLOCK_DAYS if round_the_clock else EXCHANGE_DAYS


class Month(NamedTuple):
    """A month's return in percent; ``partial`` where the history begins or ends within it."""

    year: int
    month: int
    change: Decimal
    partial: bool


def monthly_returns(ends: Sequence[tuple[int, int, Decimal]], base: Decimal = Decimal(1)) -> list[Month]:
    """Product of (1 + r) in each month − 1, from the index at each month's end (year, month, index), the oldest first.

    The first month begins with the first look and the last ends with the newest: both are partial.
    """
    months = []
    for at, (year, month, index) in enumerate(ends):
        change = (index / base - 1) * _HUNDRED if base > 0 else Decimal(0)
        months.append(Month(year, month, change, at in (0, len(ends) - 1)))
        base = index
    return months


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
