"""Runs of a launch preview: asked for, done by the job, the same as the golden runs to the last digit, kept and renewed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel
from sqlalchemy import func, select, text, update

from core.feeds.files import PriceFile
from core.feeds.store import append_ticks
from core.sdk.history import recent_candles
from core.sdk.testing.workbench import Workbench
from plugins.bot_trading.models import PreviewRun
from plugins.bot_trading.registry import Strategies, own_strategies
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import Launch, open_place
from plugins.bot_trading.services.rehearsing import ask_rehearsal, find_rehearsal, offered_days, work_rehearsal
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.martingale.settings import MartingaleSettings
from plugins.bot_trading.strategies.protocol import Market, Quote, Setup
from plugins.bot_trading.strategies.reverse_martingale.settings import ReverseMartingaleSettings
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.strategy import SpotGrid
from tenants.db import TenantSession
from tests.bot_trading.ladders import EURUSD
from tests.bot_trading.test_cycles_golden import options
from tests.bot_trading.test_spot_grid_golden import golden_setup, same

STRATEGIES = own_strategies()
LIMITS = BotTradingSettings()
GRID = SpotGridSettings(lower=Decimal(90), upper=Decimal(110), cells=10, investment=Decimal(1000))


class Desk:
    """A customer of the northern brokerage who asks for runs."""

    def __init__(self, bench: Workbench) -> None:
        self.bench, self.north = bench, bench.one
        self.north.switch_on("bot_trading")
        self.kim = self.north.customer("Kim")
        self.account = self.north.account(self.kim, kind="Spot", balance="50000")

    def record(self, code: str, path: Path, tick: str) -> None:
        """Store a price file's quotes, the last of which is current. No lane has to work them off."""
        instrument = self.bench.market.instruments[code]
        with self.bench.platform.database.system() as session:
            last = append_ticks(session, instrument, PriceFile(path, Decimal(tick)).quotes()).last_seq
            session.execute(
                text(
                    "insert into core.quotes (instrument_id, seq, ts_ms, feed_ts_ms, bid, ask)"
                    " select instrument_id, seq, ts_ms, ts_ms, bid, ask from core.ticks"
                    " where instrument_id = :id and seq = :seq on conflict (instrument_id) do update set"
                    " seq = excluded.seq, ts_ms = excluded.ts_ms, feed_ts_ms = excluded.ts_ms, bid = excluded.bid, ask = excluded.ask"
                ),
                {"id": instrument, "seq": last},
            )

    def wish(self, code: str, strategy: str, settings: BaseModel, customer: UUID | None = None) -> Launch:
        return Launch(customer or self.kim, self.account, self.north.symbol(code), strategy, settings, "k", "kim")

    def ask(self, code: str, strategy: str, settings: BaseModel, days: int = 7, market: Market | None = None) -> UUID:
        """Ask for a run as the page does; ``market``: by these rules instead of the symbol's own."""
        wish = self.wish(code, strategy, settings)
        with self.north.session() as session:
            place = open_place(session, STRATEGIES, LIMITS, strategy, self.kim, wish.account_id, wish.symbol_id)
            if market is not None:
                place = replace(place, market=market)
            return ask_rehearsal(session, LIMITS, place, wish, days).id

    def result(self, preview_id: UUID) -> dict[str, Any]:
        with self.north.session() as session:
            found = find_rehearsal(session, self.kim, preview_id)
            assert found is not None
            assert found.result is not None
            return found.result

    def run(self, code: str, setups: Sequence[tuple[str, BaseModel, Market]]) -> list[dict[str, Any]]:
        """Ask for runs three at a time, let the jobs do them, and give what they came to."""
        found = []
        for start in range(0, len(setups), 3):
            asked = [self.ask(code, key, settings, 7, market) for key, settings, market in setups[start : start + 3]]
            self.bench.work()
            found += [self.result(one) for one in asked]
        return found


@pytest.fixture
def desk(workbench: Workbench) -> Desk:
    return Desk(workbench)


def cycles_setup(golden: dict[str, Any]) -> tuple[str, BaseModel, Market]:
    values = options(golden)
    if golden["mode"] == "martingale ladder":
        return "martingale", MartingaleSettings(**values), EURUSD
    if golden["mode"] == "anti":
        return "reverse_martingale", ReverseMartingaleSettings(**values), EURUSD
    return "reverse_martingale", ReverseMartingaleSettings(variant="alternate", **values), EURUSD


def grid_run(golden: dict[str, Any]) -> tuple[str, BaseModel, Market]:
    setup: Setup[SpotGridSettings] = golden_setup(golden)
    return "spot_grid", setup.settings, setup.market


def check_grid(result: dict[str, Any], golden: dict[str, Any]) -> None:
    assert (result["fills"], result["cycles"]) == (golden["fills"], golden["pairs"])
    for name, agreed in (
        ("cycle_profit", golden["grid_profit"]),
        ("inventory_realised", golden["inventory_realised"]),
        ("floating", golden["floating"]),
        ("total", golden["total"]),
        ("base", golden["base"]),
        ("cash", golden["cash"]),
        ("fees", golden.get("fees", "0")),
    ):
        assert same(Decimal(result[name]), agreed), name
    assert Decimal(result["curve"][-1][1]) == Decimal(result["total"])


@pytest.mark.shared
def test_the_golden_runs_on_ticks_come_out_of_the_preview_to_the_last_digit(desk: Desk, shared_dir: Path) -> None:
    """A grid, three ladders and both streaks over the day of EUR/USD, by the job of the preview."""
    runs = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"]
    file = "eurusd_oanda_ticks_2014-05-08.csv"
    desk.record("EURUSD", shared_dir / "data" / file, "0.00001")
    golden = {name: one for name, one in runs.items() if one["data"] == file}
    assert len(golden) == 6
    setups = [grid_run(one) if "grid_profit" in one else cycles_setup(one) for one in golden.values()]
    for result, agreed in zip(desk.run("EURUSD", setups), golden.values(), strict=True):
        assert result["quotes"] == 87833
        if "grid_profit" in agreed:
            check_grid(result, agreed)
            continue
        assert result["cycles"] == agreed["cycles"]
        assert Decimal(result["realised"]) == Decimal(agreed["realised"])
        assert Decimal(result["floating"]) == Decimal(agreed["open_float"])


@pytest.mark.shared
def test_the_golden_runs_on_bars_come_out_of_the_preview_to_the_last_digit(desk: Desk, shared_dir: Path) -> None:
    """Two grids on minute bars of coins; the second stands years after the first, so that each run sees its own."""
    runs = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"]
    for name in ("spot_grid_btcusd_arithmetic", "spot_grid_solusdt_geometric"):
        desk.record("BTCUSD", shared_dir / "data" / runs[name]["data"], "0.01")
        (result,) = desk.run("BTCUSD", [grid_run(runs[name])])
        check_grid(result, runs[name])


def test_a_run_is_kept_for_its_parameters_and_made_anew_when_it_is_old(desk: Desk) -> None:
    for price in ("100", "98", "96", "98", "100", "102"):
        desk.bench.market.quote("BTCUSD", price)
    first = desk.ask("BTCUSD", "spot_grid", GRID)
    assert desk.ask("BTCUSD", "spot_grid", GRID) == first  # under way: the same one
    desk.bench.work()
    assert desk.ask("BTCUSD", "spot_grid", GRID) == first  # done: the same one
    assert desk.result(first)["quotes"] == 6
    assert Decimal(desk.result(first)["total"]) == Decimal(desk.result(first)["curve"][-1][1])
    other = desk.ask("BTCUSD", "spot_grid", GRID.model_copy(update={"cells": 8}))
    assert other != first
    with desk.north.session() as session:
        session.execute(update(PreviewRun).values(asked_at=datetime.now(UTC) - timedelta(minutes=20)))
    assert desk.ask("BTCUSD", "spot_grid", GRID) != first
    with desk.north.session() as session:
        session.execute(update(PreviewRun).values(asked_at=datetime.now(UTC) - timedelta(days=2)))
    desk.ask("BTCUSD", "spot_grid", GRID.model_copy(update={"cells": 7}))
    with desk.north.session() as session:
        assert session.scalar(select(func.count()).select_from(PreviewRun)) == 1


def test_a_run_begins_where_the_days_begin_and_shows_its_decisions(desk: Desk) -> None:
    desk.bench.market.quote("BTCUSD", "50")
    desk.bench.market.quote("BTCUSD", "100", after_s=10 * 86_400)
    for price in ("98", "100"):
        desk.bench.market.quote("BTCUSD", price, after_s=3600)
    with desk.north.session() as session:
        assert offered_days(session, desk.north.symbol("BTCUSD"), LIMITS) == [1, 3, 7, 14]
    found = desk.ask("BTCUSD", "spot_grid", GRID, days=1)
    desk.bench.work()
    result = desk.result(found)
    assert result["quotes"] == 3
    assert result["codes"] == {"started": 1, "bought": 1, "sold": 1, "round_trips": 1}
    assert [one["side"] for one in result["last_fills"]] == ["buy", "buy", "sell"]
    assert Decimal(result["drawdown"]) > 0


def test_candles_are_what_the_account_sees_and_as_long_as_the_prices_ask_for(desk: Desk) -> None:
    for minute, price in enumerate(("100", "102", "99", "101")):
        desk.bench.market.quote("BTCUSD", price, after_s=60 if minute else 1)
    with desk.north.session() as session:
        symbol = desk.north.symbol("BTCUSD")
        candles, step = recent_candles(session, desk.account, symbol, count=2)
        assert step == 300
        assert sum(1 for _ in candles) in (1, 2)
        assert (candles[0][1], candles[-1][4]) == (Decimal(100), Decimal(101))
        assert max(one[2] for one in candles) == 102
        assert min(one[3] for one in candles) == 99
        session.execute(text("update core.account_types set markup = 200 where name = 'Spot'"))  # of a pip, both sides
        pip = session.execute(text("select pip from core.symbols where id = :id"), {"id": symbol}).scalar_one()
        dearer, _step = recent_candles(session, desk.account, symbol, count=2)
        assert dearer[-1][4] == Decimal(101) - 100 * pip


def test_what_is_asked_for_too_often_or_too_far_back_is_refused(desk: Desk) -> None:
    desk.bench.market.quote("BTCUSD", "100")
    with pytest.raises(BotRefusedError, match="preview_too_long"):
        desk.ask("BTCUSD", "spot_grid", GRID, days=91)
    for cells in (5, 6, 7):
        desk.ask("BTCUSD", "spot_grid", GRID.model_copy(update={"cells": cells}))
    with pytest.raises(BotRefusedError, match="previews_under_way"):
        desk.ask("BTCUSD", "spot_grid", GRID)
    desk.bench.work()
    desk.ask("BTCUSD", "spot_grid", GRID)


class Broken(SpotGrid):
    """Somebody's strategy with a fault."""

    def on_quote(self, setup: Any, state: Any, quote: Quote) -> Any:
        raise ZeroDivisionError


class Context:
    """What the job is given, over a session of the test."""

    def __init__(self, session: TenantSession) -> None:
        self.session = session

    def commit(self) -> None:
        self.session.commit()

    def progress(self, done: int, total: int, **_more: Any) -> None:
        assert 0 <= done <= total


def test_a_strategy_with_a_fault_fails_its_own_run_and_not_the_module(desk: Desk) -> None:
    """Jobs that fail count towards the module's quarantine; this one ends, and the run can be asked for anew."""
    desk.bench.market.quote("BTCUSD", "100")
    found = desk.ask("BTCUSD", "spot_grid", GRID)
    with desk.north.session() as session:
        work_rehearsal(Context(session), Strategies([Broken()]), {"preview": str(found)})  # type: ignore[arg-type]
    assert desk.result(found)["failed"] is True
    again = desk.ask("BTCUSD", "spot_grid", GRID)
    assert again != found
    desk.bench.work()
    assert desk.result(again)["quotes"] == 1


def test_another_customer_sees_no_run_of_mine(desk: Desk) -> None:
    desk.bench.market.quote("BTCUSD", "100")
    found = desk.ask("BTCUSD", "spot_grid", GRID)
    with desk.north.session() as session:
        assert find_rehearsal(session, desk.north.customer("Lee"), found) is None
    with desk.bench.other.session() as session:
        assert find_rehearsal(session, desk.kim, found) is None
