"""The durable quotes, ``core.ticks``: appended without gaps by a feed, asked for again by anyone."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from core.feeds.ticks import Ticks
from tenants.db import SystemSession


@dataclass(frozen=True, slots=True)
class LastTick:
    """The newest quote of an instrument: its number and time; 0 and none before the first."""

    seq: int = 0
    ts_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch: its quotes are numbered from ``first_seq``; ``dropped`` were older than the last."""

    first_seq: int
    ticks: Ticks
    dropped: int

    @property
    def last_seq(self) -> int:
        """Number of the last quote of the batch."""
        return self.first_seq + len(self.ticks) - 1


def last_tick(session: SystemSession, instrument_id: UUID) -> LastTick:
    """The newest quote of an instrument."""
    row = session.execute(
        text("select seq, ts_ms from core.ticks where instrument_id = :id order by seq desc limit 1"),
        {"id": instrument_id},
    ).one_or_none()
    return LastTick() if row is None else LastTick(row.seq, row.ts_ms)


def append_ticks(session: SystemSession, instrument_id: UUID, ticks: Ticks) -> Appended:
    """Append quotes after the newest, without gaps, leaving out those that are older than the last.

    Two that append at once wait for each other, so the numbers stay gapless whoever runs.
    """
    # The instrument's row is no good as the lock: every symbol's foreign key holds it.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('ticks ' || :id, 0))"), {"id": str(instrument_id)}
    )
    last = last_tick(session, instrument_id)
    kept, dropped = ticks.not_older_than(last.ts_ms)
    first = last.seq + 1
    if len(kept):
        session.execute(
            text(
                "insert into core.ticks (instrument_id, seq, ts_ms, bid, ask)"
                " select :id, :last + n, ts_ms, bid, ask from unnest(cast(:ts_ms as bigint[]), cast(:bid as bigint[]),"
                " cast(:ask as bigint[])) with ordinality as t(ts_ms, bid, ask, n)"
            ),
            {
                "id": instrument_id,
                "last": last.seq,
                "ts_ms": kept.ts_ms.tolist(),
                "bid": kept.bid.tolist(),
                "ask": kept.ask.tolist(),
            },
        )
    return Appended(first, kept, dropped)


def ticks_after(session: SystemSession, instrument_id: UUID, seq: int, limit: int, *, last: int | None = None) -> Ticks:
    """The quotes from ``seq`` + 1 on, at most ``limit`` of them, up to number ``last`` where given."""
    rows = session.connection().exec_driver_sql(
        "select ts_ms, bid, ask from core.ticks where instrument_id = %s and seq > %s and seq <= %s order by seq limit %s",
        (instrument_id, seq, 2**63 - 1 if last is None else last, limit),
    )
    return Ticks.of(tuple(row) for row in rows)


def newest(session: SystemSession, instrument_ids: list[UUID]) -> dict[UUID, int]:
    """Number of the newest quote of each instrument that has one."""
    rows = session.execute(
        text(
            "select i.id, t.seq from unnest(cast(:ids as uuid[])) as i(id) cross join lateral"
            " (select seq from core.ticks where instrument_id = i.id order by seq desc limit 1) t"
        ),
        {"ids": instrument_ids},
    )
    return {row.id: row.seq for row in rows}
