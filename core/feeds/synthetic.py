"""Prices made up by a formula: for when no real ones are there. Everything that shows them says that they are synthetic.

The n-th quote of a symbol depends on the seed, the symbol and n alone, so the feed goes on from any number without
having made the quotes before it. The middle is a sum of value noise over octaves (K. Perlin, "An Image Synthesizer",
1985, in one dimension): random heights on a lattice, joined by straight lines, one octave for each doubling of the
lattice's step, heights growing with the square root of the step as a random walk's do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.feeds.ticks import PriceError, PriceScale, Ticks

_OCTAVES: Final = 18
_SPREAD_OCTAVE: Final = 63
_HEIGHTS: Final = [2.0 ** (octave / 2) for octave in range(_OCTAVES)]


@dataclass(frozen=True, slots=True)
class SyntheticMarket:
    """One symbol's made-up market.

    `base`: the price it wanders around. `tick`: its price tick. `step`: how far a quote typically moves, in ticks.
    `spread`: the least spread in ticks; now and then it is up to twice that. `interval_ms`: time between quotes.
    `start_ms`: time of quote 1. Raises PriceError where the walk could reach zero.
    """

    seed: int
    symbol: str
    base: Decimal
    tick: Decimal
    step: int = 2
    spread: int = 2
    interval_ms: int = 250
    start_ms: int = 1_704_067_200_000  # 1 January 2024

    def __post_init__(self) -> None:
        if self.step * sum(_HEIGHTS) + 2 * self.spread >= PriceScale(self.tick, rounding=True).ticks(self.base):
            raise PriceError(f"steps of {self.step} ticks can take {self.symbol} from {self.base} to zero")

    def after(self, seq: int, count: int) -> Ticks:
        """Quotes seq + 1 … seq + count."""
        numbers = np.arange(seq + 1, seq + count + 1, dtype=np.int64)
        base = PriceScale(self.tick, rounding=True).ticks(self.base)
        middle = base + np.rint(self.step * self._walk(numbers)).astype(np.int64)
        wider = np.rint(self.spread * np.maximum(self._noise(_SPREAD_OCTAVE, numbers), 0.0)).astype(np.int64)
        spread = self.spread + wider
        bid = middle - spread // 2
        return Ticks(self.start_ms + (numbers - 1) * self.interval_ms, bid, bid + spread)

    def _walk(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        walk = np.zeros(len(numbers))
        for octave, height in enumerate(_HEIGHTS):
            lattice, inside = numbers >> octave, (numbers & ((1 << octave) - 1)) / (1 << octave)
            left, right = self._noise(octave, lattice), self._noise(octave, lattice + 1)
            walk += height * (left + (right - left) * inside)
        return walk

    def _noise(self, octave: int, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """A height in [−1, 1) for each place of an octave's lattice."""
        name = f"{self.seed}/{self.symbol}/{octave}".encode()
        offset = np.uint64(int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()))
        return (_mixed(places.astype(np.uint64) + offset) >> np.uint64(11)) / 2.0**52 - 1.0


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's output function (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014)."""
    x = x * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
