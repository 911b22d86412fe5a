"""Figures of masters and followers, read in sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.trading import account_states, floating_by_position
from plugins.copy_trading.rules.figures import Drawdown, Flow, max_drawdown, return_index, sharpe
from plugins.copy_trading.rules.risk import (
    RiskParts,
    RiskScore,
    drawdown_score,
    leverage_score,
    risk_score,
    volatility_score,
)

ZERO = Decimal(0)
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Trades:
    """Closed and open trades of an account. Money net of commission and swap, in the account's currency."""

    closed: int = 0
    won: int = 0
    gains: Decimal = ZERO
    losses: Decimal = ZERO
    net: Decimal = ZERO

    @property
    def win_rate(self) -> Decimal | None:
        """Percent of fully closed positions with net P&L above 0."""
        return Decimal(100) * self.won / self.closed if self.closed else None

    @property
    def profit_factor(self) -> Decimal | None:
        """Net gains of winners ÷ net losses of losers."""
        return self.gains / self.losses if self.losses else None


def trades_of(session: TenantSession, account_ids: Collection[UUID]) -> dict[UUID, Trades]:
    """Trades by account, one statement."""
    rows = session.execute(
        text(
            "with net as (select account_id, closed_ts_ms is not null as closed, realised - commission + swap as amount"
            " from core.positions where account_id = any(cast(:ids as uuid[])))"
            " select account_id, count(*) filter (where closed), count(*) filter (where closed and amount > 0),"
            " coalesce(sum(amount) filter (where closed and amount > 0), 0),"
            " coalesce(-sum(amount) filter (where closed and amount < 0), 0), sum(amount) from net group by account_id"
        ),
        {"ids": uuids(account_ids)},
    )
    return {row[0]: Trades(*row[1:]) for row in rows}


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a master: return as a fraction, the largest effective leverage."""

    day: int
    change: float
    leverage: float


@dataclass(frozen=True, slots=True)
class History:
    """A master's equity curve and what follows from it. ``points`` are (epoch ms, equity), ``index`` time-weighted."""

    points: Sequence[tuple[int, Decimal]]
    index: Sequence[tuple[int, Decimal]]
    flows: Sequence[tuple[int, Decimal]]
    months: Sequence[tuple[int, int, Decimal, bool]]
    """Year, month, return in percent, and whether the month is partial."""
    drawdown: Drawdown | None
    sharpe: float | None
    risk: RiskScore | None
    parts: RiskParts | None


def history_of(session: TenantSession, master_id: UUID, days_a_year: int = 252) -> History:
    """The history of one master from its equity points."""
    rows = session.execute(
        text(
            # The last point of each hour is enough for every figure, and keeps a long record short.
            "select distinct on (at_ms / 3600000) at_ms, equity, funded, notional from copy_trading.equity_points"
            " where master_id = :id order by at_ms / 3600000, at_ms desc"
        ),
        {"id": master_id},
    ).all()
    points = [(row.at_ms, row.equity) for row in rows]
    flows = [(row.at_ms, row.funded - before.funded) for before, row in pairwise(rows) if row.funded != before.funded]
    moved = dict(flows)
    index = return_index([Flow(equity - moved.get(at, ZERO), equity) for at, equity in points])
    curve = [(at, value) for (at, _), value in zip(points, index, strict=True)]
    leverages = [(row.at_ms, float(row.notional / row.equity) if row.equity > 0 else 0.0) for row in rows]
    days = _days(curve, leverages)
    changes = [day.change for day in days]
    drawdown = max_drawdown(index) if len(index) > 1 else None
    span = (points[-1][0] - points[0][0]) // _DAY_MS if points else 0
    parts = None
    if days:
        parts = RiskParts(
            volatility_score(changes, days_a_year),
            drawdown_score(float(drawdown.depth) if drawdown else 0.0),
            leverage_score([day.leverage for day in days]),
        )
    return History(
        points,
        curve,
        flows,
        _months(curve),
        drawdown,
        sharpe(changes, days_a_year),
        risk_score(_daily_scores(days, curve, days_a_year), int(span)),
        parts,
    )


def _days(curve: Sequence[tuple[int, Decimal]], leverages: Iterable[tuple[int, float]]) -> list[Day]:
    """Daily returns from the last index of each day."""
    last: dict[int, Decimal] = {at // _DAY_MS: value for at, value in curve}
    most: dict[int, float] = {}
    for at, leverage in leverages:
        most[at // _DAY_MS] = max(most.get(at // _DAY_MS, 0.0), leverage)
    days, before = [], curve[0][1] if curve else Decimal(1)
    for day, value in last.items():
        days.append(Day(day, float(value / before - 1) if before else 0.0, most.get(day, 0.0)))
        before = value
    return days


def _daily_scores(days: Sequence[Day], curve: Sequence[tuple[int, Decimal]], days_a_year: int) -> list[int]:
    """The scores of the last seven days, each from what was known then."""
    scores = []
    for at in range(max(1, len(days) - 6), len(days) + 1):
        until = days[at - 1].day
        seen = [value for moment, value in curve if until - 365 < moment // _DAY_MS <= until]
        scores.append(
            RiskParts(
                volatility_score([day.change for day in days[:at]], days_a_year),
                drawdown_score(float(max_drawdown(seen).depth) if len(seen) > 1 else 0.0),
                leverage_score([day.leverage for day in days[:at]]),
            ).score
        )
    return scores


def _months(curve: Sequence[tuple[int, Decimal]]) -> list[tuple[int, int, Decimal, bool]]:
    last: dict[tuple[int, int], Decimal] = {}
    for at, value in curve:
        moment = datetime.fromtimestamp(at / 1000, UTC)
        last[moment.year, moment.month] = value
    months, before = [], curve[0][1] if curve else Decimal(1)
    for at, ((year, month), value) in enumerate(last.items()):
        change = (value / before - 1) * 100 if before else ZERO
        months.append((year, month, change, at in (0, len(last) - 1)))
        before = value
    return months


def copied_pnl(session: TenantSession, subscription_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """Net P&L of linked positions by subscription, realised and floating, until closed or detached."""
    rows = session.execute(
        text(
            "select l.subscription_id, l.account_id, p.id, p.realised - p.commission + p.swap as net"
            " from copy_trading.links l join core.positions p on p.tenant_id = l.tenant_id and p.id = any(l.position_ids)"
            " where l.subscription_id = any(cast(:ids as uuid[])) and l.state <> 'detached'"
        ),
        {"ids": uuids(subscription_ids)},
    ).all()
    floating = floating_by_position(session, {row.account_id for row in rows})
    total: dict[UUID, Decimal] = {}
    for row in rows:
        total[row.subscription_id] = total.get(row.subscription_id, ZERO) + row.net + floating.get(row.id, ZERO)
    return _with_detached(session, subscription_ids, total)


def _with_detached(
    session: TenantSession, subscription_ids: Collection[UUID], total: dict[UUID, Decimal]
) -> dict[UUID, Decimal]:
    rows = session.execute(
        text(
            "select subscription_id, sum(final_pnl) from copy_trading.links where state = 'detached'"
            " and subscription_id = any(cast(:ids as uuid[])) group by subscription_id"
        ),
        {"ids": uuids(subscription_ids)},
    )
    for row in rows:
        total[row[0]] = total.get(row[0], ZERO) + (row[1] or ZERO)
    return total


def take_equity_points(session: TenantSession) -> int:
    """Note every active master's equity at the feed's present time. How many were noted."""
    masters = session.execute(
        text("select id, account_id from copy_trading.masters where status in ('active', 'paused', 'deactivated')")
    ).all()
    now = session.scalar(text("select max(feed_ts_ms) from core.quotes"))
    if not masters or now is None:
        return 0
    states = account_states(session, [row.account_id for row in masters])
    rows = session.execute(
        text(
            "insert into copy_trading.equity_points (master_id, at_ms, equity, funded, notional)"
            " select m.id, :now, t.equity, coalesce((select sum(e.amount) from core.ledger_entries e"
            "  where e.account_id = m.account_id and e.kind in ('deposit', 'withdrawal', 'correction')), 0), t.notional"
            " from unnest(cast(:accounts as uuid[]), cast(:equities as numeric[]), cast(:notionals as numeric[]))"
            " as t(account_id, equity, notional) join copy_trading.masters m on m.account_id = t.account_id"
            " on conflict do nothing returning master_id"
        ),
        {
            "now": now,
            "accounts": list(states),
            "equities": [state.equity for state in states.values()],
            "notionals": [state.notional for state in states.values()],
        },
    ).all()
    return len(rows)
