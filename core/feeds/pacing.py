"""When quotes are due: recorded and made-up prices handed out by the wall clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from core.feeds.ticks import Ticks

LONGEST_SILENCE_S: Final = 5.0
"""Silences of a recording (nights, weekends) are played no longer than this."""
AT_ONCE: Final = 1000
"""Most quotes of one symbol handed out at once."""
_FEW: Final = 16
_NOTHING: Final = Ticks.of([])


class Numbered(Protocol):
    """Prices whose quotes have numbers."""

    def after(self, seq: int, count: int) -> Ticks:
        """Quotes seq + 1 … seq + count, fewer at the end."""
        ...


Gaps = Callable[[Ticks], NDArray[np.float64]]
"""Seconds of the wall clock from each quote of a run to the next: one fewer than quotes."""


def every(seconds: float) -> Gaps:
    """The same time between all quotes."""
    return lambda ticks: np.full(max(len(ticks) - 1, 0), seconds)


def as_recorded(speed: float) -> Gaps:
    """The recorded times between quotes, divided by `speed`, long silences shortened."""
    return lambda ticks: np.minimum(np.diff(ticks.ts_ms) / 1000 / speed, LONGEST_SILENCE_S)


@dataclass(slots=True)
class Paced:
    """One symbol's quotes at their pace.

    :ivar restamped: give quotes the wall clock's time at which they are due instead of their own.
    """

    prices: Numbered
    gaps: Gaps
    restamped: bool = False
    _due_s: float | None = None

    def due(self, seq: int, now_s: float) -> Ticks:
        """The quotes after number `seq` that are due at `now_s` (seconds, wall clock), some of them if there are many.

        The first call is the start: its first quote is due at once. Time that passes without calls is not made up for.
        """
        if self._due_s is not None and now_s < self._due_s:
            return _NOTHING
        start = now_s if self._due_s is None or now_s - self._due_s > LONGEST_SILENCE_S else self._due_s
        # Mostly one or two are due; only a fast recording is worth a long look.
        for look in (_FEW, AT_ONCE):
            ticks = self.prices.after(seq, look + 1)
            if len(ticks) == 0:
                return ticks
            times = start + np.concatenate(([0.0], np.cumsum(self.gaps(ticks))))
            count = min(int(np.searchsorted(times, now_s, side="right")), look)
            if count < look:
                break
        # The time of the quote after the last: where it is not known yet, the next call begins anew.
        self._due_s = float(times[count]) if count < len(times) else None
        if not self.restamped:
            return ticks[:count]
        return Ticks((times[:count] * 1000).astype(np.int64), ticks.bid[:count], ticks.ask[:count])

    @property
    def next_s(self) -> float | None:
        """When the next quote is due (seconds, wall clock); none: not known."""
        return self._due_s
