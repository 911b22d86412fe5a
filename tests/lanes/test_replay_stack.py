"""The golden runs through the whole product: `tradeyard replay` against `tradeyard up`, its processes killed meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.feeds.files import PriceFile
from core.lanes.progress import progress
from core.platform import Platform
from core.sdk.testing.stack import Stack
from core.trading.models import Instrument, Symbol
from plugins.bot_trading.registry import own_strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.launching import Launch, launch
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.protocol import Quote
from tenants.db import new_id
from tenants.models import ProductConfig
from tests.lanes.grid import grid_setup
from tests.trading.market import MarketPlace, set_up

pytestmark = [pytest.mark.stack, pytest.mark.shared, pytest.mark.timeout(900)]

STRATEGIES = own_strategies()
RUNS = ("spot_grid_eurusd", "spot_grid_solusdt_geometric", "spot_grid_btcusd_arithmetic")
KILLS = 6


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product of this module's own: its processes are killed."""
    with Stack(tmp_path_factory.mktemp("golden") / "data") as stack:
        yield stack


@pytest.fixture(scope="module")
def platform(running: Stack) -> Iterator[Platform]:
    with running.platform() as made:
        yield made


@pytest.fixture(scope="module")
def place(platform: Platform) -> MarketPlace:
    """A brokerage beside the demo's, with Bot Trading on."""
    made = set_up(platform.database)
    with platform.database.system() as session:
        session.add(ProductConfig(tenant_id=made.tenant_id, module="bot_trading", state="on"))
    return made


class Run:
    """One agreed run: a symbol by its rules, an account, and the bot that is launched at the first quote."""

    def __init__(
        self, stack: Stack, platform: Platform, place: MarketPlace, golden: dict[str, Any], file: Path
    ) -> None:
        self.stack, self.platform, self.place, self.golden, self.file = stack, platform, place, golden, file
        self.code = f"R{len(place.symbols)}"
        self.tick = Decimal(golden["tick"])
        self.instrument_id = self._symbol()
        name = f"spot {self.code}"
        self.place.account_type(
            name, leverage=Decimal(1), commission_kind="percent", commission=Decimal(golden["fee"]) * 100
        )
        # Twice the investment: a margin account counts the floating loss against what is free.
        (self.account_id,) = place.accounts(name, balance=str(2 * golden["invest"]))
        self.bot_id: UUID | None = None

    def _symbol(self) -> UUID:
        step = Decimal(self.golden["lot_step"])
        with self.platform.database.system() as session:
            instrument = Instrument(id=new_id(), feed="replay", feed_symbol=self.code, tick=self.tick)
            session.add(instrument)
            session.flush()
            symbol = Symbol(
                id=new_id(), tenant_id=self.place.tenant_id, instrument_id=instrument.id, code=self.code,
                asset_class="crypto", base=self.code, quote="USD", contract_size=Decimal(1), tick=self.tick, pip=self.tick,
                lot_step=step, min_lot=step, max_lot=Decimal(1_000_000), staleness_ms=600_000,
            )  # fmt: skip
            session.add(symbol)
            self.place.symbols[self.code], self.place.instruments[self.code] = symbol.id, instrument.id
            return instrument.id

    def command(self, file: Path) -> list[str]:
        return [
            sys.executable, "-m", "core.cli", "replay", str(file), "--tenant", "north", "--symbol", self.code, "--json",
        ]  # fmt: skip

    def replay(self, file: Path) -> dict[str, Any]:
        """Drive a file through, by the command."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TRADEYARD_")}
        environ["TRADEYARD_DATA_DIR"] = str(self.stack.folder)
        done = subprocess.run(self.command(file), env=environ, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{done.stderr}\n{self.stack.logs()}"
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def launch_at_first_quote(self, folder: Path) -> None:
        lines = self.file.read_text(encoding="utf-8").splitlines()
        first = folder / f"{self.code}.csv"
        first.write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
        self.replay(first)
        wish = Launch(
            customer_id=self.place.customer_id,
            account_id=self.account_id,
            symbol_id=self.place.symbols[self.code],
            strategy="spot_grid",
            settings=grid_setup(self.golden).settings,
            key=self.code,
            actor="ann@example.com",
        )
        with self.place.session() as session:
            self.bot_id = launch(session, STRATEGIES, BotTradingSettings(), wish).id

    def done(self) -> int:
        with self.platform.database.system() as session:
            return progress(session, self.instrument_id).done

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.platform.database.system() as session:
            return [tuple(row) for row in session.execute(text(statement), {"account": self.account_id})]

    def check(self) -> None:
        """The bot's figures and the account's books are the agreed ones, to the last digit."""
        golden, quotes = self.golden, PriceFile(self.file, self.tick).quotes()
        with self.platform.database.system() as session:
            state = session.execute(
                text("select state from core.reactor_states where id = :id"), {"id": self.bot_id}
            ).scalar_one()
        bot = Running.load(STRATEGIES, state)
        last = Quote(int(quotes.bid[-1]) * self.tick, int(quotes.ask[-1]) * self.tick)
        figures = bot.strategy.figures(bot.setup, bot.state, last)
        found = {
            "fills": figures.fills, "pairs": figures.cycles, "grid_profit": figures.cycle_profit,
            "inventory_realised": figures.inventory_realised, "floating": figures.floating, "total": figures.total,
            "base": figures.base, "cash": figures.cash, "fees": figures.fees,
        }  # fmt: skip
        assert {name: _like(value, golden.get(name)) for name, value in found.items()} == {
            name: _agreed(golden.get(name, "0" if name == "fees" else None)) for name in found
        }
        ((bought, sold, fees),) = self.rows(
            "select sum(volume * price) filter (where side = 'buy'), sum(volume * price) filter (where side = 'sell'),"
            " sum(commission) from core.fills where account_id = :account"
        )
        ((base,),) = self.rows(
            "select sum(volume) from core.positions where account_id = :account and closed_ts_ms is null"
        )
        assert base == Decimal(golden["base"])
        assert _like(golden["invest"] - bought + sold - fees, golden["cash"]) == Decimal(golden["cash"])
        assert _like(fees, golden.get("fees")) == Decimal(golden.get("fees", "0"))
        self.place.check_ledger()
        assert self.rows("select count(*) from core.parked_subjects where :account is not null") == [(0,)]


def _like(value: Any, agreed: str | None) -> Any:
    return value.quantize(Decimal(agreed)) if isinstance(value, Decimal) and agreed is not None else value


def _agreed(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value


def golden_run(name: str, shared_dir: Path, running: Stack, platform: Platform, place: MarketPlace) -> Run:
    golden = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"][name]
    return Run(running, platform, place, golden, shared_dir / "data" / golden["data"])


@pytest.mark.parametrize("name", RUNS)
def test_a_golden_run_through_the_whole_stack(
    name: str, shared_dir: Path, running: Stack, platform: Platform, place: MarketPlace, tmp_path: Path
) -> None:
    run = golden_run(name, shared_dir, running, platform, place)
    run.launch_at_first_quote(tmp_path)
    result = run.replay(run.file)
    assert result["quotes"] == len(PriceFile(run.file, run.tick).quotes())
    assert result["seconds"] < 120
    run.check()


def test_killing_processes_and_emptying_redis_change_nothing(
    shared_dir: Path, running: Stack, platform: Platform, place: MarketPlace, tmp_path: Path
) -> None:
    """SIGKILL hits lane and workers at random points of the run, Redis is emptied at others; all from a fixed seed."""
    run = golden_run("spot_grid_solusdt_geometric", shared_dir, running, platform, place)
    run.launch_at_first_quote(tmp_path)
    chance = random.Random(20240801)
    length = len(PriceFile(run.file, run.tick).quotes())
    points = sorted(chance.sample(range(20, length - 1000), 3 * KILLS))
    blows = {"lane": 0, "worker": 0, "redis": 0}
    failed: list[BaseException] = []

    def drive() -> None:
        try:
            run.replay(run.file)
        except (AssertionError, subprocess.SubprocessError) as error:
            failed.append(error)

    replaying = threading.Thread(target=drive)
    replaying.start()
    while replaying.is_alive():
        if points and run.done() >= points[0]:
            points.pop(0)
            what = ("lane", "worker", "redis")[len(points) % 3]
            replaying.join(chance.uniform(0, 0.05))
            if what == "redis":
                platform.redis.flushall()
                blows[what] += 1
            else:
                blows[what] += len(running.kill(what, signal.SIGKILL))
        replaying.join(0.02)
    assert not failed, failed
    assert blows["redis"] == KILLS
    assert blows["lane"] >= KILLS // 2
    assert blows["worker"] >= KILLS // 2
    run.check()
