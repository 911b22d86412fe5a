"""Figures of one master, as they stand, and the P&L of copies, read in sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.trading import floating_by_position
from plugins.copy_trading.rules.figures import Month, days_a_year, monthly_returns, sharpe
from plugins.copy_trading.rules.risk import RiskFacts, RiskParts, RiskScore, shown_score
from plugins.copy_trading.rules.statistics import DAY_MS, Fall, Standing, Trades
from plugins.copy_trading.services.standings import Kept, standing_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class History:
    """A master's curve and what follows from it. Money in the account's currency; times in epoch ms of the feed.

    ``points`` are (time, equity), ``index`` (time, time-weighted index), ``falls`` (time, fraction below the running peak),
    ``flows`` (time, money moved in, negative out). ``drawdown`` is the deepest fall with its dates, none before anything
    fell or rose; ``facts`` are what the risk score was judged by when the last day was closed.
    """

    points: Sequence[tuple[int, Decimal]] = ()
    index: Sequence[tuple[int, Decimal]] = ()
    falls: Sequence[tuple[int, Decimal]] = ()
    flows: Sequence[tuple[int, Decimal]] = ()
    months: Sequence[Month] = ()
    drawdown: Fall | None = None
    sharpe: float | None = None
    days_a_year: int = 252
    returns: int = 0
    """Daily returns that the Sharpe ratio knows."""
    risk: RiskScore | None = None
    parts: RiskParts | None = None
    facts: RiskFacts | None = None
    trades: Trades = field(default_factory=Trades)
    standing: Standing | None = None

    @property
    def drawdown_now(self) -> Decimal:
        """How far the index is below its running peak, as a fraction."""
        return self.standing.drawdown_now if self.standing else ZERO


def history_of(session: TenantSession, master_id: UUID) -> History:
    """The history of one master: its standing, the points of its curve and the ends of its months; four small statements."""
    kept = standing_of(session, master_id)
    if kept is None:
        return History()
    own = kept.figures
    rows = session.execute(
        text(
            "select at_ms, equity, funded, index as value from copy_trading.equity_points"
            " where master_id = :id and index is not null order by at_ms"
        ),
        {"id": master_id},
    ).all()
    curve = [(row.at_ms, row.equity, row.funded, row.value) for row in rows if row.at_ms < own.at_ms]
    curve.append((own.at_ms, own.equity, own.funded, own.index))
    falls, peak = [], ZERO
    for at, _equity, _funded, index in curve:
        peak = max(peak, index)
        falls.append((at, 1 - index / peak if peak else ZERO))
    year = days_a_year(round_the_clock=kept.round_the_clock)
    facts, score = _risk(session, master_id)
    moving = own.index != 1 or own.fall.depth > 0 or len(curve) > 1
    return History(
        points=[(at, equity) for at, equity, _, _ in curve],
        index=[(at, index) for at, _, _, index in curve],
        falls=falls,
        flows=[(now[0], now[2] - before[2]) for before, now in pairwise(curve) if now[2] != before[2]],
        months=_months(session, master_id, own),
        drawdown=own.fall if moving else None,
        sharpe=sharpe_of(kept),
        days_a_year=year,
        returns=(own.daily if kept.round_the_clock else own.weekdays).count,
        risk=shown_score(score, own.history_days),
        parts=facts.parts if facts else None,
        facts=facts,
        trades=kept.trades,
        standing=own,
    )


def sharpe_of(kept: Kept) -> float | None:
    """The Sharpe ratio over a risk-free rate of 0: on all days for round-the-clock histories, else on working days."""
    returns = kept.figures.daily if kept.round_the_clock else kept.figures.weekdays
    return sharpe(returns, days_a_year(round_the_clock=kept.round_the_clock))


def _risk(session: TenantSession, master_id: UUID) -> tuple[RiskFacts | None, int | None]:
    row = session.execute(
        text("select volatility, year_fall, leverage_95, score from copy_trading.standings where master_id = :id"),
        {"id": master_id},
    ).one()
    if row.volatility is None:
        return None, None
    return RiskFacts(row.volatility, row.year_fall, row.leverage_95), row.score


def _months(session: TenantSession, master_id: UUID, own: Standing) -> list[Month]:
    """Monthly returns from the last closed day of each month; the running day counts with its present index."""
    rows = session.execute(
        text(
            "select distinct on (date_trunc('month', date '1970-01-01' + day)) day, index as value from copy_trading.master_days"
            " where master_id = :id order by date_trunc('month', date '1970-01-01' + day), day desc"
        ),
        {"id": master_id},
    ).all()
    ends = {_month_of(row.day): row.value for row in rows}
    ends[_month_of(own.day)] = own.index
    return monthly_returns([(year, month, index) for (year, month), index in sorted(ends.items())])


def _month_of(day: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(day * DAY_MS / 1000, UTC)
    return moment.year, moment.month


def exposure_of(session: TenantSession, account_id: UUID) -> list[Any]:
    """What is open on an account by symbol: code, side, lots, positions, and the value in the quote currency at the middle."""
    return list(
        session.execute(
            text(
                "select y.code, y.quote, p.side, sum(p.volume) as volume, count(*) as positions,"
                " sum(p.volume * y.contract_size * coalesce((q.bid + q.ask) * y.tick / 2, p.open_price)) as notional"
                " from core.positions p join core.symbols y on y.id = p.symbol_id"
                " left join core.quotes q on q.instrument_id = y.instrument_id"
                " where p.account_id = :account and p.closed_ts_ms is null"
                " group by y.code, y.quote, p.side order by y.code, p.side"
            ),
            {"account": account_id},
        )
    )


def copied_pnl(session: TenantSession, subscription_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """Net P&L of linked positions by subscription, realised and floating, until closed or detached."""
    rows = session.execute(
        text(
            "select l.subscription_id, l.account_id, p.id, p.realised - p.commission + p.swap as net,"
            " p.closed_ts_ms is null as open"
            " from copy_trading.links l join core.positions p on p.tenant_id = l.tenant_id and p.id = any(l.position_ids)"
            " where l.subscription_id = any(cast(:ids as uuid[])) and l.state <> 'detached'"
        ),
        {"ids": uuids(subscription_ids)},
    ).all()
    floating = floating_by_position(session, {row.account_id for row in rows if row.open})
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
