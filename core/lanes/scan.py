"""Working off quotes: the scan for crossings, the subjects that come late, and what both change in the book."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from core.feeds.store import ticks_after
from core.feeds.ticks import Ticks
from core.lanes import triggers
from core.lanes.crossing import Crossing, Outcome, Workers
from core.lanes.lease import Lease
from core.lanes.market import Market, Waiting
from core.lanes.quotes import store_quotes
from core.lanes.subject import Armed, LaneQuote, SubjectRef
from tenants.db import Database

CHUNK: Final = 10_000
"""Ticks read from the table at once."""
_ROUNDS: Final = 100
"""Rounds of new subjects taken up at once; those that come after wait for the next batch of quotes."""


@dataclass(slots=True)
class Scanner:
    """Works off the quotes of a lane's markets.

    :ivar asleep: tenants and plugins whose subjects are out of the books until their module reacts again.
    """

    database: Database
    lease: Lease
    workers: Workers
    markets: dict[UUID, Market] = field(default_factory=dict)
    asleep: set[tuple[UUID, str]] = field(default_factory=set)

    def work(self, market: Market, until: float) -> None:
        """Work off a market's quotes until there are no more, time is over, or a quote in lockstep had effects."""
        while market.behind and not market.unsettled and time.monotonic() < until:
            ticks = market.ahead()
            if len(ticks) == 0:
                with self.database.system() as session:
                    market.refill(ticks_after(session, market.instrument_id, market.seq, CHUNK))
                ticks = market.ahead()
            if len(ticks) == 0:
                market.newest = market.seq  # there never were as many as somebody said
            else:
                self._to_next_crossing(market, ticks)

    def store(self) -> None:
        """Let others see how far the markets are."""
        moved = [market for market in self.markets.values() if not market.visible]
        if not moved:
            return
        with self.database.system() as session:
            self.lease.fence(session)
            store_quotes(session, moved)
        for market in moved:
            market.stored = market.seq, market.feed_ts_ms

    def take_up(self) -> None:
        """Take new and changed subjects into the books, caught up over the quotes that the lane has already passed."""
        for _ in range(_ROUNDS):
            with self.database.system() as session:
                fresh = triggers.unarmed_subjects(session, list(self.markets))
            effects = False
            for instrument_id, subjects in fresh.items():
                effects |= self._take_up_in(self.markets[instrument_id], subjects)
            if not effects:
                return

    def _take_up_in(self, market: Market, subjects: triggers.Subjects) -> bool:
        level, effects = self._catch_up(market, subjects, armed=False)
        with self.database.system() as session:
            self.lease.fence(session)
            triggers.arm(session, market.instrument_id, list(level.items()))
        for ref, _ in subjects:
            if ref not in level:
                market.waiting.drop(ref)
        for ref, armed in level.items():
            market.waiting.put(ref, armed)
        return effects

    def take_over(self, market: Market) -> None:
        """Fill a market's book with what its last owner had in it, and go over the quotes after each tenant's cursor."""
        with self.database.system() as session:
            self.lease.fence(session)
            subjects = triggers.armed_subjects(session, market.instrument_id)
            cursors = triggers.cursors(session, market.instrument_id)
        level: dict[SubjectRef, Armed] = dict(subjects)
        late = [
            (ref, armed) for ref, armed in subjects if max(armed.since_seq, cursors.get(ref.tenant_id, 0)) < market.seq
        ]
        for ref, _ in late:
            del level[ref]
        level |= self._catch_up(market, late, armed=True, cursors=cursors)[0]
        market.waiting = Waiting(level.items())

    def wake(self) -> None:
        """Let subjects take part again whose module was halted and is not any more."""
        if not self.asleep:
            return
        with self.database.system() as session:
            self.lease.fence(session)
            awake = triggers.reacting(session, sorted(self.asleep))
            for tenant_id, plugin in awake:
                triggers.wake_asleep(session, tenant_id, plugin, list(self.markets))
        self.asleep.difference_update(awake)

    def note_cursors(self) -> None:
        """Note for all tenants with subjects here how far they have been looked at."""
        for market in self.markets.values():
            tenants = {tenant_id for tenant_id, count in market.waiting.tenants.items() if count > 0}
            tenants |= {tenant_id for tenant_id, _ in self.asleep}
            seq = market.stored[0]
            if seq > market.noted:
                if tenants:
                    with self.database.system() as session:
                        self.lease.fence(session)
                        triggers.note_cursors(session, market.instrument_id, sorted(tenants), seq)
                market.noted = seq

    def _to_next_crossing(self, market: Market, ticks: Ticks) -> None:
        ticks = ticks[: market.waiting.ripen(ticks)]
        first, count = market.seq + 1, len(ticks)
        at = market.waiting.book.first_crossing(ticks.bid, ticks.ask)
        last = market.position
        quote = _quote(
            market.instrument_id, first, ticks, min(at, count - 1), None if last is None else (last.bid, last.ask)
        )
        market.move(quote)
        fired = market.waiting.fired(quote) if at < count else {}
        if fired:
            # Others see the quote before what it causes, so that nobody can trade on one that is over.
            self.store()
            outcome = self._cross(market, market.waiting, quote, fired, armed=True)
            if outcome.effects and not market.unsettled:
                self.take_up()

    def _catch_up(
        self, market: Market, subjects: triggers.Subjects, *, armed: bool, cursors: dict[UUID, int] | None = None
    ) -> tuple[dict[SubjectRef, Armed], bool]:
        """Lead subjects over the quotes up to the market's position.

        Gives those that are left, as they are then, and whether anything was booked on the way.
        """
        level, effects = dict(subjects), False
        waiting = Waiting(subjects)
        begin = min(
            (max(was.since_seq, (cursors or {}).get(ref.tenant_id, 0)) for ref, was in waiting.items()),
            default=market.seq,
        )
        while begin < market.seq and len(waiting):
            with self.database.system() as session:
                ticks = ticks_after(session, market.instrument_id, begin, CHUNK, last=market.seq)
            if len(ticks) == 0:
                break
            at = -1
            while (at := next_crossing(waiting, ticks, at + 1)) < len(ticks):
                self.lease.keep()
                last = self._tick(market.instrument_id, begin) if at == 0 else None
                quote = _quote(market.instrument_id, begin + 1, ticks, at, last)
                fired = waiting.fired(quote)
                outcome = self._cross(market, waiting, quote, fired, armed=armed)
                effects |= outcome.effects
                level.update(outcome.waiting)
                for ref in outcome.gone:
                    del level[ref]
            begin += len(ticks)
        return level, effects

    def _tick(self, instrument_id: UUID, seq: int) -> tuple[int, int] | None:
        """Bid and ask of a quote; none before the first."""
        with self.database.system() as session:
            ticks = ticks_after(session, instrument_id, seq - 1, 1, last=seq)
        return (int(ticks.bid[0]), int(ticks.ask[0])) if len(ticks) else None

    def _cross(
        self,
        market: Market,
        waiting: Waiting,
        quote: LaneQuote,
        fired: dict[UUID, list[SubjectRef]],
        *,
        armed: bool,
    ) -> Outcome:
        """Work off what a quote fires, each tenant apart."""
        together = Outcome()
        for tenant_id, refs in fired.items():
            crossing = Crossing(self.database, self.lease, self.workers, tenant_id, quote, armed=armed)
            outcome = crossing.run([(ref, was) for ref in refs if (was := waiting.get(ref)) is not None])
            together.add(outcome)
        for ref, now in together.waiting.items():
            waiting.put(ref, now)
        for ref in together.gone:
            waiting.drop(ref)
        self.asleep |= together.asleep
        # In lockstep the lane goes on once what this caused is worked off.
        market.unsettled |= market.lockstep and together.effects
        return together


def next_crossing(waiting: Waiting, ticks: Ticks, start: int) -> int:
    """Index of the first quote from ``start`` on that fires a subject whose time has come; the number of quotes if none does."""
    while start < len(ticks):
        stop = waiting.ripen(ticks, start)
        at = waiting.book.first_crossing(ticks.bid[:stop], ticks.ask[:stop], start)
        if at < stop:
            return at
        start = stop
    return len(ticks)


def _quote(instrument_id: UUID, first_seq: int, ticks: Ticks, index: int, last: tuple[int, int] | None) -> LaneQuote:
    """One of ``ticks``, which begin at ``first_seq``; ``last``: bid and ask of the quote before them, if known."""
    before = (int(ticks.bid[index - 1]), int(ticks.ask[index - 1])) if index else last
    prices = int(ticks.ts_ms[index]), int(ticks.bid[index]), int(ticks.ask[index])
    return LaneQuote(instrument_id, first_seq + index, *prices, before=before)
