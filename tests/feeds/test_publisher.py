"""The feed process: gapless numbers, a resumed run, quotes dropped and counted, Redis that goes away."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import text

from core.feeds.pacing import AT_ONCE, LONGEST_SILENCE_S, Paced, as_recorded, every
from core.feeds.publisher import Publisher
from core.feeds.recorded import RecordedPrices
from core.feeds.sources import FedInstrument, sources
from core.feeds.store import append_ticks, ticks_after
from core.feeds.stream import ClockMessage, HintMessage, QuotesMessage, StreamReader, quotes_message, send
from core.feeds.ticks import Ticks
from core.settings import Settings
from core.trading.models import Instrument
from tenants.db import Database, new_id

TICK = Decimal("0.00001")


class Script:
    """A source that hands out what it is told to."""

    def __init__(self) -> None:
        self.next: list[tuple[int, int, int]] = []

    def due(self, instrument: FedInstrument, seq: int, now_s: float) -> Ticks:
        rows, self.next = self.next, []
        return Ticks.of(rows)

    def clock_ms(self, now_s: float) -> int:
        return int(now_s * 1000)


@pytest.fixture
def instrument_id(database: Database) -> UUID:
    with database.system() as session:
        instrument = Instrument(id=new_id(), feed="synthetic", feed_symbol="EURUSD", tick=TICK, lane=3)
        session.add(instrument)
        session.add(Instrument(id=new_id(), feed="replay", feed_symbol="EURUSD", tick=TICK))
        return instrument.id


def stored(database: Database) -> list[tuple[Any, ...]]:
    with database.system() as session:
        rows = session.execute(text("select instrument_id, seq, ts_ms, bid, ask from core.ticks order by 1, 2"))
        return [tuple(row) for row in rows]


def test_quotes_are_numbered_without_gaps_and_the_lane_is_told(
    database: Database, valkey: redis.Redis, instrument_id: UUID
) -> None:
    script, reader = Script(), StreamReader(valkey, 3)
    assert reader.read(1) == []
    publisher = Publisher(database, valkey, {"synthetic": script})
    script.next = [(10, 1, 2), (10, 3, 4)]
    assert publisher.turn(1000.0) == 2
    script.next = [(20, 5, 6), (15, 7, 8), (30, 9, 10)]
    assert publisher.turn(1000.1) == 2
    expected = [(1, 10, 1, 2), (2, 10, 3, 4), (3, 20, 5, 6), (4, 30, 9, 10)]
    assert stored(database) == [(instrument_id, *row) for row in expected]
    assert publisher.dropped == {instrument_id: 1}
    messages = reader.read(100)
    assert messages == [
        QuotesMessage(instrument_id.bytes, 1, [10, 10], [1, 3], [2, 4]),
        ClockMessage("synthetic", 1_000_000),
        QuotesMessage(instrument_id.bytes, 3, [20, 30], [5, 9], [6, 10]),
    ]


def test_a_new_process_goes_on_from_the_last_quote(
    database: Database, valkey: redis.Redis, instrument_id: UUID, settings: Settings
) -> None:
    live = settings.model_copy(update={"feed": "synthetic", "feed_speed": 100.0})
    first = Publisher(database, valkey, sources(live))
    first.turn(5000.0)
    first.turn(5001.0)
    count = len(stored(database))
    assert count > 100
    Publisher(database, valkey, sources(live)).turn(5002.0)
    rows = stored(database)
    assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > count
    # The prices are those of one unbroken run, whoever sent them.
    with database.system() as session:
        played = sources(live)["synthetic"]
        unbroken = played._synthetic(  # type: ignore[attr-defined]
            FedInstrument(instrument_id, "synthetic", "EURUSD", TICK, 3)
        ).after(0, len(rows))
        again = ticks_after(session, instrument_id, 0, len(rows))
    assert again.bid.tolist() == unbroken.bid.tolist()
    assert again.ts_ms.tolist() == sorted(again.ts_ms.tolist())


def test_without_redis_the_quotes_are_kept_all_the_same(database: Database, instrument_id: UUID) -> None:
    nowhere = redis.Redis(unix_socket_path="/nonexistent/socket")
    script = Script()
    publisher = Publisher(database, nowhere, {"synthetic": script})
    script.next = [(10, 1, 2)]
    assert publisher.turn(1000.0) == 1
    assert len(stored(database)) == 1
    assert StreamReader(nowhere, 3).read(1) is None


def test_two_that_feed_do_not_meet(database: Database, valkey: redis.Redis, instrument_id: UUID) -> None:
    script = Script()
    first, second = (Publisher(database, valkey, {"synthetic": script}) for _ in range(2))
    assert first._own()
    assert not second._own()
    first._forget()
    assert second._own()
    second._forget()


def test_two_that_append_at_once_leave_no_gap(database: Database, instrument_id: UUID) -> None:
    with database.system() as session:
        assert append_ticks(session, instrument_id, Ticks.of([(5, 1, 1), (4, 2, 2)])).dropped == 1
    with database.system() as session:
        made = append_ticks(session, instrument_id, Ticks.of([(5, 1, 1), (4, 2, 2), (6, 3, 3)]))
    assert (made.first_seq, made.last_seq, made.dropped) == (2, 3, 1)
    assert [row[1] for row in stored(database)] == [1, 2, 3]


def test_old_quotes_go_once_no_lane_can_ask_for_them(
    database: Database, valkey: redis.Redis, instrument_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.feeds.publisher.KEPT_TICKS", 10)
    script = Script()
    script.next = [(n, 1, 2) for n in range(1, 31)]
    publisher = Publisher(database, valkey, {"synthetic": script})
    publisher.turn(1000.0)
    assert len(stored(database)) == 30, "no lane has worked them off"
    with database.system() as session:
        session.execute(
            text(
                "insert into core.quotes (instrument_id, seq, ts_ms, bid, ask, feed_ts_ms) values (:id, 30, 30, 1, 2, 30)"
            ),
            {"id": instrument_id},
        )
    publisher.turn(2000.0)
    assert [row[1] for row in stored(database)] == list(range(21, 31))


def test_many_quotes_at_once_are_only_hinted_at(valkey: redis.Redis) -> None:
    instrument_id = new_id()
    message = quotes_message(instrument_id, 5, Ticks.of([(n, 1, 1) for n in range(1000)]))
    assert message == HintMessage(instrument_id.bytes, 1004)


def test_a_reader_survives_the_loss_of_everything(valkey: redis.Redis) -> None:
    reader, message = StreamReader(valkey, 1), ClockMessage("x", 1)
    send(valkey, [(1, message)])
    assert reader.read(1) == []  # what came before it is in the table
    send(valkey, [(1, message)])
    assert reader.read(1) == [message]
    valkey.flushall()
    assert reader.read(1) == []
    send(valkey, [(1, message)])
    assert reader.read(1) == [message]


def test_a_recording_is_played_at_its_pace() -> None:
    prices = RecordedPrices(Ticks.of([(0, 1, 1), (1000, 2, 2), (3000, 3, 3), (10_000_000, 4, 4), (10_000_500, 5, 5)]))
    paced = Paced(prices, as_recorded(2.0))
    assert paced.due(0, 100.0).bid.tolist() == [1]
    assert paced.due(1, 100.4).bid.tolist() == []
    assert paced.next_s == 100.5
    assert paced.due(1, 101.6).bid.tolist() == [2, 3]
    # A night is played in no more than a few seconds.
    assert paced.next_s == pytest.approx(101.5 + LONGEST_SILENCE_S)
    assert paced.due(3, 106.6).bid.tolist() == [4]
    assert paced.due(4, 200.0).bid.tolist() == [5]
    assert paced.due(5, 300.0).bid.tolist() == []


def test_time_without_calls_is_not_made_up_for() -> None:
    paced = Paced(RecordedPrices(Ticks.of([(n, n + 1, n + 1) for n in range(5000)])), every(1.0))
    assert len(paced.due(0, 100.0)) == 1
    assert len(paced.due(1, 103.0)) == 3
    assert len(paced.due(4, 10_000.0)) == 1


def test_a_fast_recording_comes_in_parts() -> None:
    paced = Paced(RecordedPrices(Ticks.of([(n, n + 1, n + 1) for n in range(5000)])), every(1e-6))
    assert len(paced.due(0, 100.0)) == 1
    assert len(paced.due(1, 101.0)) == AT_ONCE
    assert len(paced.due(1 + AT_ONCE, 101.0)) == AT_ONCE


def test_the_file_and_the_demo_feed_their_own_instruments(settings: Settings, tmp_path: Any) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("ts_ms,bid,ask\n1000,1.1,1.2\n1500,1.3,1.4\n")
    of_file = sources(settings.model_copy(update={"feed": "file", "feed_prices": path}))
    assert sorted(of_file) == ["file", "synthetic"]
    mine = FedInstrument(new_id(), "file", "mine", TICK, 0)
    assert of_file["file"].due(mine, 0, time.time()).bid.tolist() == [110000]
    assert sources(settings) == {}
    of_demo = sources(settings.model_copy(update={"feed": "demo"}))["demo"]
    unknown = FedInstrument(new_id(), "demo", "NOPE", TICK, 0)
    assert len(of_demo.due(unknown, 0, time.time())) == 0
