"""The trigger book of one instrument: which subjects does a quote touch?

A subject (a resting order, a position's stop, a bot, an account's margin band) is one row with up to four thresholds,
integers in the instrument's price ticks:

========  =====================================
side      fires when
========  =====================================
ask_le    ask ≤ threshold (resting buys)
ask_ge    ask ≥ threshold (buy stops, stops of shorts)
bid_le    bid ≤ threshold (sell stops, stops of longs)
bid_ge    bid ≥ threshold (resting sells)
========  =====================================

A quote between all extremes costs four comparisons of integers, whatever the number of subjects. The book is a cache:
its truth is the table of triggers, from which a lane rebuilds it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from core.lanes.columns import BLOCK, NEVER, Int64Array, ThresholdColumn

_ONE_BY_ONE: Final = 12
"""Batches up to this length are scanned without numpy: below it the calls cost more than the comparisons."""
_FIRST_STRIDE: Final = 128
_LAST_STRIDE: Final = 8192


class SubjectKey(Protocol):
    """What names a subject: hashable, with an order of its own, in which fired subjects are reported."""

    def __hash__(self) -> int: ...
    def __lt__(self, other: Any, /) -> bool: ...


K = TypeVar("K", bound=SubjectKey)


class Thresholds(NamedTuple):
    """A subject's four thresholds in price ticks; None: that side never fires."""

    ask_le: int | None = None
    ask_ge: int | None = None
    bid_le: int | None = None
    bid_ge: int | None = None

    def touched(self, bid: int, ask: int) -> bool:
        """Whether the quote fires this subject."""
        return (
            (self.ask_le is not None and ask <= self.ask_le)
            or (self.ask_ge is not None and ask >= self.ask_ge)
            or (self.bid_le is not None and bid <= self.bid_le)
            or (self.bid_ge is not None and bid >= self.bid_ge)
        )


class TriggerBook(Generic[K]):
    """All price-driven subjects of one instrument, of all tenants together."""

    __slots__ = ("_ask_ge", "_ask_le", "_bid_ge", "_bid_le", "_capacity", "_free", "_keys", "_rows")

    def __init__(self) -> None:
        self._capacity = BLOCK
        self._ask_le, self._ask_ge = ThresholdColumn(), ThresholdColumn()
        self._bid_le, self._bid_ge = ThresholdColumn(), ThresholdColumn()
        self._rows: dict[K, int] = {}
        self._keys: list[K | None] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def put(self, key: K, thresholds: Thresholds) -> None:
        """Add a subject, or replace its thresholds. Constant in time, amortised."""
        row = self._rows.get(key)
        if row is None:
            row = self._new_row(key)
        ask_le, ask_ge, bid_le, bid_ge = thresholds
        self._ask_le.put(row, NEVER if ask_le is None else ask_le)
        self._ask_ge.put(row, NEVER if ask_ge is None else -ask_ge)
        self._bid_le.put(row, NEVER if bid_le is None else bid_le)
        self._bid_ge.put(row, NEVER if bid_ge is None else -bid_ge)

    def put_many(self, subjects: Sequence[tuple[K, Thresholds]]) -> None:
        """Add many subjects at once, none of which is in the book yet and none twice (a rebuild)."""
        fresh = {key for key, _ in subjects}
        if len(fresh) != len(subjects) or not fresh.isdisjoint(self._rows):
            raise ValueError("put_many adds new subjects only, each once")
        first = len(self._keys)
        self._reserve(first + len(subjects))
        for row, (key, _) in enumerate(subjects, start=first):
            self._keys.append(key)
            self._rows[key] = row
        self._ask_le.put_range(first, _column((t.ask_le for _, t in subjects), 1))
        self._ask_ge.put_range(first, _column((t.ask_ge for _, t in subjects), -1))
        self._bid_le.put_range(first, _column((t.bid_le for _, t in subjects), 1))
        self._bid_ge.put_range(first, _column((t.bid_ge for _, t in subjects), -1))

    def remove(self, key: K) -> bool:
        """Take a subject out; False if it was not in. Constant in time, amortised."""
        row = self._rows.pop(key, None)
        if row is None:
            return False
        for column in self._columns():
            column.put(row, NEVER)
        self._keys[row] = None
        self._free.append(row)
        return True

    def touched(self, bid: int, ask: int) -> bool:
        """Whether the quote reaches an extreme. False is certain; True may be stale and is settled by `crossed`."""
        return (
            ask <= self._ask_le.top or -ask <= self._ask_ge.top or bid <= self._bid_le.top or -bid <= self._bid_ge.top
        )

    def crossed(self, bid: int, ask: int) -> list[K]:
        """The subjects that the quote fires, ascending by key. They stay in the book until removed or replaced."""
        if not self.touched(bid, ask):
            return []
        rows = {
            *self._ask_le.rows_at_or_above(ask),
            *self._ask_ge.rows_at_or_above(-ask),
            *self._bid_le.rows_at_or_above(bid),
            *self._bid_ge.rows_at_or_above(-bid),
        }
        keys = self._keys
        return sorted(key for row in rows if (key := keys[row]) is not None)

    def first_crossing(self, bids: Int64Array, asks: Int64Array, start: int = 0) -> int:
        """Index of the first quote at or after `start` that fires a subject; the number of quotes if none does."""
        count = len(bids)
        if count - start <= _ONE_BY_ONE:
            return self._first_one_by_one(bids[start:].tolist(), asks[start:].tolist(), start)
        stride = _FIRST_STRIDE
        while start < count:
            stop = min(start + stride, count)
            found = self._first_between(bids[start:stop], asks[start:stop])
            if found is not None:
                return start + found
            start, stride = stop, min(stride * 2, _LAST_STRIDE)
        return count

    def bytes_used(self) -> int:
        """Memory of columns, keys' places and free rows; the keys themselves belong to the caller."""
        columns = sum(column.bytes_used() for column in self._columns())
        return columns + sys.getsizeof(self._rows) + sys.getsizeof(self._keys) + sys.getsizeof(self._free)

    def _first_one_by_one(self, bids: list[int], asks: list[int], start: int) -> int:
        for index, (bid, ask) in enumerate(zip(bids, asks, strict=True), start=start):
            if self.touched(bid, ask) and self._really_touched(bid, ask):
                return index
        return start + len(bids)

    def _first_between(self, bids: Int64Array, asks: Int64Array) -> int | None:
        for _ in range(2):
            hits = (asks <= self._ask_le.top) | (bids <= self._bid_le.top)
            # Prices are far from the ends of int64, and −NEVER is not an int64: a side without rows is left out.
            if self._ask_ge.top != NEVER:
                hits |= asks >= -self._ask_ge.top
            if self._bid_ge.top != NEVER:
                hits |= bids >= -self._bid_ge.top
            first = int(hits.argmax())
            if not hits[first]:
                return None
            if self._really_touched(int(bids[first]), int(asks[first])):
                return first
            # The extremes were stale and are exact now: the second look is final.
        return None

    def _really_touched(self, bid: int, ask: int) -> bool:
        for column in self._columns():
            column.tighten()
        return self.touched(bid, ask)

    def _columns(self) -> tuple[ThresholdColumn, ...]:
        return self._ask_le, self._ask_ge, self._bid_le, self._bid_ge

    def _new_row(self, key: K) -> int:
        if self._free:
            row = self._free.pop()
            self._keys[row] = key
        else:
            row = len(self._keys)
            self._reserve(row + 1)
            self._keys.append(key)
        self._rows[key] = row
        return row

    def _reserve(self, rows: int) -> None:
        if rows <= self._capacity:
            return
        while self._capacity < rows:
            self._capacity *= 2
        for column in self._columns():
            column.grow(self._capacity)


def _column(thresholds: Iterable[int | None], sign: int) -> Int64Array:
    return np.array([NEVER if value is None else sign * value for value in thresholds], dtype=np.int64)
