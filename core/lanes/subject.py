"""The rows of ``core.triggers`` as a lane knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from core.lanes.book import Thresholds
from core.trading.booking.views import CurrentQuote

RANKS: Final = {"position": 0, "order": 1, "account": 2, "reactor": 3}
"""In which order subjects that one quote fires are worked off: what protects comes first, plugins last."""
KINDS: Final = tuple(RANKS)


class SubjectRef(NamedTuple):
    """A price-driven subject of a tenant on an instrument. Sorts by tenant, then by the order of work."""

    tenant_id: UUID
    rank: int
    subject_id: UUID

    @property
    def kind(self) -> str:
        """``position``, ``order``, ``account`` or ``reactor``."""
        return KINDS[self.rank]


@dataclass(frozen=True, slots=True)
class Armed:
    """A subject in a lane's book.

    :ivar since_seq: quotes up to this one never fire it.
    :ivar version: of the row when it was read; a row with another one has changed since and is left alone.
    :ivar reactor: plugin and reactor that answer for it; none for what the core itself works off.
    :ivar after_ms: quotes before this time, by the feed, never fire it.
    """

    account_id: UUID
    thresholds: Thresholds
    since_seq: int
    version: int
    reactor: tuple[str, str] | None = None
    after_ms: int | None = None

    @property
    def silent(self) -> bool:
        """Whether no price fires it."""
        return self.thresholds == Thresholds()


def subject_of(row: Any) -> tuple[SubjectRef, Armed]:
    """A subject from a row of ``core.triggers``, with ``plugin`` and ``reactor`` (null for what is the core's)."""
    armed = Armed(
        account_id=row.account_id,
        thresholds=Thresholds(row.ask_le, row.ask_ge, row.bid_le, row.bid_ge),
        since_seq=row.since_seq,
        version=row.version,
        reactor=None if row.plugin is None else (row.plugin, row.reactor),
        after_ms=row.after_ms,
    )
    return SubjectRef(row.tenant_id, RANKS[row.kind], row.subject_id), armed


@dataclass(frozen=True, slots=True)
class LaneQuote:
    """A quote at which subjects fire. Prices are raw ticks of the instrument.

    :ivar before: bid and ask of the quote before it; none where there is none.
    """

    instrument_id: UUID
    seq: int
    ts_ms: int
    bid: int
    ask: int
    before: tuple[int, int] | None = None

    def current(self) -> CurrentQuote:
        """The quote as booking takes it in place of the stored one."""
        return CurrentQuote(self.instrument_id, self.seq, self.ts_ms, self.bid, self.ask, self.ts_ms)
