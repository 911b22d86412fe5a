"""A lane: the one owner of a shard of instruments. It works off their quotes in order, and is the only one that does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import redis

from core.feeds.store import last_ticks
from core.feeds.stream import ClockMessage, HintMessage, QuotesMessage, StreamReader
from core.feeds.ticks import Ticks
from core.lanes.crossing import Workers
from core.lanes.lease import FencedError, Lease
from core.lanes.market import Market
from core.lanes.quotes import current_quotes, instruments_of
from core.lanes.scan import Scanner
from tenants.db import Database

log = logging.getLogger(__name__)

_TURN_S: Final = 0.25
"""Longest time on one instrument before the others, new subjects and the lease get their turn."""
_BEAT_S: Final = 1.0
_CURSORS_S: Final = 2.0
_SHOW_S: Final = 0.05
"""Least time between two writes of quotes that cause nothing."""
_WAIT_MS: Final = 200
_TAKE_UP_S: Final = 0.1
_WAIT_SETTLING_MS: Final = 5
_LOOK_S: Final = 0.5
"""How often the table of ticks is looked into, in case the fast path has lost something."""
_SILENCE_S: Final = 5.0
"""Silence of a feed after which its clock goes on by the wall clock, so that its quotes grow old."""
REPLAYED: Final = ("replay", "manual")
"""Feeds whose clock is their quotes' alone."""


@dataclass(slots=True)
class Lane:
    """One lane in this process. Its books are kept between slices.

    :ivar settled: whether everything that events have set going is worked off (asked for instruments in lockstep).
    """

    database: Database
    redis: redis.Redis
    number: int
    workers: Workers
    settled: Callable[[], bool]
    owner: str | None = None
    _scanner: Scanner | None = None
    _reader: StreamReader | None = None
    _due: dict[str, float] = field(default_factory=dict)
    _heard: dict[str, float] = field(default_factory=dict)

    def run(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> bool:
        """Work for so many seconds, or until `stop`; False at once where another process has the lane.

        A lane that was taken over forgets what it knew and raises nothing: whoever has it now goes on. Raises what keeps
        the database out of reach; the lane is given up then, and the next slice begins from the database.
        """
        until = time.monotonic() + seconds
        try:
            if not self._own():
                return False
            while time.monotonic() < until and not stop():
                self._turn(until)
            self._scanner_now.store()
        except FencedError:
            log.warning("lane %d was taken over by another process", self.number)
            self.release()
            return False
        except BaseException:
            # What is in memory may be ahead of what was written.
            self.release()
            raise
        return True

    def release(self) -> None:
        """Give the lane up at once and forget its books."""
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            scanner.lease.release()

    def position(self, instrument_id: UUID) -> int:
        """How far an instrument is worked off; 0 where the lane does not have it."""
        market = self._scanner.markets.get(instrument_id) if self._scanner else None
        return market.seq if market else 0

    @property
    def _scanner_now(self) -> Scanner:
        if self._scanner is None:
            raise FencedError(f"lane {self.number} is not ours")
        return self._scanner

    def _own(self) -> bool:
        if self._scanner is None:
            lease = Lease(self.database, self.number, self.owner)
            if not lease.acquire():
                lease.release()
                return False
            self._scanner = Scanner(self.database, lease, self.workers)
            self._reader = StreamReader(self.redis, self.number)
            self._due.clear()
        else:
            self._scanner.lease.renew()
        return True

    def _turn(self, until: float) -> None:
        """One round: keep the lease, take up subjects, work off quotes, wait for more."""
        scanner = self._scanner_now
        if self._is_due("beat", _BEAT_S):
            scanner.lease.renew()
            self._refresh(scanner)
            self._age()
            scanner.wake()
        # While an instrument in lockstep waits, the others' new subjects need no look at every turn.
        if not any(market.unsettled for market in scanner.markets.values()) or self._is_due("take up", _TAKE_UP_S):
            scanner.take_up()
        waiting = False
        for market in scanner.markets.values():
            if market.unsettled:
                if not self.settled():
                    waiting = True
                    continue
                market.unsettled = False
                scanner.take_up()
            scanner.work(market, min(until, time.monotonic() + _TURN_S))
        if self._is_due("show", _SHOW_S):
            scanner.store()
        if self._is_due("cursors", _CURSORS_S) or any(market.level for market in scanner.markets.values()):
            scanner.note_cursors()
        if waiting:
            time.sleep(_WAIT_SETTLING_MS / 1000)
        elif any(market.behind or market.unsettled for market in scanner.markets.values()):
            return
        self._listen(0 if waiting else _WAIT_MS)

    def _listen(self, wait_ms: int) -> None:
        scanner = self._scanner_now
        if self._reader is None:
            raise FencedError(f"lane {self.number} is not ours")
        messages = self._reader.read(wait_ms)
        if messages is None:
            time.sleep(wait_ms / 1000)
        for message in messages or ():
            if isinstance(message, ClockMessage):
                self._hear(message.feed, message.ts_ms)
                continue
            market = scanner.markets.get(UUID(bytes=message.instrument))
            if market is None:
                self._due.pop("beat", None)  # an instrument that is new here
            elif isinstance(message, HintMessage):
                market.newest = max(market.newest, message.last_seq)
            else:
                self._take(market, message)
        if not messages and self._is_due("look", _LOOK_S):
            self._look(scanner)

    def _look(self, scanner: Scanner) -> None:
        """What the fast path may have lost."""
        with self.database.system() as session:
            ends = last_ticks(session, list(scanner.markets))
        for instrument_id, last in ends.items():
            market = scanner.markets[instrument_id]
            if last.seq > market.newest:
                market.newest = last.seq
                self._hear(market.feed, 0)

    def _take(self, market: Market, message: QuotesMessage) -> None:
        rows = zip(message.ts_ms, message.bid, message.ask, strict=True)
        market.offer(message.first_seq, Ticks.of(rows))
        self._hear(market.feed, 0)

    def _refresh(self, scanner: Scanner) -> None:
        """Instruments that have come, gone or changed."""
        with self.database.system() as session:
            rows = {row.id: row for row in instruments_of(session, self.number)}
            fresh = [key for key in rows if key not in scanner.markets]
            quotes = current_quotes(session, fresh)
            ends = last_ticks(session, fresh)
        for key in [key for key in scanner.markets if key not in rows]:
            del scanner.markets[key]
        for key, row in rows.items():
            market = scanner.markets.get(key)
            if market is None:
                market = Market(key, row.feed, newest=ends[key].seq if key in ends else 0)
                if key in quotes:
                    market.position, market.feed_ts_ms = quotes[key]
                    market.stored = market.seq, market.feed_ts_ms
                # Whether the last owner's last quote had effects is not known: ask.
                market.lockstep, market.unsettled = row.lockstep, row.lockstep
                scanner.take_over(market)
                scanner.markets[key] = market
            market.feed, market.lockstep = row.feed, row.lockstep
            market.unsettled &= row.lockstep

    def _hear(self, feed: str, ts_ms: int) -> None:
        """A feed lives; `ts_ms` is its clock, 0 where only its quotes tell the time."""
        self._heard[feed] = time.monotonic()
        for market in self._scanner_now.markets.values():
            if market.feed == feed and feed not in REPLAYED:
                market.feed_ts_ms = max(market.feed_ts_ms, ts_ms)

    def _age(self) -> None:
        """Let the quotes of silent feeds grow old."""
        now = time.monotonic()
        for market in self._scanner_now.markets.values():
            silent_since = self._heard.setdefault(market.feed, now)
            if market.feed not in REPLAYED and now - silent_since > _SILENCE_S:
                market.feed_ts_ms += int(_BEAT_S * 1000)

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every_s
        return True
