"""The Redis stream from feeds to a lane: the fast path. Losing it loses nothing, since ``core.ticks`` has every quote.

An entry is one of
* quotes of an instrument, numbered from a first number (already committed in ``core.ticks``),
* a hint that an instrument has quotes up to a number, to be read from ``core.ticks`` (for large batches),
* a feed's clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
import redis

from core.feeds.ticks import Ticks

LONGEST: Final = 256
"""More quotes than this at once are only hinted at."""
KEPT_ENTRIES: Final = 10_000


class QuotesMessage(msgspec.Struct, tag="q", array_like=True, frozen=True):
    """Quotes of one instrument; prices in its ticks."""

    instrument: bytes
    first_seq: int
    ts_ms: list[int]
    bid: list[int]
    ask: list[int]


class HintMessage(msgspec.Struct, tag="h", array_like=True, frozen=True):
    """An instrument has quotes up to ``last_seq``."""

    instrument: bytes
    last_seq: int


class ClockMessage(msgspec.Struct, tag="c", array_like=True, frozen=True):
    """A feed's clock, epoch milliseconds."""

    feed: str
    ts_ms: int


Message = QuotesMessage | HintMessage | ClockMessage
_decoder: Final = msgspec.msgpack.Decoder(Message)


def stream_key(lane: int) -> str:
    """Name of a lane's stream."""
    return f"tradeyard:lane:{lane}:quotes"


def quotes_message(instrument_id: UUID, first_seq: int, ticks: Ticks) -> QuotesMessage | HintMessage:
    """What to tell the lane of quotes that have been appended."""
    if len(ticks) > LONGEST:
        return HintMessage(instrument_id.bytes, first_seq + len(ticks) - 1)
    return QuotesMessage(instrument_id.bytes, first_seq, ticks.ts_ms.tolist(), ticks.bid.tolist(), ticks.ask.tolist())


def send(client: redis.Redis, messages: Iterable[tuple[int, Message]]) -> None:
    """Send (lane, message) pairs in one round trip. Raises redis.RedisError; what is lost the lanes read from the table."""
    pipeline = client.pipeline(transaction=False)
    for lane, message in messages:
        entry: dict[Any, Any] = {b"m": msgspec.msgpack.encode(message)}
        pipeline.xadd(stream_key(lane), entry, maxlen=KEPT_ENTRIES, approximate=True)
    pipeline.execute()


@dataclass(slots=True)
class StreamReader:
    """Reads a lane's stream from where it is now; it survives the stream's or the server's loss."""

    client: redis.Redis
    lane: int
    _last: bytes = b"$"

    def read(self, wait_ms: int) -> list[Message] | None:
        """What has come, waiting up to ``wait_ms`` for something; none while Redis is out of reach.

        Without quotes for a while, and after none, the reader of the stream looks into ``core.ticks``.
        """
        key = stream_key(self.lane)
        try:
            if self._last == b"$":
                self._last = self._newest(key)
            answer: Any = self.client.xread({key: self._last}, count=1000, block=max(wait_ms, 1))
            if not answer:
                self._follow_reset(key)
                return []
        except redis.RedisError:
            self._last = b"$"
            return None
        entries = next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]
        self._last = entries[-1][0]
        return [_decoder.decode(fields[b"m"]) for _id, fields in entries]

    def _newest(self, key: str) -> bytes:
        entries: Any = self.client.xrevrange(key, count=1)
        return entries[0][0] if entries else b"0-0"

    def _follow_reset(self, key: str) -> None:
        """After all was thrown away, new entries count from the wall clock again, but maybe below the last one read."""
        newest = self._newest(key)
        if _order(newest) < _order(self._last):
            self._last = newest


def _order(entry: bytes) -> tuple[int, int]:
    time, _, number = entry.partition(b"-")
    return int(time), int(number or 0)
