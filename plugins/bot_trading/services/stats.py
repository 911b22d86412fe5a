"""Bot Stats: counts and sums over all bots, by strategy and currency. The parts add up to the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from core.sdk.data import TenantSession
from plugins.bot_trading.services.marks import marks
from plugins.bot_trading.strategies.numbers import ZERO

__all__ = ["ACTIVE", "Stats", "Sums", "read_stats"]

ACTIVE = ("running", "paused", "waiting_trigger", "stopping", "halted", "error")
"""States of active bots; the others are historical."""


@dataclass(slots=True)
class Sums:
    """Bots of one strategy and currency. Money in the currency; ``drawdown`` in percent."""

    strategy: str
    currency: str
    active: int = 0
    historical: int = 0
    invested: Decimal = ZERO
    realised: Decimal = ZERO
    floating: Decimal = ZERO
    fees: Decimal = ZERO
    cycles: int = 0
    wins: int = 0
    drawdown: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.realised + self.floating

    @property
    def win_rate(self) -> Decimal | None:
        """Percent of cycles that were won; none without cycles."""
        return Decimal(self.wins) / self.cycles * 100 if self.cycles else None

    def add(self, other: Sums) -> None:
        """Take another's figures in."""
        for name in ("active", "historical", "invested", "realised", "floating", "fees", "cycles", "wins"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.drawdown = max(self.drawdown, other.drawdown)


@dataclass(frozen=True, slots=True)
class Stats:
    """All bots of a tenant."""

    statuses: Mapping[str, int]
    by_strategy: Sequence[Sums]
    by_currency: Sequence[Sums] = field(default_factory=list)
    """The aggregate, one for each currency: amounts in different currencies are not added."""

    @property
    def active(self) -> int:
        return sum(count for status, count in self.statuses.items() if status in ACTIVE)

    @property
    def historical(self) -> int:
        return self.statuses.get("stopped", 0)


_SUMS = text("""
select strategy, currency, count(*) filter (where status <> 'stopped') as active,
  count(*) filter (where status = 'stopped') as historical,
  sum(investment) filter (where status <> 'stopped') as invested,
  sum(cycle_profit + inventory_realised) as realised, sum(last_floating) filter (where status = 'stopped') as kept,
  sum(fees) as fees, sum(cycles) as cycles, sum(wins) as wins, max(drawdown) as drawdown
from bot_trading.bots group by strategy, currency order by strategy, currency
""")


def read_stats(session: TenantSession) -> Stats:
    """Read them. Floating P&L of active bots is at the current quotes; of ended ones, what it was at their end."""
    statuses = {
        row[0]: row[1] for row in session.execute(text("select status, count(*) from bot_trading.bots group by 1"))
    }
    by_strategy = {(row.strategy, row.currency): _sums(row) for row in session.execute(_SUMS)}
    of_bot = {
        row.id: row.strategy
        for row in session.execute(text("select id, strategy from bot_trading.bots where status <> 'stopped'"))
    }
    for bot_id, mark in marks(session).items():
        sums = by_strategy.get((of_bot.get(bot_id, ""), mark.currency))
        if sums is not None:
            sums.floating += mark.floating
            sums.drawdown = max(sums.drawdown, mark.drawdown)
    by_currency: dict[str, Sums] = {}
    for sums in by_strategy.values():
        by_currency.setdefault(sums.currency, Sums("", sums.currency)).add(sums)
    return Stats(statuses, list(by_strategy.values()), list(by_currency.values()))


def _sums(row: Any) -> Sums:
    return Sums(
        strategy=row.strategy,
        currency=row.currency,
        active=row.active,
        historical=row.historical,
        invested=row.invested or ZERO,
        realised=row.realised,
        floating=row.kept or ZERO,
        fees=row.fees,
        cycles=int(row.cycles),
        wins=int(row.wins),
        drawdown=row.drawdown * 100,
    )
