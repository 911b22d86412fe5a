"""The trigger book against a naive model, and its speed's independence of the number of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.lanes.book import Thresholds, TriggerBook

PRICES = st.integers(min_value=1, max_value=60)
MAYBE = st.none() | PRICES
THRESHOLDS = st.builds(Thresholds, MAYBE, MAYBE, MAYBE, MAYBE)
KEYS = st.integers(min_value=0, max_value=40)
QUOTES = st.tuples(PRICES, st.integers(min_value=0, max_value=5)).map(lambda q: (q[0], q[0] + q[1]))


def naive_crossed(model: dict[int, Thresholds], bid: int, ask: int) -> list[int]:
    return sorted(key for key, thresholds in model.items() if thresholds.touched(bid, ask))


def naive_first(model: dict[int, Thresholds], quotes: list[tuple[int, int]], start: int) -> int:
    for index in range(start, len(quotes)):
        if naive_crossed(model, *quotes[index]):
            return index
    return len(quotes)


class BookMachine(RuleBasedStateMachine):
    """Random puts, removals and quotes: the book and a plain dictionary must always agree."""

    def __init__(self) -> None:
        super().__init__()
        self.book: TriggerBook[int] = TriggerBook()
        self.model: dict[int, Thresholds] = {}

    @rule(key=KEYS, thresholds=THRESHOLDS)
    def put(self, key: int, thresholds: Thresholds) -> None:
        self.book.put(key, thresholds)
        self.model[key] = thresholds

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        assert self.book.remove(key) == (self.model.pop(key, None) is not None)

    @rule(thresholds=st.lists(THRESHOLDS, max_size=600), first=st.integers(min_value=1000, max_value=10**6))
    def put_many(self, thresholds: list[Thresholds], first: int) -> None:
        fresh = [(key, t) for key, t in enumerate(thresholds, start=first) if key not in self.model]
        self.book.put_many(fresh)
        self.model.update(fresh)

    @rule(quote=QUOTES)
    def cross(self, quote: tuple[int, int]) -> None:
        assert self.book.crossed(*quote) == naive_crossed(self.model, *quote)

    @rule(quotes=st.lists(QUOTES, max_size=400), start=st.integers(min_value=0, max_value=30))
    def scan(self, quotes: list[tuple[int, int]], start: int) -> None:
        start = min(start, len(quotes))
        bids = np.array([q[0] for q in quotes], dtype=np.int64)
        asks = np.array([q[1] for q in quotes], dtype=np.int64)
        assert self.book.first_crossing(bids, asks, start) == naive_first(self.model, quotes, start)

    @invariant()
    def same_size(self) -> None:
        assert len(self.book) == len(self.model)


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


@given(rows=st.lists(THRESHOLDS, min_size=1, max_size=50), quotes=st.lists(QUOTES, min_size=1, max_size=50))
def test_an_untouched_extreme_means_no_subject_fires(rows: list[Thresholds], quotes: list[tuple[int, int]]) -> None:
    book: TriggerBook[int] = TriggerBook()
    for key, thresholds in enumerate(rows):
        book.put(key, thresholds)
    for bid, ask in quotes:
        if not book.touched(bid, ask):
            assert not any(thresholds.touched(bid, ask) for thresholds in rows)


def test_stale_extremes_hide_nothing_and_settle() -> None:
    """After the outermost row is gone, a quote between it and the next reports nothing and narrows the extremes."""
    book: TriggerBook[int] = TriggerBook()
    book.put_many([(key, Thresholds(ask_le=100 + key)) for key in range(1000)])
    assert book.remove(999)
    assert book.touched(1099, 1099)
    assert book.crossed(1099, 1099) == []
    assert not book.touched(1099, 1099)
    assert book.crossed(1098, 1098) == [998]


def test_rows_are_used_again() -> None:
    book: TriggerBook[int] = TriggerBook()
    for round_ in range(2000):
        book.put(round_, Thresholds(bid_ge=round_ + 1))
        assert book.remove(round_)
    assert len(book) == 0
    assert book.first_crossing(np.full(500, 10**6), np.full(500, 10**6)) == 500


def test_fired_subjects_come_in_the_order_of_their_keys() -> None:
    book: TriggerBook[tuple[str, int]] = TriggerBook()
    for key in [("b", 2), ("a", 9), ("b", 1), ("a", 3)]:
        book.put(key, Thresholds(bid_le=50))
    assert book.crossed(50, 51) == [("a", 3), ("a", 9), ("b", 1), ("b", 2)]


def test_put_many_refuses_subjects_that_are_in() -> None:
    book: TriggerBook[int] = TriggerBook()
    book.put(1, Thresholds(ask_le=5))
    with pytest.raises(ValueError, match="new subjects only"):
        book.put_many([(1, Thresholds(ask_le=6))])
    with pytest.raises(ValueError, match="new subjects only"):
        book.put_many([(2, Thresholds(ask_le=6)), (2, Thresholds(ask_le=7))])
