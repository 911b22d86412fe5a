"""The golden runs end to end: launched by the module, moved by the lane, booked, and kept in the bot's row."""

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
from plugins.bot_trading.models import Bot
from plugins.bot_trading.services.marks import marks
from tests.bot_trading.street import Street
from tests.bot_trading.test_spot_grid_golden import same

D = Decimal


def prepare(street: Street, golden: dict[str, Any], shared_dir: Path) -> tuple[UUID, Ticks, Ticks]:
    """An account and a symbol by the run's rules; the first quote apart, at which the bot is launched."""
    tick, step = D(golden["tick"]), D(golden["lot_step"])
    with street.database.system() as session:
        session.execute(
            text("update core.instruments set tick = :tick, lockstep = true where id = :id"),
            {"tick": tick, "id": street.instrument},
        )
        session.execute(
            text(
                "update core.symbols set tick = :tick, pip = :tick, lot_step = :step, min_lot = :step,"
                " staleness_ms = 600000 where id = :id"
            ),
            {"tick": tick, "step": step, "id": street.symbol},
        )
    percent = {"leverage": D(1), "commission_kind": "percent", "commission": D(golden["fee"]) * 100}
    street.place.account_type("golden", margin_call_level=D(0), stop_out_level=D(0), **percent)
    (account,) = street.place.accounts("golden", balance=str(golden["invest"]))
    quotes = PriceFile(shared_dir / "data" / golden["data"], tick).quotes()
    return account, quotes[:1], quotes[1:]


def check(street: Street, bot: Bot, golden: dict[str, Any]) -> None:
    """Every agreed figure, in the bot's row and in the account's books."""
    assert (bot.fills, bot.cycles) == (golden["fills"], golden["pairs"])
    assert same(bot.cycle_profit, golden["grid_profit"])
    assert same(bot.inventory_realised, golden["inventory_realised"])
    assert same(bot.base, golden["base"])
    assert same(bot.cash, golden["cash"])
    assert same(bot.fees, golden.get("fees", "0"))
    account = street.place.account(bot.account_id)
    held = street.rows(
        "select coalesce(sum(volume), 0), coalesce(sum(volume * open_price), 0) from core.positions where account_id = :id",
        id=bot.account_id,
    )[0]
    assert held[0] == bot.base
    # Cash by the bot's reckoning is the account's balance less what its positions cost.
    assert account.balance - held[1] == bot.cash
    assert account.reserved == bot.cash
    street.place.check_ledger()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["spot_grid_eurusd", "spot_grid_btcusd_arithmetic"])
def test_a_run_through_the_module_and_the_lane_equals_the_golden_one(
    street: Street, name: str, shared_dir: Path
) -> None:
    golden = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"][name]
    account, first, rest = prepare(street, golden, shared_dir)
    with street.database.system() as session:
        append_ticks(session, street.instrument, first)
    street.work()
    bot_id = street.launch(
        account,
        lower=golden["lower"],
        upper=golden["upper"],
        cells=golden["cells"],
        spacing={"arith": "arithmetic", "geo": "geometric"}[golden["mode"]],
        investment=str(golden["invest"]),
    )
    with street.database.system() as session:
        append_ticks(session, street.instrument, rest)
    street.work(seconds=240)
    check(street, street.bot(bot_id), golden)
    running = street.running(bot_id)
    assert running.state.cells is None
    with street.place.session() as session:
        mark = marks(session, [bot_id])[bot_id]
    assert same(mark.floating, golden["floating"])
    assert same(mark.total, golden["total"])
