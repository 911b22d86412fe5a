"""The outbox: events are rows of the transaction that causes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tenants.db import new_id


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to write: its ordering key, its type and what it says (JSON)."""

    stream: str
    type: str
    payload: Mapping[str, Any]


def emit(session: Session, events: Sequence[NewEvent]) -> None:
    """Write events, numbered in their streams without gaps, two statements for any number of them.

    The streams' rows stay locked until the transaction ends, in the order of their names: emit last, and once.
    """
    if not events:
        return
    counts: dict[str, int] = {}
    offsets = []
    for event in events:
        counts[event.stream] = counts.get(event.stream, 0) + 1
        offsets.append(counts[event.stream])
    names = sorted(counts)
    rows = session.execute(
        text(
            "insert into core.event_streams as s (stream, last_seq)"
            " select * from unnest(cast(:streams as text[]), cast(:counts as bigint[])) order by 1"
            " on conflict (tenant_id, stream) do update set last_seq = s.last_seq + excluded.last_seq"
            " returning stream, last_seq"
        ),
        {"streams": names, "counts": [counts[name] for name in names]},
    )
    first = {row.stream: row.last_seq - counts[row.stream] for row in rows}
    session.execute(
        text(
            "insert into core.events (id, stream, stream_seq, type, payload)"
            " select * from unnest(cast(:ids as uuid[]), cast(:streams as text[]), cast(:seqs as bigint[]),"
            " cast(:types as text[]), cast(:payloads as jsonb[]))"
        ),
        {
            "ids": [new_id() for _ in events],
            "streams": [event.stream for event in events],
            "seqs": [first[event.stream] + offset for event, offset in zip(events, offsets, strict=True)],
            "types": [event.type for event in events],
            "payloads": [json.dumps(dict(event.payload)) for event in events],
        },
    )
