"""Replaying a file through a lane in lockstep: from the start, broken off and gone on with, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import text

from core.feeds import replaying
from core.feeds.replay_target import ReplayError
from core.feeds.replaying import Wish, replay
from core.lanes import run_slice
from core.platform import Platform, build_platform
from core.runtime import Runtime
from core.settings import Settings
from tests.trading.market import MarketPlace, set_up


@pytest.fixture
def platform(settings: Settings, valkey: redis.Redis) -> Iterator[Platform]:
    with build_platform(settings, Runtime()) as made:
        yield made


@pytest.fixture
def place(platform: Platform) -> MarketPlace:
    return set_up(platform.database)


def price_file(folder: Path, bids: list[str], name: str = "prices.csv", *, start_ms: int = 0) -> Path:
    rows = "".join(f"{start_ms + n * 1000},{bid},{float(bid) + 0.0001:.5f}\n" for n, bid in enumerate(bids))
    path = folder / name
    path.write_text(f"ts_ms,bid,ask\n{rows}", encoding="utf-8")
    return path


def rows(platform: Platform, statement: str) -> list[tuple[Any, ...]]:
    with platform.database.system() as session:
        return [tuple(row) for row in session.execute(text(statement))]


FALL = ["1.10000", "1.09950", "1.09900", "1.09800", "1.09850", "1.09300", "1.09400"]


def test_a_file_goes_through_the_lane_and_orders_fill_on_its_quotes(
    platform: Platform, place: MarketPlace, tmp_path: Path
) -> None:
    (account,) = place.accounts("standard")
    told: list[tuple[int, int]] = []

    def work(done: int, count: int) -> None:
        told.append((done, count))
        run_slice(platform, 0, 0.1)

    first = price_file(tmp_path, FALL[:1], "first.csv", start_ms=5000)
    assert replay(platform, Wish(first, "north", "EURUSD"), work) == 1
    place.place(account, "buy", "0.10", kind="limit", price="1.09900", stop_loss="1.09400")
    assert replay(platform, Wish(price_file(tmp_path, FALL), "north", "EURUSD"), work) == 7
    assert rows(platform, "select side, price, seq from core.fills order by fill_no") == [
        ("buy", Decimal("1.099"), 5),
        ("sell", Decimal("1.093"), 7),
    ]
    assert told[-1] == (7, 7)
    # Times that would go back are moved by whole weeks.
    ((shift,),) = rows(platform, "select shift_ms from core.replays order by first_seq desc limit 1")
    assert shift == 7 * 24 * 3600 * 1000
    assert rows(platform, "select feed, feed_symbol, lockstep, label from core.instruments where feed = 'replay'") == [
        ("replay", "north/EURUSD", False, "Replay of prices.csv")
    ]
    assert rows(platform, "select count(*) from core.replays where finished_at is null") == [(0,)]


def test_a_broken_off_replay_goes_on_where_it_stopped(
    platform: Platform, place: MarketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "PIECE", 2)
    monkeypatch.setattr(replaying, "AHEAD", 2)
    path = price_file(tmp_path, FALL)
    calls = 0

    def break_off(_done: int, _count: int) -> None:
        nonlocal calls
        run_slice(platform, 0, 0.1)
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(platform, Wish(path, "north", "EURUSD"), break_off)
    ((half,),) = rows(platform, "select count(*) from core.ticks")
    assert 0 < half < len(FALL)
    other = price_file(tmp_path, ["1.20000"], "other.csv")
    with pytest.raises(ReplayError, match=r"a replay of prices\.csv on this symbol was broken off"):
        replay(platform, Wish(other, "north", "EURUSD"), break_off)
    replay(platform, Wish(path, "north", "EURUSD"), lambda *_: run_slice(platform, 0, 0.1) and None)
    assert [row[0] for row in rows(platform, "select bid from core.ticks order by seq")] == [
        int(float(bid) * 100_000 + 0.5) for bid in FALL
    ]
    replay(platform, Wish(other, "north", "EURUSD"), lambda *_: run_slice(platform, 0, 0.1) and None)
    assert rows(platform, "select max(seq) from core.ticks") == [(len(FALL) + 1,)]


def test_another_file_may_take_the_place_of_a_broken_off_one(
    platform: Platform, place: MarketPlace, tmp_path: Path
) -> None:
    def break_off(_done: int, _count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(platform, Wish(price_file(tmp_path, FALL), "north", "EURUSD"), break_off)
    other = price_file(tmp_path, ["1.20000"], "other.csv")
    wish = Wish(other, "north", "EURUSD", discard=True)
    assert replay(platform, wish, lambda *_: run_slice(platform, 0, 0.1) and None) == 1


def test_without_a_lane_the_replay_says_what_to_start(
    platform: Platform, place: MarketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "_PATIENCE_S", 0.2)
    with pytest.raises(ReplayError, match="no process works on lane 0: start `tradeyard up`"):
        replay(platform, Wish(price_file(tmp_path, FALL), "north", "EURUSD"), lambda *_: None)


def test_what_cannot_be_replayed_into_is_said(platform: Platform, place: MarketPlace, tmp_path: Path) -> None:
    path = price_file(tmp_path, FALL)

    def refused(match: str, **changes: Any) -> None:
        with pytest.raises(ReplayError, match=match):
            replay(platform, Wish(path, **{"tenant": "north", "symbol": "EURUSD", **changes}), lambda *_: None)

    refused("no tenant west; there are: north", tenant="west")
    refused("no symbol DAX; it has: BTCUSD, EURUSD, GBPUSD", symbol="DAX")
    refused("holds ticks: choose ticks", price="close")
    (account,) = place.accounts("standard")
    place.quote("EURUSD", "1.10000", "1.10000")
    place.place(account, "buy", "0.10")
    refused("EURUSD is fed by test and has 1 open positions")
