"""The durable quotes, ``core.ticks``: appended without gaps by a feed, asked for again by anyone."""

from __future__ import annotations

from collections.abc import Sequence
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


def last_ticks(session: SystemSession, instrument_ids: Sequence[UUID]) -> dict[UUID, LastTick]:
    """The newest quotes of those instruments that have one."""
    rows = session.execute(
        text(
            "select i.id, t.seq, t.ts_ms from unnest(cast(:ids as uuid[])) as i(id) cross join lateral"
            " (select seq, ts_ms from core.ticks where instrument_id = i.id order by seq desc limit 1) t"
        ),
        {"ids": list(instrument_ids)},
    )
    return {row.id: LastTick(row.seq, row.ts_ms) for row in rows}


def append_ticks(session: SystemSession, instrument_id: UUID, ticks: Ticks) -> Appended:
    """Append quotes after the newest, without gaps, leaving out those that are older than the last.

    Two that append at once wait for each other, so the numbers stay gapless whoever runs.
    """
    # The instrument's row is no good as the lock: every symbol's foreign key holds it.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('ticks ' || :id, 0))"), {"id": str(instrument_id)}
    )
    last = last_ticks(session, [instrument_id]).get(instrument_id, LastTick())
    kept, dropped = ticks.not_older_than(last.ts_ms)
    if len(kept):
        insert_numbered(session, [(instrument_id, last.seq + 1, kept)])
    return Appended(last.seq + 1, kept, dropped)


def insert_numbered(session: SystemSession, batches: Sequence[tuple[UUID, int, Ticks]]) -> None:
    """Insert runs of quotes (instrument, number of the first, quotes), all in one statement.

    Raises sqlalchemy.exc.IntegrityError where a number is taken: somebody else feeds the instrument.
    """
    ids: list[UUID] = []
    seqs: list[int] = []
    for instrument_id, first, ticks in batches:
        ids += [instrument_id] * len(ticks)
        seqs += range(first, first + len(ticks))
    together = Ticks.join([ticks for _, _, ticks in batches])
    session.execute(
        text(
            "insert into core.ticks (instrument_id, seq, ts_ms, bid, ask)"
            " select * from unnest(cast(:ids as uuid[]), cast(:seqs as bigint[]), cast(:ts_ms as bigint[]),"
            " cast(:bids as bigint[]), cast(:asks as bigint[]))"
        ),
        {
            "ids": ids,
            "seqs": seqs,
            "ts_ms": together.ts_ms.tolist(),
            "bids": together.bid.tolist(),
            "asks": together.ask.tolist(),
        },
    )


def ticks_after(session: SystemSession, instrument_id: UUID, seq: int, limit: int, *, last: int | None = None) -> Ticks:
    """The quotes from ``seq`` + 1 on, at most ``limit`` of them, up to number ``last`` where given."""
    rows = session.connection().exec_driver_sql(
        "select ts_ms, bid, ask from core.ticks where instrument_id = %s and seq > %s and seq <= %s order by seq limit %s",
        (instrument_id, seq, 2**63 - 1 if last is None else last, limit),
    )
    return Ticks.of(tuple(row) for row in rows)


def prune(session: SystemSession, instrument_id: UUID, upto: int) -> int:
    """Delete an instrument's quotes up to a number; how many that were. The caller knows that nobody needs them."""
    rows = session.execute(
        text("delete from core.ticks where instrument_id = :id and seq <= :upto returning 1"),
        {"id": instrument_id, "upto": upto},
    )
    return len(rows.all())
