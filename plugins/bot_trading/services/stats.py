"""Bot Stats: counts and sums over all bots, by strategy and currency. The parts add up to the whole.

Amounts are summed in the currency they are in; what is told for several currencies together is converted to the brokerage's
main currency, each sum once, by rates that are named. A currency without a rate is left out of those amounts, and named too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from core.sdk.data import TenantSession
from plugins.bot_trading.services.conversion import Rates, rates_of
from plugins.bot_trading.services.marks import MARKED, current_prices
from plugins.bot_trading.strategies.numbers import ZERO, exact, round_amount

__all__ = ["ACTIVE", "Stats", "Sums", "added", "read_stats"]

ACTIVE: Final = ("running", "paused", "waiting_trigger", "stopping", "halted", "error")
"""States of active bots; the others are historical."""

_COUNTS: Final = (*ACTIVE, "stopped", "cycles", "wins")
_MONEY: Final = ("invested", "invested_now", "realised", "floating", "fees")


@dataclass(frozen=True, slots=True)
class Sums:
    """Bots of one strategy, or of all. Money in ``currency``; ``drawdown`` in percent.

    :ivar invested: by all bots, ended ones too; ``invested_now``: by the active ones.
    :ivar floating: of active bots at the current quotes; of ended ones, what it was at their end.
    """

    strategy: str
    currency: str
    running: int = 0
    paused: int = 0
    waiting_trigger: int = 0
    stopping: int = 0
    halted: int = 0
    error: int = 0
    stopped: int = 0
    invested: Decimal = ZERO
    invested_now: Decimal = ZERO
    realised: Decimal = ZERO
    floating: Decimal = ZERO
    fees: Decimal = ZERO
    cycles: int = 0
    wins: int = 0
    drawdown: Decimal = ZERO

    @property
    def active(self) -> int:
        return sum(int(getattr(self, status)) for status in ACTIVE)

    @property
    def historical(self) -> int:
        return self.stopped

    @property
    def total(self) -> Decimal:
        return self.realised + self.floating

    @property
    def win_rate(self) -> Decimal | None:
        """Percent of cycles that were won; none without cycles."""
        return Decimal(self.wins) / self.cycles * 100 if self.cycles else None

    @exact
    def converted(self, rates: Rates) -> Sums:
        """In the main currency; without a rate the amounts are nothing, and the counts stay."""
        rate = rates.rates.get(self.currency, ZERO)
        amounts: dict[str, Any] = {name: round_amount(getattr(self, name) * rate) for name in _MONEY}
        return replace(self, currency=rates.currency, **amounts)


@exact
def added(parts: Iterable[Sums], strategy: str, currency: str) -> Sums:
    """The sum of parts that are in one currency; the drawdown is the worst of theirs."""
    found = list(parts)
    sums: dict[str, Any] = {name: sum(getattr(one, name) for one in found) for name in _COUNTS}
    sums |= {name: sum((getattr(one, name) for one in found), ZERO) for name in _MONEY}
    return Sums(strategy, currency, **sums, drawdown=max((one.drawdown for one in found), default=ZERO))


@dataclass(frozen=True, slots=True)
class Stats:
    """All bots of a tenant.

    :ivar parts: by strategy and currency, as they are.
    :ivar by_strategy: in the main currency.
    :ivar total: over all strategies, in the main currency.
    """

    parts: Sequence[Sums]
    rates: Rates

    @property
    def by_strategy(self) -> list[Sums]:
        keys = dict.fromkeys(part.strategy for part in self.parts)
        converted = [part.converted(self.rates) for part in self.parts]
        return [added((one for one in converted if one.strategy == key), key, self.rates.currency) for key in keys]

    @property
    def by_currency(self) -> list[Sums]:
        """The aggregate of each currency, not converted."""
        keys = sorted({part.currency for part in self.parts})
        return [added((one for one in self.parts if one.currency == key), "", key) for key in keys]

    @property
    def total(self) -> Sums:
        return added(self.by_strategy, "", self.rates.currency)

    @property
    def statuses(self) -> Mapping[str, int]:
        """Bots by status."""
        total = self.total
        return {status: getattr(total, status) for status in (*ACTIVE, "stopped")}

    @property
    def active(self) -> int:
        return self.total.active

    @property
    def historical(self) -> int:
        return self.total.stopped


_FILTERED = ", ".join(f"count(*) filter (where m.status = '{status}') as {status}" for status in (*ACTIVE, "stopped"))
_SUMS = text(f"""
with {MARKED}
select m.strategy, m.currency, {_FILTERED}, sum(m.investment) as invested,
  coalesce(sum(m.investment) filter (where m.status <> 'stopped'), 0) as invested_now,
  sum(m.cycle_profit + m.inventory_realised) as realised, sum(m.floating) as floating, sum(m.fees) as fees,
  cast(sum(m.cycles) as bigint) as cycles, cast(sum(m.wins) as bigint) as wins,
  max(case when m.status = 'stopped' then m.drawdown * 100 else greatest(m.drawdown * 100, m.fall) end) as drawdown
from marked m group by m.strategy, m.currency order by m.strategy, m.currency
""")  # noqa: S608 - constants


def read_stats(session: TenantSession) -> Stats:
    """Read them, at the current quotes: a fixed number of statements for any number of bots."""
    parts = [Sums(**row._mapping) for row in session.execute(_SUMS, current_prices(session))]
    return Stats(parts, rates_of(session, {part.currency for part in parts}))
