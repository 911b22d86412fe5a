"""Quotes as a feed hands them on: columns of integers in the instrument's price ticks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

import numpy as np
from numpy.typing import NDArray

Int64Array = NDArray[np.int64]

MAX_TICKS: Final = 2**62
"""Prices stay below this many ticks, so that sums and negations of them are safe in int64."""


class PriceError(ValueError):
    """A price that is no price, or not on the instrument's tick. The message says which."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """A run of quotes in order of time: `ts_ms` (epoch milliseconds, UTC), `bid` and `ask` (price ticks), same length."""

    ts_ms: Int64Array
    bid: Int64Array
    ask: Int64Array

    def __len__(self) -> int:
        return len(self.ts_ms)

    def __getitem__(self, part: slice) -> Ticks:
        return Ticks(self.ts_ms[part], self.bid[part], self.ask[part])

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int]]) -> Ticks:
        """From (ts_ms, bid, ask) rows."""
        table = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
        return cls(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())

    @classmethod
    def join(cls, parts: Iterable[Ticks]) -> Ticks:
        """One run out of several, in the order given."""
        all_parts = list(parts)
        if not all_parts:
            return cls.of([])
        return cls(
            np.concatenate([part.ts_ms for part in all_parts]),
            np.concatenate([part.bid for part in all_parts]),
            np.concatenate([part.ask for part in all_parts]),
        )

    def not_older_than(self, last_ts_ms: int | None) -> tuple[Ticks, int]:
        """The quotes without those older than the last one before them, and how many those were.

        `last_ts_ms`: time of the quote before the first, None if there is none. Equal times keep their order.
        """
        if len(self) == 0:
            return self, 0
        newest = np.maximum.accumulate(self.ts_ms)
        keep = self.ts_ms >= newest
        if last_ts_ms is not None:
            keep &= self.ts_ms >= last_ts_ms
        dropped = len(self) - int(keep.sum())
        return (self, 0) if dropped == 0 else (Ticks(self.ts_ms[keep], self.bid[keep], self.ask[keep]), dropped)


@dataclass(frozen=True, slots=True)
class PriceScale:
    """Turns prices into whole ticks, exactly.

    `tick` is the instrument's price tick. A price between two ticks is refused, unless `rounding` is set: then it goes
    to the nearest tick, half to even.
    """

    tick: Decimal
    rounding: bool = False

    def __post_init__(self) -> None:
        if not (self.tick.is_finite() and self.tick > 0):
            raise PriceError(f"the price tick must be above zero, not {self.tick}")

    def ticks(self, price: Decimal | str | float) -> int:
        """Whole ticks of a positive price. A float counts as the shortest decimal that reads back as it.

        Raises PriceError for what is no positive price, is off the tick, or has more than 2^62 ticks.
        """
        exact = self._decimal(price)
        if not exact.is_finite() or exact <= 0:
            raise PriceError(f"{price} is not a price above zero")
        ratio = exact / self.tick
        whole = ratio.to_integral_value(rounding=ROUND_HALF_EVEN)
        if whole != ratio and not self.rounding:
            raise PriceError(f"{exact} is not on the tick {self.tick}")
        if not 0 < whole < MAX_TICKS:
            raise PriceError(f"{price} does not fit the tick {self.tick}")
        return int(whole)

    def price(self, ticks: int) -> Decimal:
        """The price of so many ticks."""
        return ticks * self.tick

    @staticmethod
    def _decimal(price: Decimal | str | float) -> Decimal:
        if isinstance(price, Decimal):
            return price
        try:
            return Decimal(price if isinstance(price, str) else repr(price))
        except InvalidOperation:
            raise PriceError(f"{price!r} is not a number") from None
