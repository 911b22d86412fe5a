"""Subjects that no price concerns before a time: the same quotes fire them as a look at each quote would, and none before."""

from __future__ import annotations

import random
from uuid import UUID, uuid4

import pytest

from core.feeds.ticks import Ticks
from core.lanes.book import Thresholds
from core.lanes.market import Waiting
from core.lanes.scan import next_crossing
from core.lanes.subject import RANKS, Armed, LaneQuote, SubjectRef

TENANT, INSTRUMENT = uuid4(), uuid4()


def subject(number: int) -> SubjectRef:
    return SubjectRef(TENANT, RANKS["reactor"], UUID(int=number + 1))


def armed(ref: SubjectRef, chance: random.Random) -> Armed:
    sides = [chance.randint(90, 110) if chance.random() < 0.5 else None for _ in range(4)]
    after = chance.randint(0, 400) if chance.random() < 0.7 else None
    return Armed(ref.subject_id, Thresholds(*sides), chance.randint(0, 60), 1, ("bots", "bots"), after)


def fires(one: Armed, seq: int, ts_ms: int, bid: int, ask: int) -> bool:
    due = one.after_ms is None or ts_ms >= one.after_ms
    return due and seq > one.since_seq and one.thresholds.touched(bid, ask)


@pytest.mark.parametrize("seed", range(25))
def test_the_same_quotes_fire_as_when_each_is_looked_at(seed: int) -> None:
    chance = random.Random(seed)
    now: dict[SubjectRef, Armed] = {subject(n): armed(subject(n), chance) for n in range(40)}
    waiting = Waiting(now.items())
    rows, clock = [], 0
    for _ in range(200):
        clock += chance.choice((0, 1, 3, 9))
        bid = 100 + chance.randint(-12, 12)
        rows.append((clock, bid, bid + 1))
    ticks = Ticks.of(rows)
    expected: list[tuple[int, list[SubjectRef]]] = []
    found: list[tuple[int, list[SubjectRef]]] = []

    plain = dict(now)
    for index, (ts_ms, bid, ask) in enumerate(rows):
        fired = sorted(ref for ref, one in plain.items() if fires(one, index + 1, ts_ms, bid, ask))
        if fired:
            expected.append((index, fired))
            # What has fired waits for something else from then on, as a bot does.
            for ref in fired:
                plain[ref] = armed(ref, random.Random(f"{seed}/{index}/{ref.subject_id}"))

    at = -1
    while (at := next_crossing(waiting, ticks, at + 1)) < len(ticks):
        ts_ms, bid, ask = rows[at]
        fired = [ref for refs in waiting.fired(LaneQuote(INSTRUMENT, at + 1, ts_ms, bid, ask)).values() for ref in refs]
        if fired:
            found.append((at, sorted(fired)))
            for ref in fired:
                waiting.put(ref, armed(ref, random.Random(f"{seed}/{at}/{ref.subject_id}")))
    assert found == expected
    assert len(expected) > 3


def test_what_waits_for_a_time_is_not_in_the_book_and_counts_as_the_tenants() -> None:
    ref = subject(1)
    waiting = Waiting([(ref, Armed(ref.subject_id, Thresholds(bid_ge=0), 0, 1, None, 500))])
    assert (len(waiting), len(waiting.book), waiting.tenants[TENANT]) == (1, 0, 1)
    ticks = Ticks.of([(100, 1, 2), (499, 1, 2), (500, 1, 2), (501, 1, 2)])
    assert waiting.ripen(ticks) == 2
    assert len(waiting.book) == 0
    assert next_crossing(waiting, ticks, 0) == 2
    assert len(waiting.book) == 1
    waiting.put(ref, Armed(ref.subject_id, Thresholds(bid_ge=0), 0, 2, None, 900))
    assert (len(waiting.book), waiting.ripen(ticks)) == (0, 4)
    waiting.drop(ref)
    assert (len(waiting), waiting.tenants[TENANT]) == (0, 0)
    assert waiting.ripen(Ticks.of([(2000, 1, 2)])) == 1
