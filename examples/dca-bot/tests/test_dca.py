"""The author's own tests. The pure part needs nothing; for the whole, installing the platform brings the fixture ``workbench``."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from dca_bot.settings import DcaSettings
from dca_bot.state import DcaState, lots_held
from dca_bot.strategy import DollarCostAveraging

from core.sdk.testing.conformance import check_plugin
from core.sdk.testing.workbench import Workbench
from plugins.bot_trading.sdk import Market, Quote, Reduction, Result, Setup, Step, rehearse

D = Decimal
DCA = DollarCostAveraging()
MARKET = Market(tick=D("0.01"), lot_step=D("0.0001"), fee_rate=D("0.001"), currency="USD", account_currency="USD")
MINUTE = 60_000


def plan(**changes: Any) -> Setup[DcaSettings]:
    return Setup(DcaSettings.model_validate({"amount": "100", "purchases": 4, "every_minutes": 60, **changes}), MARKET)


def at(price: str | Decimal, minute: int = 0) -> Quote:
    return Quote(D(price), D(price), minute * MINUTE)


def shown(setup: Setup[DcaSettings], *quotes: Quote) -> tuple[DcaState, list[Step[DcaState]]]:
    """The state after quotes, by way of its stored form, and every step."""
    state, steps = DCA.start(setup, quotes[0]).state, []
    for quote in quotes:
        steps.append(DCA.on_quote(setup, state, quote))
        state = DCA.load(DCA.dump(steps[-1].state))
        assert state == steps[-1].state
    return state, steps


def bought(steps: list[Step[DcaState]]) -> list[int]:
    return [len([one for one in step.intents if one.closes is None]) for step in steps]


# --- the rules -------------------------------------------------------------------------------------------------------


def test_it_buys_at_once_and_then_each_time_that_the_interval_is_over() -> None:
    state, steps = shown(plan(), *[at("100", minute) for minute in (0, 30, 59, 60, 61, 125)])
    assert bought(steps) == [1, 0, 0, 1, 0, 1]
    assert [one.volume for step in steps for one in step.intents] == [D("0.9990")] * 3
    assert state.bought == 3


def test_a_low_price_buys_more_for_the_same_amount() -> None:
    _state, steps = shown(plan(), at("100"), at("50", 60))
    assert [one.volume for step in steps for one in step.intents] == [D("0.9990"), D("1.9980")]


def test_above_the_highest_price_a_purchase_waits_and_says_so_once() -> None:
    _state, steps = shown(plan(highest_price="99"), at("100"), at("101", 1), at("98", 2))
    assert bought(steps) == [0, 0, 1]
    assert [entry.code for step in steps for entry in step.log] == ["dca_too_dear", "dca_bought"]


def test_at_the_target_on_the_average_everything_is_sold_and_the_bot_ends() -> None:
    setup = plan(take_profit_percent="10")
    state, steps = shown(setup, at("100"), at("80", 60), at("97", 61), at("98", 62))
    assert DCA.phase(state).stage == "ended"
    assert [one.closes for one in steps[-1].intents] == ["1", "2"]
    assert DCA.figures(setup, state, at("98", 62)).cycle_profit > 0
    assert DCA.held(setup, state) == {}


def test_a_purchase_that_is_refused_is_let_go_and_told() -> None:
    setup, quote = plan(), at("100")
    state = DCA.start(setup, quote).state
    (wanted,) = DCA.on_quote(setup, state, quote).intents
    step = DCA.on_results(setup, state, [Result(wanted, wanted.price, D(0), error="insufficient_funds")], quote)
    assert (step.state.bought, step.state.lots) == (1, ())
    assert (step.log[0].code, step.log[0].alert) == ("dca_refused", True)


def test_the_results_of_an_order_asked_for_twice_have_the_same_key() -> None:
    setup, quote = plan(), at("100")
    state = DCA.start(setup, quote).state
    first = DCA.on_quote(setup, state, quote)
    results = [Result(one, D("100.05"), D("0.2")) for one in first.intents]
    again = DCA.on_results(setup, state, results, quote)
    assert again.intents == first.intents
    assert again.state.lots[0].price == D("100.05")


def test_commands_pause_resume_and_stop() -> None:
    setup = plan()
    state, _steps = shown(setup, at("100"))
    paused = DCA.on_command(setup, state, "pause", at("100", 10)).state
    assert bought([DCA.on_quote(setup, paused, at("100", 90))]) == [0]
    resumed = DCA.on_command(setup, paused, "resume", at("100", 90))
    assert resumed.intents == ()  # nothing is made up for
    assert bought([DCA.on_quote(setup, resumed.state, at("100", 150))]) == [1]
    stopped = DCA.on_command(setup, state, "stop_close", at("90", 10))
    assert [one.side for one in stopped.intents] == ["sell"]
    assert DCA.phase(stopped.state).stage == "ended"
    kept = DCA.on_command(setup, state, "stop_keep", at("90", 10)).state
    assert (DCA.phase(kept).stage, lots_held(kept)) == ("ended", lots_held(state))


def test_between_purchases_it_costs_nothing() -> None:
    state, _steps = shown(plan(), at("100"))
    triggers = DCA.triggers(plan(), state)
    assert not triggers.crossed(at("1", 59))
    assert triggers.crossed(at("100", 60))
    dear = plan(highest_price="99")
    waiting, _steps = shown(dear, at("100"))
    assert not DCA.triggers(dear, waiting).crossed(at("99.01", 500))
    assert DCA.triggers(dear, waiting).crossed(at("99", 1))
    target = plan(take_profit_percent="10")
    holding, _steps = shown(target, at("100"))
    assert DCA.triggers(target, holding).crossed(at("110.3", 1))


def test_a_purchase_closed_by_hand_is_noticed() -> None:
    setup = plan()
    state, _steps = shown(setup, at("100"))
    step = DCA.on_reduced(setup, state, Reduction("1", D("0.5"), D("110"), D("0.055")), at("110", 5))
    figures = DCA.figures(setup, step.state, at("110", 5))
    assert figures.base == D("0.4990")
    assert figures.inventory_realised > 0
    assert step.intents == ()


@pytest.mark.parametrize("seed", range(5))
def test_total_is_always_equity_less_investment(seed: int) -> None:
    """After every event, whatever prices do, for money reckoned apart from the strategy."""
    chance, price, minute = random.Random(seed), D(100), 0  # noqa: S311 - prices, not secrets
    setup = plan(purchases=20, every_minutes=30, take_profit_percent=str(chance.choice([2, 50])))
    state = DCA.start(setup, at(price)).state
    cash, base, keys = DCA.capital(setup, at(price)), D(0), set()
    for _ in range(400):
        price = max(D(1), (price * D(str(chance.uniform(0.97, 1.03)))).quantize(D("0.01")))
        minute += chance.randint(1, 20)
        quote = at(price, minute)
        step = DCA.on_quote(setup, state, quote)
        for one in step.intents:
            assert one.key not in keys
            keys.add(one.key)
            sign = 1 if one.side == "buy" else -1
            cash -= sign * MARKET.notional(one.volume, one.price) + MARKET.fee(one.volume, one.price)
            base += sign * one.volume
        state = step.state
        figures = DCA.figures(setup, state, quote)
        assert (figures.cash, figures.base) == (cash, base)
        assert figures.total == cash + MARKET.notional(base, price) - figures.investment


def test_a_run_over_prices_is_the_same_code() -> None:
    quotes = [at(D(100) - D(n) / 10, n) for n in range(240)]
    found = rehearse(DCA, plan(), quotes, len(quotes))
    assert (found.figures.fills, found.stage) == (4, "active")
    assert found.codes == {"dca_bought": 4}


def test_the_preview_names_the_field_and_the_remedy() -> None:
    small = DCA.preview(plan(amount="0.001"), at("100"), None).refusals[0]
    assert (small.code, small.field) == ("order_below_minimum", "amount")
    poor = DCA.preview(plan(), at("100"), D(300)).refusals[0]
    assert (poor.code, poor.facts["short"]) == ("insufficient_funds", "100")
    limits = DCA.limits({"amount": D(100), "purchases": 4}, replace(MARKET, min_notional=D(5)), at("100"), D(1000))
    assert limits["amount"].most == D(250)
    assert limits["purchases"].most == 10
    assert limits["amount"].least == D("5.01")


# --- the contract ----------------------------------------------------------------------------------------------------


def imports() -> Iterator[str]:
    folder = Path(str(find_spec("dca_bot.strategy").origin)).parent  # type: ignore[union-attr]  # it is imported above
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
            elif isinstance(node, ast.Import):
                yield from (name.name for name in node.names)


def test_of_the_platform_it_imports_the_two_contracts_alone() -> None:
    ours = {name for name in imports() if name.split(".")[0] in ("core", "plugins", "tenants")}
    assert ours == {"core.sdk", "core.sdk.text", "plugins.bot_trading.sdk"}


def test_the_plugin_keeps_the_rules() -> None:
    check_plugin("dca_bot")


# --- the whole -------------------------------------------------------------------------------------------------------


def test_a_customer_launches_it_and_sees_it_trade(workbench: Workbench) -> None:
    """Form, preview, run over recorded prices, launch, trading, Bot Stats and Mission Control: all of it for nothing."""
    north, market = workbench.one, workbench.market
    north.switch_on("bot_trading")
    market.quote("BTCUSD", "100")
    kim = north.customer("Kim")
    account = north.account(kim, kind="Spot", balance="5000")
    root = "/bot-trading"
    where = {"account": str(account), "symbol": "BTCUSD"}
    sent = {"amount": "100", "purchases": "3", "every_minutes": "60", "take_profit_percent": "", "highest_price": ""}
    with workbench.browse(north, kim) as browser:
        assert "Dollar-Cost Averaging" not in browser.get(f"{root}/new")  # the brokerage decides who may run it
        north.set("bot_trading", strategies=["dca"])
        assert "Choose Dollar-Cost Averaging" in browser.get(f"{root}/new")
        page = f"{root}/new/dca?account={account}&symbol=BTCUSD"
        form = browser.get(page)
        assert "Minutes between purchases" in form
        preview = browser.send(f"{root}/new/dca/preview", page=page, **sent, **where)
        for words in ("300.00\u00a0USD", "Break-even after the first purchase", "Run these settings", "limit-amount"):
            assert words in preview
        asked = browser.send(f"{root}/new/dca/run", page=page, days="1", **sent, **where)
        run = re.search(r"/previews/[0-9a-f-]{36}", asked.text)
        assert run is not None, asked.text
        workbench.work()
        assert "Taken profit" in browser.get(f"{root}{run[0]}")
        key = re.search(r'name="launch_key" value="([^"]+)"', form.text)
        assert key is not None
        launched = browser.send(f"{root}/new/dca", page=page, launch_key=key[1], **sent, **where)
        assert "Dollar-Cost Averaging BTCUSD" in launched
        assert "Purchase 1: 1 lots at 100" in launched
        market.quote("BTCUSD", "50", after_s=1800)
        market.quote("BTCUSD", "50", after_s=1800)
        bot = browser.get(launched.address)
        assert "Purchase 2: 2 lots at 50" in bot
        assert "Purchase 3" not in bot
    with workbench.browse(north) as browser:
        assert "Dollar-Cost Averaging" in browser.get("/admin/bot-trading/stats")
        assert "Dollar-Cost Averaging" in browser.get("/admin/bot-trading/mission-control")
