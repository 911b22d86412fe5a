"""Writing events in the transaction that causes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import text

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
), written as (
  insert into core.events (id, stream, stream_seq, type, payload)
  select new.id, stream, numbered.last_seq - new.behind, new.type, cast(new.payload as jsonb)
  from new join numbered using (stream)
)
select stream, last_seq from numbered
""")


def emit(session: TenantSession, events: Sequence[NewEvent]) -> dict[str, int]:
    """Write events in this transaction, numbered without gaps in each stream, and wake their handlers after the commit.

    One statement for any number. Call it once in a transaction, last, since it locks the streams until the commit.
    Returns the last number of each stream.
    """
    if not events:
        return {}
    left = Counter(event.stream for event in events)
    behind = []
    for event in events:
        left[event.stream] -= 1
        behind.append(left[event.stream])
    rows = session.execute(
        _EMIT,
        {
            "ids": [new_id() for _ in events],
            "streams": [event.stream for event in events],
            "behind": behind,
            "types": [event.type for event in events],
            "payloads": [json.dumps(dict(event.payload), separators=(",", ":")) for event in events],
        },
    )
    numbers: dict[str, int] = {row.stream: row.last_seq for row in rows}
    waker: Waker | None = session.info.get(WAKER)
    if waker is not None:
        tenant_id, new = session.tenant_id, list(dict.fromkeys((event.stream, event.type) for event in events))
        session.after_commit(lambda: waker.wake(tenant_id, new))
    return numbers
