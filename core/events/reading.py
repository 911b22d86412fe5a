"""What a handler has to read: one place that says which events are whose, for drains, the sweep and lockstep alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.runtime import Handler, Runtime
from tenants.db import Database, SystemSession, TenantSession


@dataclass(frozen=True, slots=True)
class Waiting:
    """A cursor behind which events of its handler wait. ``parked``: until a person has looked."""

    tenant_id: UUID
    handler: str
    stream: str
    shard: int
    parked: bool
    failures: int
    error: str | None


# Events that are news to a handler: since its module was (first) on, and since the installation has had it at all. What
# happened while the module was off is delivered later only to those that reduce or want it.
_NEWS: Final = """
  e.at >= coalesce(
    greatest(k.since, case when h.reduces or h.catch_up then m.first_on_at else m.on_since end), '-infinity')
"""

_LAGGING: Final = f"""
with h as (
  select * from unnest(
    cast(:plugins as text[]), cast(:handlers as text[]), cast(:types as text[]),
    cast(:reduces as boolean[]), cast(:catch_up as boolean[]), cast(:watched as boolean[])
  ) as h (plugin, handler, types, reduces, catch_up, watched)
)
select s.tenant_id, h.handler, s.stream, coalesce(c.shard, 0) as shard, coalesce(c.parked, false) as parked,
       coalesce(c.failures, 0) as failures, c.error
from core.event_streams s
join tenants.tenants t on t.id = s.tenant_id
join tenants.product_configs p on p.tenant_id = s.tenant_id
join h on h.plugin = p.module
  and p.state <> 'halted' and (h.reduces or (p.state = 'on' and t.status = 'active'))
left join core.module_periods m on m.tenant_id = p.tenant_id and m.module = p.module
left join core.known_handlers k on k.handler = h.handler
left join core.handler_cursors c on c.tenant_id = s.tenant_id and c.handler = h.handler and c.stream = s.stream
where s.last_seq > coalesce(c.seq, 0)
  and (cast(:tenant as uuid) is null or s.tenant_id = :tenant)
  and (not h.watched or exists (
    select from core.account_watches w
    where w.tenant_id = s.tenant_id and w.plugin = h.plugin and 'account:' || w.account_id = s.stream))
  and exists (
    select from core.events e
    where e.tenant_id = s.tenant_id and e.stream = s.stream and e.stream_seq > coalesce(c.seq, 0)
      and e.type = any(string_to_array(h.types, ',')) and {_NEWS})
"""  # noqa: S608 - made of constants
_PENDING: Final = text(_LAGGING)
# The tenants in turns, so that one that has more than the limit waiting leaves room for the others.
_DUE: Final = text(
    _LAGGING + " and not coalesce(c.parked, false) and coalesce(c.retry_at, '-infinity') <= now()"
    " order by row_number() over (partition by s.tenant_id) limit :limit"
)


def pending(database: Database, runtime: Runtime, tenant_id: UUID | None = None) -> list[Waiting]:
    """Every cursor that is behind, parked ones too. Handlers that may not run in their module's state are not waited for."""
    with database.system() as session:
        return _waiting(session, runtime, tenant_id)


def settled(database: Database, runtime: Runtime, tenant_id: UUID | None = None) -> bool:
    """Whether all handlers have worked off all committed events, but for streams that are parked."""
    return all(item.parked for item in pending(database, runtime, tenant_id))


def due(session: SystemSession, runtime: Runtime, limit: int) -> list[Waiting]:
    """Cursors that are behind and may be tried now."""
    rows = session.execute(_DUE, {**_handlers(runtime), "tenant": None, "limit": limit})
    return [Waiting(*row) for row in rows]


def _waiting(session: SystemSession, runtime: Runtime, tenant_id: UUID | None) -> list[Waiting]:
    rows = session.execute(_PENDING, {**_handlers(runtime), "tenant": tenant_id})
    return [Waiting(*row) for row in rows]


def _handlers(runtime: Runtime) -> dict[str, list[Any]]:
    handlers = list(runtime.handlers.values())
    return {
        "plugins": [handler.plugin for handler in handlers],
        "handlers": [handler.key for handler in handlers],
        "types": [",".join(handler.subscription.types) for handler in handlers],
        "reduces": [handler.subscription.reduces for handler in handlers],
        "catch_up": [handler.subscription.catch_up for handler in handlers],
        "watched": [handler.subscription.watched_only for handler in handlers],
    }


# What of a stream is next for a handler, in one view: with fewer rows than asked for there is nothing else up to last_seq.
_NEXT: Final = text(f"""
select s.last_seq, e.id, e.stream_seq, e.type, e.payload
from core.event_streams s
left join core.module_periods m on m.tenant_id = s.tenant_id and m.module = :plugin
left join core.known_handlers k on k.handler = :handler
left join lateral (
  select e.* from core.events e, (select :reduces as reduces, :catch_up as catch_up) h
  where e.tenant_id = s.tenant_id and e.stream = s.stream and e.stream_seq > :seq
    and e.type = any(cast(:types as text[])) and {_NEWS}
    and (not :watched or exists (
      select from core.account_watches w
      where w.tenant_id = s.tenant_id and w.plugin = :plugin and 'account:' || w.account_id = s.stream))
  order by e.stream_seq limit :limit
) e on true
where s.tenant_id = :tenant and s.stream = :stream
""")  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Batch:
    """What is next in a stream. ``upto``: where the cursor is once these have been handled."""

    rows: Sequence[Any]
    upto: int


def next_batch(session: TenantSession, handler: Handler, stream: str, seq: int, limit: int) -> Batch:
    """The next events for a handler after ``seq``, at most ``limit``; others of the stream are passed over."""
    subscription = handler.subscription
    found = session.execute(
        _NEXT,
        {
            "tenant": session.tenant_id,
            "plugin": handler.plugin,
            "handler": handler.key,
            "reduces": subscription.reduces,
            "catch_up": subscription.catch_up,
            "watched": subscription.watched_only,
            "types": list(subscription.types),
            "stream": stream,
            "seq": seq,
            "limit": limit,
        },
    ).all()
    rows = [row for row in found if row.id is not None]
    last_seq = found[0].last_seq if found else seq
    return Batch(rows, rows[-1].stream_seq if len(rows) == limit else max(last_seq, seq))


_BEHIND: Final = text("""
select exists (
  select from core.event_streams s left join core.handler_cursors c
    on c.tenant_id = s.tenant_id and c.stream = s.stream and c.handler = :handler and c.shard = :shard
  where s.tenant_id = :tenant and s.stream = :stream
    and s.last_seq > coalesce(c.seq, 0) and not coalesce(c.parked, false) and c.retry_at is null)
""")


def is_behind(session: TenantSession, handler: Handler, stream: str, shard: int) -> bool:
    """Whether the stream has gone on beyond the cursor."""
    return bool(
        session.scalar(_BEHIND, {"tenant": session.tenant_id, "handler": handler.key, "stream": stream, "shard": shard})
    )
