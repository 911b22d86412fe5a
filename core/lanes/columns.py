"""One side of a trigger book: a column of thresholds with the extremes of its blocks.

A column answers one question, "which rows have a threshold at or above this value?", and nothing else. The four sides
of a book are all brought to that form: a side that fires when the price is *at or below* its threshold stores the
threshold as it is and is asked with the price; a side that fires *at or above* stores and asks the negated number.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 256
"""Rows that share one stored extreme."""

NEVER: Final = -(2**63)
"""The threshold of a row that has none: no price is at or below it, so it never fires."""

Int64Array = NDArray[np.int64]


class ThresholdColumn:
    """Thresholds by row, the greatest of each block of 256, and the greatest of all (`top`).

    `top` and the blocks' extremes are never too small, so a value above `top` certainly fires nothing. They may be too
    large after a threshold was taken away: such blocks are only marked, and looked at again when a value comes as far
    as `top`. That keeps `put` constant in time, whatever the number of rows.
    """

    __slots__ = ("_extremes", "_stale", "_values", "top")

    def __init__(self, capacity: int = BLOCK) -> None:
        """`capacity`: rows to start with, a multiple of 256."""
        self._values: Int64Array = np.full(capacity, NEVER, dtype=np.int64)
        self._extremes: Int64Array = np.full(capacity // BLOCK, NEVER, dtype=np.int64)
        self._stale: set[int] = set()
        self.top: int = NEVER

    def grow(self, capacity: int) -> None:
        """Make room for `capacity` rows (a multiple of 256, not less than now)."""
        values = np.full(capacity, NEVER, dtype=np.int64)
        values[: len(self._values)] = self._values
        extremes = np.full(capacity // BLOCK, NEVER, dtype=np.int64)
        extremes[: len(self._extremes)] = self._extremes
        self._values, self._extremes = values, extremes

    def put(self, row: int, threshold: int) -> None:
        """Set one row's threshold; `NEVER` takes it away."""
        block = row // BLOCK
        before = self._values[row]
        if before == threshold:
            return
        self._values[row] = threshold
        extreme = self._extremes[block]
        if threshold >= extreme:
            self._extremes[block] = threshold
            self.top = max(self.top, threshold)
        elif before == extreme:
            self._stale.add(block)

    def put_range(self, first: int, thresholds: Int64Array) -> None:
        """Set the rows from `first` on at once (for a rebuild)."""
        last = first + len(thresholds)
        self._values[first:last] = thresholds
        self._stale.update(range(first // BLOCK, -(-last // BLOCK)))
        self.tighten()

    def tighten(self) -> None:
        """Make the extremes exact again."""
        if not self._stale:
            return
        blocks = np.fromiter(self._stale, dtype=np.intp, count=len(self._stale))
        self._extremes[blocks] = self._values.reshape(-1, BLOCK)[blocks].max(axis=1)
        self._stale.clear()
        self.top = int(self._extremes.max())

    def bytes_used(self) -> int:
        """Memory of the arrays."""
        return int(self._values.nbytes + self._extremes.nbytes)

    def rows_at_or_above(self, value: int) -> list[int]:
        """The rows whose threshold is at or above `value`, ascending; reads only blocks whose extreme is."""
        if value > self.top:
            return []
        self.tighten()
        blocks = np.flatnonzero(self._extremes >= value)
        inside, columns = np.nonzero(self._values.reshape(-1, BLOCK)[blocks] >= value)
        rows: list[int] = (blocks[inside] * BLOCK + columns).tolist()
        return rows
