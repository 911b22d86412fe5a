"""The reconciler: do the books of copying say what is held? It reports, and repairs only what it is told to.

A snapshot compares each live link with the positions it names, with what is under way at venues, with its target and with the
master's position. A difference that two snapshots in a row agree on is drift; before that nothing is repaired.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk import JobContext
from core.sdk.alerts import open_alerts
from core.sdk.arrays import numbers, texts, uuids
from core.sdk.data import TenantSession, new_id
from core.sdk.text import _
from plugins.copy_trading.replication.orders import MODULE

DRIFT = "copy_drift"
"""Code of the alert."""
AGREEING = 2
"""Snapshots in a row that must say the same."""

# What is held: positions of the account, or for a paper copy those of its own books; and what is under way.
_FOUND = """
with held as (
  select l.id as link, l.subscription_id, l.symbol_id, l.master_position_id, l.target, l.held, l.position_ids, s.mock,
    y.lot_step, greatest(y.lot_step, y.min_lot) as least,
    case when s.mock
      then (select coalesce(sum(p.volume), 0) from copy_trading.mock_positions p
        where p.id = any(l.position_ids) and p.closed_ts_ms is null)
      else (select coalesce(sum(p.volume), 0) from core.positions p
        where p.id = any(l.position_ids) and p.closed_ts_ms is null) end as real,
    (select coalesce(sum(o.volume - o.filled), 0) from core.orders o
      where o.id = any(l.flying) and o.status in ('pending', 'resting', 'waiting', 'unknown')) as flying
  from copy_trading.links l
  join copy_trading.subscriptions s on s.id = l.subscription_id and s.status in ('active', 'paused')
  join copy_trading.cursors c on c.subscription_id = s.id and c.parked_at is null
  join core.symbols y on y.id = l.symbol_id
  where l.state = 'live'
)
select subscription_id, link as subject_id, symbol_id, 'missing' as kind, held as expected, real + flying as found, flying
  from held where real + flying < held
union all
select subscription_id, link, symbol_id, 'excess', held, real + flying, flying from held where real + flying > held
union all
select h.subscription_id, h.link, h.symbol_id, 'late', 0, h.real + h.flying, h.flying from held h
  join core.positions m on m.id = h.master_position_id and m.closed_ts_ms is not null where h.real + h.flying > 0
union all
select subscription_id, link, symbol_id, 'target', round(target, 12), held, flying from held
  where abs(target - held) > least and real + flying = held
    and not exists (select from core.positions m where m.id = master_position_id and m.closed_ts_ms is not null)
union all
select s.id, p.id, p.symbol_id, 'unlinked', 0, p.volume, 0 from core.positions p
  join copy_trading.subscriptions s on s.account_id = p.account_id and s.id = p.origin_id
  where p.origin = 'copy' and p.closed_ts_ms is null
    and (s.status in ('active', 'paused') or (s.status = 'stopped' and s.stop_choice = 'close_all'))
    and not exists (select from copy_trading.links l where l.subscription_id = s.id and p.id = any(l.position_ids)
      and (l.state in ('live', 'detached', 'left')))
    and not exists (select from copy_trading.links l join core.orders o on o.id = any(l.flying)
      join core.fills f on f.order_id = o.id where l.subscription_id = s.id and f.position_id = p.id)
"""


def reconcile(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """Take a snapshot and tell staff what two in a row agree on; what has gone by itself is settled.

    What is missing is reported and no alarm: followers may close by hand, and the next fill of the master takes note of it.
    """
    take_snapshot(ctx.session)
    rows = ctx.session.execute(
        text(
            "select distinct subscription_id from copy_trading.drifts"
            " where ended_at is null and snapshots >= :agreeing and kind <> 'missing'"
        ),
        {"agreeing": AGREEING},
    )
    drifting = {(DRIFT, str(row[0])) for row in rows}
    known: set[tuple[str, str | None]] = open_alerts(ctx.session, MODULE, [DRIFT])
    for code, subject in sorted(drifting - known):
        ctx.alert(code, _("The books of a copy do not say what is held: see Reconciliation."), subject=subject)
    for code, old in known - drifting:
        ctx.settle(code, old)


def take_snapshot(session: TenantSession) -> int:
    """Compare, and note what differs: one more snapshot where it agrees with the last, else the first of a new one. How many.

    Three statements, whatever the number of copies.
    """
    rows = session.execute(text(_FOUND)).all()
    values = {
        "ids": uuids(new_id() for _row in rows),
        "subscriptions": uuids(row.subscription_id for row in rows),
        "subjects": uuids(row.subject_id for row in rows),
        "symbols": uuids(row.symbol_id for row in rows),
        "kinds": texts(row.kind for row in rows),
        "expected": numbers(row.expected for row in rows),
        "found": numbers(row.found for row in rows),
        "flying": numbers(row.flying for row in rows),
    }
    session.execute(
        text(
            "update copy_trading.drifts d set ended_at = now() where d.ended_at is null and not exists (select from"
            " unnest(cast(:subscriptions as uuid[]), cast(:subjects as uuid[]), cast(:kinds as text[])) as t(s, l, k)"
            " where d.subscription_id = t.s and d.subject_id = t.l and d.kind = t.k)"
        ),
        values,
    )
    if rows:
        session.execute(
            text(
                "insert into copy_trading.drifts as d (id, subscription_id, subject_id, symbol_id, kind, expected, found,"
                " flying) select * from unnest(cast(:ids as uuid[]), cast(:subscriptions as uuid[]),"
                " cast(:subjects as uuid[]), cast(:symbols as uuid[]), cast(:kinds as text[]),"
                " cast(:expected as numeric[]), cast(:found as numeric[]), cast(:flying as numeric[]))"
                " on conflict (tenant_id, subscription_id, subject_id, kind) where ended_at is null do update set"
                " snapshots = case when (d.expected, d.found, d.flying) = (excluded.expected, excluded.found,"
                " excluded.flying) then d.snapshots + 1 else 1 end, last_seen = now(),"
                " expected = excluded.expected, found = excluded.found, flying = excluded.flying"
            ),
            values,
        )
    return len(rows)


@dataclass(frozen=True, slots=True)
class DriftLine:
    """A difference as staff read it. Volumes in lots.

    :ivar kind: ``missing``, ``excess``, ``target``, ``late`` or ``unlinked``; see :class:`plugins.copy_trading.models.Drift`.
    :ivar expected: what the books say, ``found`` what there is, ``flying`` of it under way at a venue.
    :ivar ready: whether two snapshots in a row agree, so that it may be repaired.
    """

    id: UUID
    kind: str
    subscription_id: UUID
    master_id: UUID
    master: str
    customer: str
    account: str
    mock: bool
    symbol: str
    expected: Decimal
    found: Decimal
    flying: Decimal
    snapshots: int
    first_seen: datetime
    last_seen: datetime
    ended_at: datetime | None
    ended_by: str | None

    @property
    def ready(self) -> bool:
        return self.ended_at is None and self.snapshots >= AGREEING


def report(session: TenantSession, *, ended: bool = False, ids: Collection[UUID] | None = None) -> list[DriftLine]:
    """Differences that are open, the oldest first; with ``ended`` those that are over too."""
    rows = session.execute(
        text(
            "select d.id, d.kind, d.subscription_id, m.id, m.name, c.name, a.number, s.mock, y.code, d.expected, d.found,"
            " d.flying, d.snapshots, d.first_seen, d.last_seen, d.ended_at, d.ended_by"
            " from copy_trading.drifts d join copy_trading.subscriptions s on s.id = d.subscription_id"
            " join copy_trading.masters m on m.id = s.master_id join core.accounts a on a.id = s.account_id"
            " join tenants.customers c on c.id = s.customer_id join core.symbols y on y.id = d.symbol_id"
            " where (:ended or d.ended_at is null) and (cast(:ids as text) is null or d.id = any(cast(:ids as uuid[])))"
            " order by d.ended_at is not null, d.first_seen, d.id limit 1000"
        ),
        {"ended": ended, "ids": None if ids is None else uuids(ids)},
    )
    return [DriftLine(*row) for row in rows]
