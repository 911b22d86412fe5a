"""Bot Stats over time: a row for each day, strategy and currency, and the line that they draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import text

from core.sdk.data import TenantSession
from plugins.bot_trading.services.conversion import rates_of
from plugins.bot_trading.services.stats import Stats, read_stats
from plugins.bot_trading.strategies.numbers import ZERO, exact, round_amount

__all__ = ["DayRow", "Line", "days_of", "lines_of", "take_snapshot"]

_FIELDS: Final = (
    "active",
    "historical",
    "invested",
    "invested_now",
    "realised",
    "floating",
    "fees",
    "cycles",
    "wins",
    "drawdown",
)

_NAMES = ", ".join(_FIELDS)
_UPSERT = text(f"""
insert into bot_trading.stats_days (day, strategy, currency, {_NAMES}, reporting, rate, taken_at)
values (:day, :strategy, :currency, {", ".join(f":{name}" for name in _FIELDS)}, :reporting, :rate, :taken_at)
on conflict (tenant_id, day, strategy, currency) do update set
  {", ".join(f"{name} = excluded.{name}" for name in (*_FIELDS, "reporting", "rate", "taken_at"))}
""")  # noqa: S608 - constants
_DAYS = text(f"""
select day, strategy, currency, {_NAMES}, reporting, rate from bot_trading.stats_days
where day >= :first order by day, strategy, currency
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of one strategy and currency. ``converted`` is the total in the main currency of today; none without a rate."""

    day: date
    strategy: str
    currency: str
    active: int
    historical: int
    invested: Decimal
    invested_now: Decimal
    realised: Decimal
    floating: Decimal
    fees: Decimal
    cycles: int
    wins: int
    drawdown: Decimal
    reporting: str
    rate: Decimal | None

    @property
    def total(self) -> Decimal:
        return self.realised + self.floating

    @property
    def converted(self) -> Decimal | None:
        return None if self.rate is None else _worth(self.total, self.rate)


@dataclass(frozen=True, slots=True)
class Line:
    """Total P&L of a strategy (empty: of all) at the end of each day: epoch milliseconds and an amount in the main currency."""

    strategy: str
    points: Sequence[tuple[int, Decimal]]


def take_snapshot(session: TenantSession, now: datetime | None = None) -> int:
    """Keep how things stand as this day's (UTC) row of each strategy and currency; the last look of a day stays. How many rows."""
    at = now or datetime.now(UTC)
    stats = read_stats(session)
    for part in stats.parts:
        session.execute(
            _UPSERT,
            {
                **{name: getattr(part, name) for name in _FIELDS},
                "day": at.astimezone(UTC).date(),
                "strategy": part.strategy,
                "currency": part.currency,
                "reporting": stats.rates.currency,
                "rate": stats.rates.rates.get(part.currency),
                "taken_at": at,
            },
        )
    return len(stats.parts)


def days_of(session: TenantSession, days: int = 366) -> list[DayRow]:
    """The kept days, oldest first.

    Each is worth what its own day's rate made of it. A day from before the main currency was changed is converted once
    more, by today's rate.
    """
    rows = [
        DayRow(*row) for row in session.execute(_DAYS, {"first": datetime.now(UTC).date() - timedelta(days=days)}).all()
    ]
    rates = rates_of(session, {row.currency for row in rows})
    return [
        row
        if row.reporting == rates.currency
        else replace(row, reporting=rates.currency, rate=rates.rates.get(row.currency))
        for row in rows
    ]


def lines_of(rows: Sequence[DayRow], stats: Stats) -> list[Line]:
    """The line of all strategies and then one for each, from the kept days and what there is now.

    A strategy's point counts what it has made in all by then, so a day on which nothing was kept is simply missing.
    """
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    today = datetime.now(UTC).date()
    by_day: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in rows:
        if row.day == today or row.converted is None:
            continue
        at = int(datetime.combine(row.day, time(23, 59, 59), UTC).timestamp() * 1000)
        for key in ("", row.strategy):
            by_day[key][at] += row.converted
    for sums in stats.by_strategy:
        for key in ("", sums.strategy):
            by_day[key][now_ms] += sums.total
    keys = sorted(by_day, key=lambda key: (key != "", key))
    return [Line(key, sorted(by_day[key].items())) for key in keys]


@exact
def _worth(amount: Decimal, rate: Decimal) -> Decimal:
    return round_amount(amount * rate)
