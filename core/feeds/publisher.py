"""The feed process: appends quotes to ``core.ticks``, then tells the lanes through Redis."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

import redis
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.feeds.sources import FedInstrument, Source, sources
from core.feeds.store import LastTick, insert_numbered, last_ticks, prune
from core.feeds.stream import ClockMessage, Message, quotes_message, send
from core.feeds.ticks import Ticks
from core.lanes.progress import progress
from tenants.db import Database

if TYPE_CHECKING:
    from core.platform import Platform

log = logging.getLogger(__name__)

_ROUND_S: Final = 0.05
_LOOK_S: Final = 2.0
_CLOCK_S: Final = 1.0
_PAUSE_S: Final = 0.5
_PRUNE_S: Final = 600.0
KEPT_TICKS: Final = 1_000_000
"""Quotes of an instrument that are kept at least; older ones go once no lane could ask for them again."""
_LOCK: Final = 0x66656564
"""Advisory lock of the one process that feeds."""


def main(platform: Platform) -> None:
    """Feed until SIGTERM or SIGINT. Survives the loss of Redis and of the database, and goes on from the last quote."""
    over = False

    def end(_number: int, _frame: object) -> None:
        nonlocal over
        over = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    Publisher(platform.database, platform.redis, sources(platform.settings)).run(lambda: over)


@dataclass(slots=True)
class Publisher:
    """Feeds the instruments of its sources. One at a time: others wait until it is gone.

    :ivar dropped: how many quotes of each instrument were older than the last, and left out.
    """

    database: Database
    redis: redis.Redis
    sources: Mapping[str, Source]
    dropped: dict[UUID, int] = field(default_factory=dict)
    _instruments: list[FedInstrument] = field(default_factory=list)
    _last: dict[UUID, LastTick] = field(default_factory=dict)
    _looked_s: float = 0.0
    _clock_s: float = 0.0
    _pruned_s: float = 0.0
    _deaf: bool = False
    _lock: Connection | None = None

    def run(self, over: Callable[[], bool]) -> None:
        """Feed until `over`."""
        while not over():
            started = time.monotonic()
            try:
                if self._own():
                    self.turn(time.time())
            except DBAPIError as error:
                log.warning("the database is out of reach, trying again: %s", error.orig)
                self._forget()
                time.sleep(_PAUSE_S)
            time.sleep(max(_ROUND_S - (time.monotonic() - started), 0.001) if self._lock else _PAUSE_S)
        self._forget()

    def turn(self, now_s: float) -> int:
        """Append and tell what is due; how many quotes that were. The wall clock is `now_s` (seconds)."""
        if now_s - self._looked_s >= _LOOK_S:
            self._looked_s = now_s
            self._look()
        batches: list[tuple[FedInstrument, int, Ticks]] = []
        for instrument in self._instruments:
            last = self._last.get(instrument.id, LastTick())
            ticks, dropped = self.sources[instrument.feed].due(instrument, last.seq, now_s).not_older_than(last.ts_ms)
            if dropped:
                self.dropped[instrument.id] = self.dropped.get(instrument.id, 0) + dropped
                log.warning("%s: %d quotes older than the last were dropped", instrument.symbol, dropped)
            if len(ticks):
                batches.append((instrument, last.seq + 1, ticks))
        if batches:
            with self.database.system() as session:
                insert_numbered(session, [(instrument.id, first, ticks) for instrument, first, ticks in batches])
            for instrument, first, ticks in batches:
                self._last[instrument.id] = LastTick(first + len(ticks) - 1, int(ticks.ts_ms[-1]))
        self._tell(batches, now_s)
        if now_s - self._pruned_s >= _PRUNE_S:
            self._pruned_s = now_s
            self._prune()
        return sum(len(ticks) for _, _, ticks in batches)

    def _look(self) -> None:
        """Instruments that have come or gone, and where each stands."""
        with self.database.system() as session:
            rows = session.execute(
                text(
                    "select id, feed, feed_symbol, tick, lane from core.instruments where feed = any(:feeds) order by id"
                ),
                {"feeds": list(self.sources)},
            )
            self._instruments = [FedInstrument(*row) for row in rows]
            fresh = [item.id for item in self._instruments if item.id not in self._last]
            self._last.update(last_ticks(session, fresh))

    def _prune(self) -> None:
        for instrument_id, last in self._last.items():
            if last.seq > KEPT_TICKS:
                with self.database.system() as session:
                    needed = progress(session, instrument_id).done
                    prune(session, instrument_id, min(last.seq - KEPT_TICKS, needed))

    def _tell(self, batches: list[tuple[FedInstrument, int, Ticks]], now_s: float) -> None:
        messages: list[tuple[int, Message]] = [
            (instrument.lane, quotes_message(instrument.id, first, ticks)) for instrument, first, ticks in batches
        ]
        if now_s - self._clock_s >= _CLOCK_S:
            self._clock_s = now_s
            lanes = {(instrument.lane, instrument.feed) for instrument in self._instruments}
            messages += [(lane, ClockMessage(feed, self.sources[feed].clock_ms(now_s))) for lane, feed in sorted(lanes)]
        if not messages:
            return
        try:
            send(self.redis, messages)
        except redis.RedisError as error:
            if not self._deaf:
                log.warning("Redis is out of reach; the lanes read the table meanwhile: %s", error)
            self._deaf = True
        else:
            self._deaf = False

    def _own(self) -> bool:
        """Whether this is the process that feeds."""
        if self._lock is None:
            connection = self.database.system_engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": _LOCK}):
                connection.close()
                return False
            self._lock = connection
        return True

    def _forget(self) -> None:
        """After trouble: everything is read anew, by whoever feeds then."""
        self._last.clear()
        self._looked_s = 0.0
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(SQLAlchemyError):
                lock.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
            lock.invalidate()  # the lock is the connection's: it goes with it where it could not be given back
            lock.close()
