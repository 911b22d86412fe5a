"""Looking at masters: at each of their fills, whenever money moves, and every few seconds; days are closed on the way.

Whatever the cause, a look is the same: what the ledger, the fills and the open positions say now moves the running figures
on. The numbers of the last ledger entry and of the last fill that were counted are kept, so a look that comes twice or late
counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from math import sqrt
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk import EventView, JobContext
from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.trading import AccountState, account_states
from plugins.copy_trading.rules.figures import days_a_year
from plugins.copy_trading.rules.risk import DRAWDOWN_DAYS, LEVERAGE_DAYS, SCORED_DAYS, VOLATILITY_DAYS, RiskFacts
from plugins.copy_trading.rules.statistics import DAY_MS, ClosedDay, Look, Standing, Trades, begin, observe
from plugins.copy_trading.services import standings
from plugins.copy_trading.services.standings import Kept
from plugins.copy_trading.services.taking_in import take_in

POINT_MS = 300_000
"""Between two points of a curve, unless money moves."""
CHUNK = 1000
"""Masters of one transaction."""
_STREAM = "account:"

_MASTERS = f"""
select m.id as master, m.account_id as account, a.ledger_no as ledger_now, a.fill_no as fill_now,
  {", ".join("s." + name for name in standings.NAMES.split(", "))}
from copy_trading.masters m
join core.accounts a on a.id = m.account_id
left join copy_trading.standings s on s.master_id = m.id
where m.id = any(cast(:ids as uuid[])) and m.status in ('active', 'paused', 'deactivated') order by m.id
"""  # noqa: S608 - made of constants
_MONEY = text("""
select e.account_id, sum(e.amount) as amount
from unnest(cast(:accounts as uuid[]), cast(:since as bigint[]), cast(:upto as bigint[])) as t(account_id, since, upto)
join core.ledger_entries e on e.account_id = t.account_id and e.entry_no > t.since and e.entry_no <= t.upto
where e.kind not in ('trade', 'swap') group by e.account_id
""")
_TRADES = text("""
select f.account_id, y.class = 'crypto' as round_the_clock, f.effect = 'close' as closes,
  p.realised - p.commission + p.swap as net
from unnest(cast(:accounts as uuid[]), cast(:since as bigint[]), cast(:upto as bigint[])) as t(account_id, since, upto)
join core.fills f on f.account_id = t.account_id and f.fill_no > t.since and f.fill_no <= t.upto
join core.symbols y on y.id = f.symbol_id
join core.positions p on p.id = f.position_id
order by f.account_id, f.fill_no
""")
_NUMBERS = text("select id, ledger_no, fill_no from core.accounts where id = any(cast(:ids as uuid[]))")
_CLOCK = text("select max(feed_ts_ms) from core.quotes")


# A master without open positions, whose account nobody has booked since, stands as before until the day is over.
_MOVING = text("""
select m.id from copy_trading.masters m
join core.accounts a on a.id = m.account_id
left join copy_trading.standings s on s.master_id = m.id
where m.status in ('active', 'paused', 'deactivated') and (
  s.master_id is null or s.notional <> 0 or s.ledger_no <> a.ledger_no or s.fill_no <> a.fill_no or s.day < :today)
order by m.id
""")


def look_at_all(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """The job: look at every master whose figures may have moved, some at a time."""
    now = ctx.session.scalar(_CLOCK)
    if now is None:
        return
    ids = ctx.session.scalars(_MOVING, {"today": now // DAY_MS}).all()
    for start in range(0, len(ids), CHUNK):
        look_at(ctx.session, ids[start : start + CHUNK])
        ctx.commit()


def on_events(ctx: JobContext, events: Sequence[EventView], _shard: int) -> None:
    """The handler: a master has traded, or money has moved on their account."""
    accounts = {UUID(event.stream.removeprefix(_STREAM)) for event in events if event.stream.startswith(_STREAM)}
    ids = ctx.session.scalars(
        text("select id from copy_trading.masters where account_id = any(cast(:ids as uuid[]))"),
        {"ids": uuids(accounts)},
    ).all()
    look_at(ctx.session, ids)


def look_at(session: TenantSession, master_ids: Collection[UUID]) -> int:
    """Move the figures of masters on, a fixed number of statements for any number. How many were looked at.

    Accounts are not locked, so that trading never waits for figures; one that is booked while it is being read is left to
    the next look, which its own booking causes.
    """
    now = session.scalar(_CLOCK)
    if now is None or not master_ids:
        return 0
    standings.lock(session, master_ids)
    rows = session.execute(text(_MASTERS), {"ids": uuids(master_ids)}).all()
    fresh = [row.master for row in rows if row.master_id is None]
    if fresh and take_in(session, fresh):
        rows = session.execute(text(_MASTERS), {"ids": uuids(master_ids)}).all()
    if not rows:
        return 0
    money = {row.account_id: row.amount for row in session.execute(_MONEY, _since(rows, "ledger_no", "ledger_now"))}
    fills: dict[UUID, list[Row[Any]]] = {}
    for fill in session.execute(_TRADES, _since(rows, "fill_no", "fill_now")):
        fills.setdefault(fill.account_id, []).append(fill)
    accounts = [row.account for row in rows]
    states = account_states(session, accounts)
    still = {row.id: (row.ledger_no, row.fill_no) for row in session.execute(_NUMBERS, {"ids": uuids(accounts)})}
    kept: dict[UUID, Kept] = {}
    days: list[tuple[UUID, ClosedDay]] = []
    points: list[tuple[UUID, Standing]] = []
    for row in rows:
        if still[row.account] != (row.ledger_now, row.fill_now):
            continue
        before = standings.read(row) if row.master_id is not None else None
        moved = money.get(row.account, Decimal(0))
        after, closed = _moved_on(row, before, now, states[row.account], moved, fills.get(row.account, ()))
        days += [(row.master, closed)] if closed is not None else []
        if before is None or after.point_ms != before.point_ms or moved:
            points.append((row.master, after.figures))
        kept[row.master] = after
    _write(session, kept, points, days)
    return len(kept)


def _write(
    session: TenantSession,
    kept: Mapping[UUID, Kept],
    points: Sequence[tuple[UUID, Standing]],
    days: Sequence[tuple[UUID, ClosedDay]],
) -> None:
    if kept:
        standings.save(session, kept)
    if points:
        standings.save_points(session, points)
    if days:
        standings.save_days(session, days)
        _score(session, days, kept)


def _moved_on(
    row: Row[Any], before: Kept | None, now: int, state: AccountState, moved: Decimal, fills: Sequence[Row[Any]]
) -> tuple[Kept, ClosedDay | None]:
    """One master's figures after the look, and the day that ended with it."""
    funded = moved + (before.figures.funded if before else 0)
    look = Look(now, state.equity, funded, state.notional)
    figures, closed = (begin(look), None) if before is None else observe(before.figures, look)
    trades = before.trades if before else Trades()
    for fill in fills:
        trades = trades.with_one(fill.net) if fill.closes else trades
    round_the_clock = (before is not None and before.round_the_clock) or any(fill.round_the_clock for fill in fills)
    point_ms = before.point_ms if before else 0
    if before is None or moved or figures.at_ms // POINT_MS != point_ms // POINT_MS:
        point_ms = figures.at_ms
    return Kept(figures, trades, row.ledger_now, row.fill_now, round_the_clock, point_ms), closed


def _since(rows: Sequence[Row[Any]], since: str, upto: str) -> dict[str, Any]:
    return {
        "accounts": uuids(row.account for row in rows),
        "since": [getattr(row, since) or 0 for row in rows],
        "upto": [getattr(row, upto) for row in rows],
    }


_FACTS = text("""
select t.master_id,
  stddev_samp(case when t.round_the_clock then d.change else d.weekday_change end)
    filter (where d.day > t.day - :volatility_days) as deviation,
  percentile_disc(0.95) within group (order by d.leverage) filter (where d.day > t.day - :leverage_days) as leverage,
  max(greatest(d.fall, case when d.before > 0 then 1 - d.low / d.before end)) as fall
from unnest(cast(:ids as uuid[]), cast(:days as integer[]), cast(:clocks as boolean[])) as t(master_id, day, round_the_clock)
join lateral (
  select d.*, max(d.high) over (order by d.day rows between unbounded preceding and 1 preceding) as before
  from copy_trading.master_days d
  where d.master_id = t.master_id and d.day <= t.day and d.day > t.day - :drawdown_days
) d on true
group by t.master_id
""")
_SCORE_DAYS = text(
    "update copy_trading.master_days d set score = t.score"
    " from unnest(cast(:ids as uuid[]), cast(:days as integer[]), cast(:scores as smallint[])) as t(master_id, day, score)"
    " where d.master_id = t.master_id and d.day = t.day"
)
_SCORE = text("""
update copy_trading.standings s
set volatility = t.volatility, year_fall = t.fall, leverage_95 = t.leverage, score = floor(w.mean + 0.5)
from unnest(cast(:ids as uuid[]), cast(:volatilities as double precision[]), cast(:falls as double precision[]),
  cast(:leverages as double precision[])) as t(master_id, volatility, fall, leverage)
join lateral (
  select avg(score) as mean from (
    select score from copy_trading.master_days d where d.master_id = t.master_id and d.score is not null
    order by d.day desc limit :scored_days
  ) as week
) w on true
where s.master_id = t.master_id
""")


def _score(session: TenantSession, days: Sequence[tuple[UUID, ClosedDay]], kept: Mapping[UUID, Kept]) -> None:
    """The scores of days that have just been closed, and the week's mean with them."""
    ids = [master_id for master_id, _ in days]
    numbers = [day.day for _, day in days]
    facts: dict[UUID, RiskFacts] = {}
    rows = session.execute(
        _FACTS,
        {
            "ids": uuids(ids),
            "days": numbers,
            "clocks": [kept[master_id].round_the_clock for master_id in ids],
            "volatility_days": VOLATILITY_DAYS,
            "leverage_days": LEVERAGE_DAYS,
            "drawdown_days": DRAWDOWN_DAYS,
        },
    )
    for row in rows:
        year = days_a_year(round_the_clock=kept[row.master_id].round_the_clock)
        facts[row.master_id] = RiskFacts((row.deviation or 0.0) * sqrt(year), float(row.fall or 0), row.leverage or 0.0)
    session.execute(
        _SCORE_DAYS,
        {"ids": uuids(ids), "days": numbers, "scores": [facts[master_id].parts.score for master_id in ids]},
    )
    session.execute(
        _SCORE,
        {
            "ids": uuids(ids),
            "volatilities": [facts[master_id].volatility for master_id in ids],
            "falls": [facts[master_id].drawdown for master_id in ids],
            "leverages": [facts[master_id].leverage for master_id in ids],
            "scored_days": SCORED_DAYS,
        },
    )


_THIN = text("""
delete from copy_trading.equity_points p using (
  select master_id, at_ms, row_number() over (partition by master_id, at_ms / :width order by at_ms desc) as place
  from copy_trading.equity_points where at_ms >= :since and at_ms < :until and master_id = any(cast(:ids as uuid[]))
) t where p.master_id = t.master_id and p.at_ms = t.at_ms and t.place > 1
""")
THINNED = ((2, 4, DAY_MS // 24), (90, 95, DAY_MS))
"""Points from so many to so many days old are thinned to the last of each width (ms): of each hour, later of each day."""


def thin_points(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """The job: a curve is drawn in five minutes for two days, in hours for ninety, then in days."""
    now = ctx.session.scalar(_CLOCK)
    ids = ctx.session.scalars(text("select master_id from copy_trading.standings order by master_id")).all()
    for start in range(0, len(ids) if now is not None else 0, CHUNK):
        for young, old, width in THINNED:
            span = {"since": now - old * DAY_MS, "until": now - young * DAY_MS, "width": width}
            ctx.session.execute(_THIN, {**span, "ids": uuids(ids[start : start + CHUNK])})
        ctx.commit()
