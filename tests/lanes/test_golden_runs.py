"""Whole runs of grids over real prices, through lane, PostgreSQL and booking, equal the agreed ones to the last digit."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.feeds.files import PriceFile
from core.feeds.store import append_ticks
from core.feeds.ticks import Ticks
from core.trading.services import reserve
from plugins.bot_trading.strategies import protocol
from tenants.db import new_id
from tests.lanes.conftest import Street
from tests.lanes.grid import GRID, GridReactor, Setup, grid_setup, triggers_of

RUNS = ("spot_grid_eurusd", "spot_grid_solusdt_geometric", "spot_grid_btcusd_arithmetic")


def prepare(
    street: Street, golden: dict[str, Any], shared_dir: Path, *, append: bool = True
) -> tuple[UUID, Setup, Ticks]:
    """A symbol by the run's rules, a grid that waits for its first quote, and all its quotes (in the table)."""
    tick = Decimal(golden["tick"])
    quotes = PriceFile(shared_dir / "data" / golden["data"], tick).quotes()
    instrument, symbol = street.place.instruments["EURUSD"], street.place.symbols["EURUSD"]
    with street.database.system() as session:
        session.execute(
            text("update core.instruments set tick = :tick, feed = 'replay', lockstep = true where id = :id"),
            {"tick": tick, "id": instrument},
        )
        session.execute(
            text(
                "update core.symbols set tick = :tick, pip = :tick, contract_size = 1, lot_step = :step, min_lot = :step,"
                " max_lot = 1000000, staleness_ms = 600000 where id = :id"
            ),
            {"tick": tick, "step": Decimal(golden["lot_step"]), "id": symbol},
        )
    percent = Decimal(golden["fee"]) * 100
    street.place.account_type("spot", leverage=Decimal(1), commission_kind="percent", commission=percent)
    # Twice the investment: a margin account counts the floating loss against what is free.
    (account,) = street.place.accounts("spot", balance=str(2 * golden["invest"]))
    setup, subject_id = grid_setup(golden), new_id()
    street.runtime.found = GridReactor({subject_id: setup})
    state = GRID.start(setup, protocol.Quote(Decimal(1), Decimal(1))).state
    with street.place.session() as session:
        reserve(session, account, "bot", subject_id, Decimal(golden["invest"]))
    street.start(GRID.dump(state), triggers_of(setup, state), subject_id=subject_id, account=account)
    if append:
        with street.database.system() as session:
            append_ticks(session, instrument, quotes)
    return subject_id, setup, quotes


def same(value: Decimal, agreed: str) -> bool:
    """Equal to the last digit that is agreed upon."""
    return value.quantize(Decimal(agreed)) == Decimal(agreed)


def check(street: Street, golden: dict[str, Any], subject_id: UUID, setup: Setup, quotes: Ticks) -> None:
    """The grid's own figures, and what the books of the account say, are the agreed ones."""
    tick = setup.market.tick
    last = protocol.Quote(int(quotes.bid[-1]) * tick, int(quotes.ask[-1]) * tick)
    state = GRID.load(street.state(subject_id))
    figures = GRID.figures(setup, state, last)
    assert (figures.fills, figures.cycles) == (golden["fills"], golden["pairs"])
    assert same(figures.cycle_profit, golden["grid_profit"])
    assert same(figures.inventory_realised, golden["inventory_realised"])
    assert same(figures.floating, golden["floating"])
    assert same(figures.total, golden["total"])
    assert same(figures.cash, golden["cash"])
    # The books know nothing of the strategy: they must come to the same.
    ((fills, bought, sold, fees),) = street.rows(
        "select count(*), sum(volume * price) filter (where side = 'buy'), sum(volume * price) filter (where side = 'sell'),"
        " sum(commission) from core.fills"
    )
    ((base,),) = street.rows("select sum(volume) from core.positions where closed_ts_ms is null")
    assert fills >= golden["fills"] + 1  # the initial purchase of all held cells may be booked in parts
    assert same(base, golden["base"])
    assert same(fees, golden.get("fees", "0"))
    assert same(Decimal(golden["invest"]) - bought + (sold or 0) - fees, golden["cash"])
    ((balance,),) = street.rows("select balance from core.accounts where id in (select account_id from core.fills)")
    ((value,),) = street.rows(
        "select sum(volume * (:bid - open_price)) from core.positions where closed_ts_ms is null", bid=last.bid
    )
    assert same(balance + value - 2 * Decimal(golden["invest"]), golden["total"])
    street.place.check_ledger()


@pytest.mark.shared
@pytest.mark.parametrize("name", RUNS)
def test_a_grid_through_the_lane_equals_the_golden_run(name: str, street: Street, shared_dir: Path) -> None:
    golden = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"][name]
    subject_id, setup, quotes = prepare(street, golden, shared_dir)
    street.run(street.lane(), turns=120)
    check(street, golden, subject_id, setup, quotes)
