"""What a quote costs that crosses nothing, with no subject waiting and with many, against plain comparisons.

All in one run of one process, so that the ratios hold on any machine: the times alone don't.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np

from core.lanes.book import Thresholds
from core.lanes.market import Waiting
from core.lanes.subject import RANKS, Armed, SubjectRef

_BID: Final = 110_000
_REACH: Final = 400
"""No quote of the run goes further from the start, in ticks; every threshold lies beyond."""
_ROUNDS: Final = 7
_BATCH: Final = 10_000
_SINGLE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Costs:
    """Nanoseconds for a quote that crosses nothing: looked at alone, and as one of a batch."""

    one_ns: float
    batch_ns: float


@dataclass(frozen=True, slots=True)
class QuoteBenchmark:
    """The result; `floor` is what four comparisons of plain integers, or of arrays, cost."""

    bots: int
    floor: Costs
    none: Costs
    many: Costs
    bytes_per_bot: float

    def document(self) -> dict[str, Any]:
        """As JSON, with the ratios that matter."""
        return {
            **asdict(self),
            "many_to_none": {
                "one": self.many.one_ns / self.none.one_ns,
                "batch": self.many.batch_ns / self.none.batch_ns,
            },
            "many_to_floor": {
                "one": self.many.one_ns / self.floor.one_ns,
                "batch": self.many.batch_ns / self.floor.batch_ns,
            },
        }


def measure(bots: int, *, seed: int = 1) -> QuoteBenchmark:
    """Measure with no bot and with `bots` grids, each of which waits for a price below and one above."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    path = np.cumsum(np.array([chance.choice((-1, 0, 1)) for _ in range(_BATCH)], dtype=np.int64))
    bids = _BID + np.clip(path, -_REACH, _REACH)
    asks = bids + 13
    books = {"none": Waiting(), "many": Waiting(_grids(bots, chance))}
    times: dict[str, list[float]] = {}
    # The rounds go through all candidates in turn, so that a busy moment of the machine hits none alone.
    for _ in range(_ROUNDS):
        times.setdefault("floor one", []).append(_one_ns(_floor_one, bids, asks))
        times.setdefault("floor batch", []).append(_batch_ns(_floor_batch, bids, asks))
        for name, waiting in books.items():
            times.setdefault(f"{name} one", []).append(_one_ns(waiting.book.touched, bids, asks))
            times.setdefault(f"{name} batch", []).append(_batch_ns(waiting.book.first_crossing, bids, asks))
    best = {name: statistics.median(values) for name, values in times.items()}
    floor, none, many = (Costs(best[f"{name} one"], best[f"{name} batch"]) for name in ("floor", "none", "many"))
    return QuoteBenchmark(bots, floor, none, many, books["many"].book.bytes_used() / bots if bots else 0.0)


def _grids(count: int, chance: random.Random) -> list[tuple[SubjectRef, Armed]]:
    tenants = [UUID(int=chance.getrandbits(128)) for _ in range(2)]
    made = []
    for number in range(count):
        below = _BID - _REACH - 1 - chance.randrange(5000)
        above = _BID + _REACH + 14 + chance.randrange(5000)
        ref = SubjectRef(tenants[number % 2], RANKS["reactor"], UUID(int=chance.getrandbits(128)))
        made.append((ref, Armed(ref.subject_id, Thresholds(ask_le=below, bid_ge=above), 0, 1, ("bots", "bots"))))
    return made


def _one_ns(look: Callable[[int, int], bool], bids: np.ndarray[Any, Any], asks: np.ndarray[Any, Any]) -> float:
    quotes = list(zip(bids.tolist(), asks.tolist(), strict=True)) * (_SINGLE // _BATCH)
    started = time.perf_counter_ns()
    for bid, ask in quotes:
        if look(bid, ask):
            raise AssertionError("a quote of this run must cross nothing")
    return (time.perf_counter_ns() - started) / len(quotes)


def _batch_ns(
    scan: Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any]], int],
    bids: np.ndarray[Any, Any],
    asks: np.ndarray[Any, Any],
) -> float:
    repeats = 20
    started = time.perf_counter_ns()
    for _ in range(repeats):
        if scan(bids, asks) != len(bids):
            raise AssertionError("a quote of this run must cross nothing")
    return (time.perf_counter_ns() - started) / (repeats * len(bids))


_LOW: Final = _BID - _REACH - 1
_HIGH: Final = _BID + _REACH + 14


def _floor_one(bid: int, ask: int) -> bool:
    return ask <= _LOW or ask >= _HIGH or bid <= _LOW or bid >= _HIGH


def _floor_batch(bids: np.ndarray[Any, Any], asks: np.ndarray[Any, Any]) -> int:
    hits = (asks <= _LOW) | (asks >= _HIGH) | (bids <= _LOW) | (bids >= _HIGH)
    return int(hits.argmax()) if hits.any() else len(bids)
