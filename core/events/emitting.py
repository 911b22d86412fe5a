"""Writing events in the transaction that causes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import event as happening
from sqlalchemy import text
from sqlalchemy.orm import SessionTransaction

from tenants.db import TenantSession, new_id

WAKER: Final = "core.events.waker"
"""Under this name a session's ``info`` may hold the :class:`Waker`; without it events wait for the sweep."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happens in the running transaction.

    :ivar stream: the ordering key, such as ``account:<id>``; handlers see its events in their order.
    :ivar payload: plain JSON data; decimals and identifiers as text.
    """

    stream: str
    type: str
    payload: Mapping[str, Any]


class Waker(Protocol):
    """Tells handlers that there is something for them. It may be lost."""

    def wake(self, tenant_id: UUID, new: Sequence[tuple[str, str]]) -> None:
        """``new``: stream and type of each event that has committed."""
        ...


_PENDING: Final = "core.events.pending"

# One statement, whatever the number of events and streams. The streams' rows are locked in the order of their names, so
# that two transactions never wait for each other; the lock is kept to the commit, so that a number never becomes visible
# before a smaller one.
_EMIT = text("""
with new as (
  select * from unnest(
    cast(:ids as uuid[]), cast(:streams as text[]), cast(:behind as bigint[]), cast(:types as text[]), cast(:payloads as text[])
  ) as n (id, stream, behind, type, payload)
), numbered as (
  insert into core.event_streams as s (stream, last_seq)
  select stream, count(*) from new group by stream order by stream
  on conflict (tenant_id, stream) do update set last_seq = s.last_seq + excluded.last_seq
  returning s.stream, s.last_seq
)
insert into core.events (id, stream, stream_seq, type, payload)
select new.id, stream, numbered.last_seq - new.behind, new.type, cast(new.payload as jsonb)
from new join numbered using (stream)
""")


def emit(session: TenantSession, events: Sequence[NewEvent]) -> None:
    """Write events in this transaction, numbered without gaps in each stream, and wake their handlers after the commit.

    They are written right before the commit, all of the transaction's in one statement: the streams' rows, which many
    transactions want, are locked last, in a fixed order, and no longer than a commit takes. What was emitted behind a
    savepoint is forgotten when that is rolled back.
    """
    if not events:
        return
    pending: list[_Pending] = session.info.setdefault(_PENDING, [])
    if not pending:
        session.before_commit(lambda: _write(session))
    behind = tuple(_savepoints(session))
    pending += [_Pending(event, behind) for event in events]


@dataclass(frozen=True, slots=True)
class _Pending:
    """An event that waits for the commit, and the savepoints behind which it was emitted."""

    event: NewEvent
    savepoints: tuple[SessionTransaction, ...]


def _write(session: TenantSession) -> None:
    events = [item.event for item in session.info.pop(_PENDING, ())]
    if not events:
        return
    left = Counter(event.stream for event in events)
    behind = []
    for event in events:
        left[event.stream] -= 1
        behind.append(left[event.stream])
    session.execute(
        _EMIT,
        {
            "ids": [new_id() for _ in events],
            "streams": [event.stream for event in events],
            "behind": behind,
            "types": [event.type for event in events],
            "payloads": [json.dumps(dict(event.payload), separators=(",", ":")) for event in events],
        },
    )
    waker: Waker | None = session.info.get(WAKER)
    if waker is not None:
        tenant_id, new = session.tenant_id, list(dict.fromkeys((event.stream, event.type) for event in events))
        session.after_commit(lambda: waker.wake(tenant_id, new))


def _savepoints(session: TenantSession) -> Iterator[SessionTransaction]:
    found = session.get_nested_transaction()
    while found is not None and found.nested:
        yield found
        found = found.parent


@happening.listens_for(TenantSession, "after_soft_rollback")
def _forget(session: TenantSession, rolled_back: SessionTransaction) -> None:
    pending: list[_Pending] = session.info.get(_PENDING, [])
    # In place: the action that waits for the commit looks at this very list.
    pending[:] = [item for item in pending if rolled_back.nested and rolled_back not in item.savepoints]
