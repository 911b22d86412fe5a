"""One instrument in a lane: how far its quotes are worked off, and the subjects that wait for prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from uuid import UUID

import numpy as np

from core.feeds.ticks import Ticks
from core.lanes.book import TriggerBook
from core.lanes.subject import Armed, LaneQuote, SubjectRef


class Waiting:
    """Subjects that wait for prices, with the book that finds the ones a quote fires."""

    def __init__(self, subjects: Iterable[tuple[SubjectRef, Armed]] = ()) -> None:
        self.book: TriggerBook[SubjectRef] = TriggerBook()
        self._armed: dict[SubjectRef, Armed] = {}
        self._later: list[tuple[int, SubjectRef]] = []
        self.tenants: Counter[UUID] = Counter()
        self.add_many(subjects)

    def __len__(self) -> int:
        return len(self._armed)

    def add_many(self, subjects: Iterable[tuple[SubjectRef, Armed]]) -> None:
        """Take in subjects none of which is there yet (a rebuild)."""
        loud = [(ref, armed) for ref, armed in subjects if not armed.silent]
        self.book.put_many([(ref, armed.thresholds) for ref, armed in loud if armed.after_ms is None])
        self._later += [(armed.after_ms, ref) for ref, armed in loud if armed.after_ms is not None]
        heapify(self._later)
        self._armed.update(loud)
        self.tenants.update(ref.tenant_id for ref, _ in loud)

    def put(self, ref: SubjectRef, armed: Armed) -> None:
        """Take a subject in, or replace it; one that no price fires is left out."""
        if armed.silent:
            self.drop(ref)
            return
        if ref not in self._armed:
            self.tenants[ref.tenant_id] += 1
        self._armed[ref] = armed
        if armed.after_ms is None:
            self.book.put(ref, armed.thresholds)
        else:
            self.book.remove(ref)
            heappush(self._later, (armed.after_ms, ref))

    def ripen(self, ticks: Ticks, start: int = 0) -> int:
        """Have those take part from ``ticks[start]`` on whose time has come then.

        Gives the place in ``ticks`` of the first quote for which the next ones' time has come; their number if there is none.
        Subjects that wait for a time cost nothing until then: they are in a heap, and not in the book.
        """
        while self._later:
            due, ref = self._later[0]
            armed = self._armed.get(ref)
            # What was replaced meanwhile leaves its old time behind.
            if armed is not None and armed.after_ms == due and ref not in self.book:
                if ticks.ts_ms[start] < due:
                    return start + int(np.searchsorted(ticks.ts_ms[start:], due))
                self.book.put(ref, armed.thresholds)
            heappop(self._later)
        return len(ticks)

    def drop(self, ref: SubjectRef) -> None:
        """Forget a subject."""
        if self._armed.pop(ref, None) is not None:
            self.book.remove(ref)
            self.tenants[ref.tenant_id] -= 1

    def get(self, ref: SubjectRef) -> Armed | None:
        """The subject as it was read, none if it is not here."""
        return self._armed.get(ref)

    def fired(self, quote: LaneQuote) -> dict[UUID, list[SubjectRef]]:
        """The subjects that the quote fires, by tenant, in the order of work."""
        found: dict[UUID, list[SubjectRef]] = {}
        for ref in self.book.crossed(quote.bid, quote.ask):
            if self._armed[ref].since_seq < quote.seq:
                found.setdefault(ref.tenant_id, []).append(ref)
        return found

    def items(self) -> list[tuple[SubjectRef, Armed]]:
        """All subjects."""
        return list(self._armed.items())


@dataclass(slots=True)
class Market:
    """An instrument of a lane.

    :ivar position: the quote up to which everything is worked off; none before the first.
    :ivar feed_ts_ms: the feed's clock, which goes on while the instrument is silent.
    :ivar stored: number and clock of what others can read in ``core.quotes``.
    :ivar noted: position up to which the tenants' cursors are.
    :ivar newest: the highest number that is known to be in ``core.ticks``.
    :ivar unsettled: in lockstep, whether what the last quote caused has yet to be worked off by others.
    """

    instrument_id: UUID
    feed: str
    lockstep: bool = False
    position: LaneQuote | None = None
    feed_ts_ms: int = 0
    stored: tuple[int, int] = (0, 0)
    noted: int = 0
    newest: int = 0
    unsettled: bool = False
    waiting: Waiting = field(default_factory=Waiting)
    _first_seq: int = 1
    _ticks: Ticks = field(default_factory=lambda: Ticks.of([]))

    @property
    def seq(self) -> int:
        """Number of the quote up to which everything is worked off; 0 before the first."""
        return 0 if self.position is None else self.position.seq

    @property
    def behind(self) -> bool:
        """Whether there are quotes to work off."""
        return self.newest > self.seq

    @property
    def visible(self) -> bool:
        """Whether others see the position and the clock as they are."""
        return self.position is None or self.stored == (self.seq, self.feed_ts_ms)

    @property
    def level(self) -> bool:
        """Whether a replay may be waiting to hear that all its quotes are worked off."""
        return self.lockstep and not self.behind and not self.unsettled and self.noted < self.stored[0] == self.seq

    def move(self, quote: LaneQuote) -> None:
        """Everything up to this quote is worked off, or about to be."""
        self.position = quote
        self.feed_ts_ms = max(self.feed_ts_ms, quote.ts_ms)

    def offer(self, first_seq: int, ticks: Ticks) -> None:
        """Quotes that came by the fast path. They are kept if they follow on what is here, and else read again."""
        self.newest = max(self.newest, first_seq + len(ticks) - 1)
        held = self.ahead()
        if len(held) == 0 and first_seq <= self.seq + 1:
            self._first_seq, self._ticks = first_seq, ticks
        elif first_seq == self.seq + len(held) + 1:
            self._first_seq, self._ticks = self.seq + 1, Ticks.join([held, ticks])

    def refill(self, ticks: Ticks) -> None:
        """Quotes from the table, which follow the position."""
        self._first_seq, self._ticks = self.seq + 1, ticks

    def ahead(self) -> Ticks:
        """The quotes at hand that follow the position."""
        return self._ticks[max(self.seq + 1 - self._first_seq, 0) :]
