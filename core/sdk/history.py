"""Stored prices for plugins: a symbol's quotes as an account sees them, and candles of them, for charts and rehearsals.

Quotes are numbered without gaps in each instrument, and their times never go back; so a stretch of time is a stretch of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from core.trading.rules.quotes import markup_offset
from core.web.charts import Candle
from tenants.db import TenantSession

__all__ = ["RecordedQuote", "Span", "nice_step_s", "recent_candles", "recorded_quotes", "recorded_span"]

_STEPS_S = (1, 5, 15, 60, 300, 900, 1800, 3600, 14_400, 86_400, 604_800)


class RecordedQuote(NamedTuple):
    """A stored quote as an account sees it. ``ts_ms`` is the feed's time, epoch milliseconds UTC."""

    seq: int
    ts_ms: int
    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of stored quotes: numbers and times of the first and of the last one."""

    first: int
    last: int
    first_ms: int
    last_ms: int

    @property
    def quotes(self) -> int:
        """How many there are."""
        return self.last - self.first + 1


_ENDS = text(
    "select s.instrument_id, f.seq as first, f.ts_ms as first_ms, l.seq as last, l.ts_ms as last_ms"
    " from core.symbols s join core.quotes q on q.instrument_id = s.instrument_id"
    " join lateral (select seq, ts_ms from core.ticks where instrument_id = s.instrument_id order by seq limit 1) f on true"
    " join lateral (select seq, ts_ms from core.ticks where instrument_id = s.instrument_id and seq <= q.seq"
    "  order by seq desc limit 1) l on true"
    " where s.id = :symbol"
)
_AT = text("select ts_ms from core.ticks where instrument_id = :instrument and seq = :seq")
_TERMS = text(
    "select s.instrument_id, i.tick, coalesce(x.markup, t.markup) * s.pip as markup from core.accounts a"
    " join core.account_types t on t.id = a.account_type_id join core.symbols s on s.id = :symbol"
    " join core.instruments i on i.id = s.instrument_id"
    " left join core.account_type_symbols x on x.account_type_id = t.id and x.symbol_id = s.id where a.id = :account"
)
_QUOTES = text(
    "select seq, ts_ms, bid, ask from core.ticks where instrument_id = :instrument and seq >= :first and seq <= :last"
    " order by seq"
)
_CANDLES = text(
    "select (ts_ms / :step) * :step as start, (array_agg(bid order by seq))[1] as open, max(bid) as high, min(bid) as low,"
    " (array_agg(bid order by seq desc))[1] as close from core.ticks"
    " where instrument_id = :instrument and seq >= :first and seq <= :last group by 1 order by 1 desc limit :count"
)


def recorded_span(
    session: TenantSession, symbol_id: UUID, *, length_ms: int | None = None, most: int | None = None
) -> Span | None:
    """The stored quotes of a symbol that the lane has worked off; none where there are none.

    :param length_ms: the last so many milliseconds of the feed's time, and no more than are stored.
    :param most: no more than so many quotes, the newest.
    """
    row = session.execute(_ENDS, {"symbol": symbol_id}).first()
    if row is None:
        return None

    def time_of(seq: int) -> int:
        found: int = session.execute(_AT, {"instrument": row.instrument_id, "seq": seq}).scalar_one()
        return found

    first = row.first
    if length_ms is not None and row.last_ms - length_ms > row.first_ms:
        # The first quote at or after the start, by halving.
        low, high, start = row.first, row.last, row.last_ms - length_ms
        while low < high:
            middle = (low + high) // 2
            if time_of(middle) < start:
                low = middle + 1
            else:
                high = middle
        first = low
    if most is not None:
        first = max(first, row.last - most + 1)
    return Span(first, row.last, row.first_ms if first == row.first else time_of(first), row.last_ms)


def recorded_quotes(
    session: TenantSession, account_id: UUID, symbol_id: UUID, first: int, last: int
) -> Sequence[RecordedQuote]:
    """Quotes number ``first`` to ``last``, with the account's mark-up. Ask for some ten thousand at a time.

    Empty where the tenant has no such account or symbol.
    """
    terms = session.execute(_TERMS, {"account": account_id, "symbol": symbol_id}).first()
    if terms is None:
        return []
    offset, tick = markup_offset(terms.markup, terms.tick), terms.tick
    rows = session.execute(_QUOTES, {"instrument": terms.instrument_id, "first": first, "last": last})
    return [RecordedQuote(seq, ts, tick * (bid - offset), tick * (ask + offset)) for seq, ts, bid, ask in rows]


def nice_step_s(span_ms: int, count: int) -> int:
    """The shortest usual length of a candle, in seconds, of which ``count`` cover so many milliseconds."""
    return next((step for step in _STEPS_S if step * 1000 * count >= span_ms), _STEPS_S[-1])


def recent_candles(
    session: TenantSession, account_id: UUID, symbol_id: UUID, *, count: int = 160, ticks: int = 20_000
) -> tuple[list[Candle], int]:
    """Candles of the bids of a symbol's last quotes as an account sees them, and their length in seconds.

    The length is chosen so that about ``count`` candles tell the last ``ticks`` quotes.
    """
    span = recorded_span(session, symbol_id, most=ticks)
    terms = session.execute(_TERMS, {"account": account_id, "symbol": symbol_id}).first()
    if span is None or terms is None:
        return [], 60
    step = nice_step_s(span.last_ms - span.first_ms, count)
    values = {"instrument": terms.instrument_id, "step": step * 1000, "first": span.first, "last": span.last}
    rows = session.execute(_CANDLES, {**values, "count": count}).all()
    tick: Decimal = terms.tick
    offset = markup_offset(terms.markup, tick)

    def price(raw: int) -> Decimal:
        return tick * (raw - offset)

    found: list[Candle] = [
        (row.start, price(row.open), price(row.high), price(row.low), price(row.close)) for row in reversed(rows)
    ]
    return found, step
