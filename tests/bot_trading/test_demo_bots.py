"""The demo's bots: all kinds, with settings that are accepted, on each of the demo's markets."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from core.sdk.demo import DemoCustomer, DemoScene
from core.sdk.testing.workbench import Workbench
from plugins.bot_trading.demo import demo_of
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import own_strategies
from plugins.bot_trading.settings import BotTradingSettings


def test_the_demo_runs_bots_of_every_kind(workbench: Workbench) -> None:
    north, market = workbench.one, workbench.market
    north.switch_on("bot_trading")
    for step in range(4):
        market.quote("EURUSD", f"1.1{step % 5}000", f"1.1{step % 5}010")
        market.quote("BTCUSD", str(20_000 + 150 * (step % 4)), str(20_010 + 150 * (step % 4)))
    people = [north.customer(name) for name in ("Ann", "Ben", "Cem", "Dee")]
    customers = [
        DemoCustomer(person, north.account(person, balance="50000"), "Ann", f"ann{number}@example.test", "bots")
        for number, person in enumerate(people)
    ]
    codes = ("EURUSD", "BTCUSD")
    scene = DemoScene(
        tuple(customers),
        {code: north.symbol(code) for code in codes},
        {"EURUSD": Decimal("1.1"), "BTCUSD": Decimal(20_000)},
    )
    play = demo_of(own_strategies()).play
    for _ in range(14):
        with north.session() as session:
            play(session, scene, BotTradingSettings())
    with north.session() as session:
        bots = session.scalars(select(Bot)).all()
        found = {(bot.strategy, bot.settings.get("profile", "")) for bot in bots}
    assert len(bots) == 12
    assert found == {
        ("spot_grid", ""),
        ("martingale", "ladder"),
        ("martingale", "safety_orders"),
        ("reverse_martingale", ""),
    }
    assert all(bot.investment > 100 for bot in bots)
