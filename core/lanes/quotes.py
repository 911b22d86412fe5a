"""The current quotes, ``core.quotes``: what a lane has worked off, as everybody else may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from core.lanes.market import Market
from core.lanes.subject import LaneQuote
from tenants.db import SystemSession


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """An instrument that a lane owns."""

    id: UUID
    feed: str
    lockstep: bool


def instruments_of(session: SystemSession, lane: int) -> list[InstrumentRow]:
    """The instruments of a lane."""
    rows = session.execute(
        text("select id, feed, lockstep from core.instruments where lane = :lane order by id"), {"lane": lane}
    )
    return [InstrumentRow(*row) for row in rows]


def current_quotes(session: SystemSession, instrument_ids: Sequence[UUID]) -> Mapping[UUID, tuple[LaneQuote, int]]:
    """The stored quotes with the feed's clock, of those instruments that have one."""
    rows = session.execute(
        text("select instrument_id, seq, ts_ms, bid, ask, feed_ts_ms from core.quotes where instrument_id = any(:ids)"),
        {"ids": list(instrument_ids)},
    )
    return {row[0]: (LaneQuote(*row[:5]), row[5]) for row in rows}


def store_quotes(session: SystemSession, markets: Sequence[Market]) -> None:
    """Write the markets' positions for all to see, in one statement. Each market must have one."""
    rows = [(market.position, market.feed_ts_ms) for market in markets if market.position is not None]
    session.execute(
        text(
            "insert into core.quotes (instrument_id, seq, ts_ms, bid, ask, feed_ts_ms)"
            " select * from unnest(cast(:ids as uuid[]), cast(:seqs as bigint[]), cast(:ts_ms as bigint[]),"
            " cast(:bids as bigint[]), cast(:asks as bigint[]), cast(:clocks as bigint[]))"
            " on conflict (instrument_id) do update set seq = excluded.seq, ts_ms = excluded.ts_ms, bid = excluded.bid,"
            " ask = excluded.ask, feed_ts_ms = excluded.feed_ts_ms, updated_at = now()"
        ),
        {
            "ids": [quote.instrument_id for quote, _ in rows],
            "seqs": [quote.seq for quote, _ in rows],
            "ts_ms": [quote.ts_ms for quote, _ in rows],
            "bids": [quote.bid for quote, _ in rows],
            "asks": [quote.ask for quote, _ in rows],
            "clocks": [clock for _, clock in rows],
        },
    )
