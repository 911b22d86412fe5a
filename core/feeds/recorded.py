"""Recorded prices as a feed: numbered from 1, sent again from any number, and in a loop if wished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.feeds.ticks import Ticks

WEEK_MS: Final = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class RecordedPrices:
    """A finite run of quotes, none older than the one before it (`Ticks.not_older_than` sees to that).

    In a loop each lap is the same prices later by whole weeks, so that days of the week and hours stay what they were.
    """

    quotes: Ticks
    loop: bool = False

    def __post_init__(self) -> None:
        if bool(np.any(np.diff(self.quotes.ts_ms) < 0)):
            raise ValueError("recorded quotes must not go back in time")

    def after(self, seq: int, count: int) -> Ticks:
        """Quotes seq + 1 … seq + count; fewer where the recording ends, never fewer in a loop."""
        length = len(self.quotes)
        if not self.loop or length == 0:
            return self.quotes[seq : seq + count]
        parts: list[Ticks] = []
        while count > 0:
            lap, place = divmod(seq, length)
            part = self.quotes[place : place + count]
            parts.append(Ticks(part.ts_ms + lap * self._lap_ms, part.bid, part.ask))
            seq, count = seq + len(part), count - len(part)
        return Ticks.join(parts)

    @property
    def _lap_ms(self) -> int:
        """The recording's length and the pause after it, in whole weeks."""
        span = int(self.quotes.ts_ms[-1] - self.quotes.ts_ms[0])
        return (span // WEEK_MS + 1) * WEEK_MS
