"""The feed's clock, by which a quote's age is told, and the fast path through Redis."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from core.feeds.store import append_ticks
from core.feeds.stream import ClockMessage, quotes_message, send
from core.feeds.ticks import Ticks
from core.lanes import lane as lane_module
from tests.lanes.conftest import START_MS, Street


def clock(street: Street) -> int:
    found: int = street.rows("select feed_ts_ms from core.quotes")[0][0]
    return found


def test_a_feed_tells_its_time_while_an_instrument_is_silent(street: Street) -> None:
    lane = street.lane()
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    assert clock(street) == START_MS + 1000
    send(street.redis, [(0, ClockMessage("test", START_MS + 7000)), (0, ClockMessage("other", START_MS + 9000))])
    lane.run(1.5, stop=lambda: clock(street) == START_MS + 7000)
    assert clock(street) == START_MS + 7000


@pytest.mark.parametrize(("feed", "ages"), [("test", True), ("replay", False)])
def test_quotes_of_a_dead_feed_grow_old_and_those_of_a_replay_do_not(
    street: Street, monkeypatch: pytest.MonkeyPatch, feed: str, ages: bool
) -> None:
    with street.database.system() as session:
        session.execute(text("update core.instruments set feed = :feed where feed_symbol = 'EURUSD'"), {"feed": feed})
    monkeypatch.setattr(lane_module, "_SILENCE_S", 0.0)
    monkeypatch.setattr(lane_module, "_BEAT_S", 0.2)
    lane = street.lane()
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    before = clock(street)
    lane.run(1.0)
    assert (clock(street) > before) is ages


def test_quotes_that_come_through_redis_are_worked_off_at_once(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lane never looks into the table here: what fires came by the fast path, in order, and once."""
    monkeypatch.setattr(lane_module, "_LOOK_S", 1e9)
    lane = street.lane()
    street.ladder("0.0010", "1.1000")
    lane.run(0.1)
    instrument = street.place.instruments["EURUSD"]
    batches = [[(START_MS + 1, 109890, 109900)], [(START_MS + 2, 110000, 110010), (START_MS + 3, 109890, 109900)]]
    for rows in batches:
        with street.database.system() as session:
            made = append_ticks(session, instrument, Ticks.of(rows))
        message = quotes_message(instrument, made.first_seq, made.ticks)
        send(street.redis, [(0, message), (0, message)])
        started = time.monotonic()
        assert lane.run(10, stop=lambda last=made.last_seq: lane.position(instrument) >= last)
        assert time.monotonic() - started < 9
    assert [(fill[1], fill[5]) for fill in street.fills()] == [("buy", 1), ("sell", 2), ("buy", 3)]
