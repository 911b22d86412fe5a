"""A form's limits: what each field may be for this account and symbol, given the others, by pure code."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from plugins.bot_trading.services.checking import brokerage_limits, readable
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.martingale.settings import MartingaleSettings
from plugins.bot_trading.strategies.protocol import Setup
from plugins.bot_trading.strategies.search import largest, smallest
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from tests.bot_trading.grids import GRID, MARKET, G, at
from tests.bot_trading.ladders import EURUSD, MARTINGALE, REVERSE
from tests.bot_trading.ladders import at as pips_at

D = Decimal
QUOTE = pips_at("1.1000", "1.1001")


def grid(**changes: Any) -> dict[str, Any]:
    return readable(SpotGridSettings, {**G, **changes})


def accepted(values: dict[str, Any], market: Any = MARKET) -> bool:
    setup = Setup(SpotGridSettings.model_validate(values), market)
    return not GRID.preview(setup, at("100"), None).refusals


def test_the_search_finds_the_ends_of_what_is_accepted() -> None:
    assert largest(lambda value: value <= D("3.4"), D(1), D(10), D("0.1")) == D("3.4")
    assert largest(lambda value: value > D(1), D(1), D(10), D("0.1")) is None
    assert smallest(lambda value: value >= D("3.4"), D(1), D(10), D("0.1")) == D("3.4")
    assert smallest(lambda _value: False, D(1), D(10), D("0.1")) is None
    assert smallest(lambda _value: True, D(1), D(10), D("0.1")) == D(1)


def test_range_100_to_100_05_lets_five_cells_fit() -> None:
    """The same number as the refusal names: at most 5 cells fit."""
    free = replace(MARKET, fee_rate=D(0))
    found = GRID.limits(grid(lower="100", upper="100.05", cells="10"), free, at("100"), None)
    assert found["cells"].most == 5


def test_the_least_investment_is_the_one_that_is_accepted() -> None:
    """Investment 20, minimum notional 5: least investment 53.9860."""
    market = replace(MARKET, min_notional=D(5))
    values = grid(investment="20")
    found = GRID.limits(values, market, at("100"), D(800))
    assert (found["investment"].least, found["investment"].most) == (D("53.9860"), D(800))
    assert accepted({**values, "investment": found["investment"].least}, market)
    assert not accepted({**values, "investment": "53.9859"}, market)


@pytest.mark.parametrize(("lower", "upper"), [("90", "110"), ("99", "101"), ("50", "150")])
def test_one_cell_more_than_the_most_is_refused(lower: str, upper: str) -> None:
    values = grid(lower=lower, upper=upper)
    most = GRID.limits(values, MARKET, at("100"), None)["cells"].most
    assert most is not None
    assert accepted({**values, "cells": int(most)})
    assert not accepted({**values, "cells": int(most) + 1})


def test_limits_follow_the_other_fields() -> None:
    narrow = GRID.limits(grid(lower="99", upper="101"), MARKET, at("100"), None)
    wide = GRID.limits(grid(lower="50", upper="150"), MARKET, at("100"), None)
    assert (narrow["cells"].most or 0) < (wide["cells"].most or 0)
    assert narrow["stop_loss_price"].most == D("98.99")
    assert wide["stop_loss_price"].most == D("49.99")
    assert GRID.limits(grid(trigger_price="95"), MARKET, at("100"), None)["take_profit_price"].least == D("95.01")


def test_a_field_that_cannot_be_read_does_not_hide_the_limits_of_others() -> None:
    found = GRID.limits(grid(cells="many", investment=""), MARKET, at("100"), None)
    assert found["cells"].most is not None
    assert found["stop_loss_price"].most == D("89.99")


def test_a_ladders_take_profit_must_make_good_what_its_levels_lose() -> None:
    """T 10, S 20 loses at level 3: the least T is where no level loses."""
    values = readable(MartingaleSettings, {"take_profit_pips": "10"})
    found = MARTINGALE.limits(values, EURUSD, QUOTE, D(10_000))
    least = found["take_profit_pips"].least
    assert least is not None
    better, worse = ({**values, "take_profit_pips": value} for value in (least, least - D("0.1")))
    codes = [
        {item.code for item in MARTINGALE.preview(Setup(MartingaleSettings(**one), EURUSD), QUOTE, None).refusals}
        for one in (better, worse)
    ]
    assert codes == [set(), {"take_profit_loses"}]
    assert found["stop_loss_pips"].least == D("3.0")  # three spreads of a pip


def test_the_free_funds_end_the_lot_the_levels_and_the_multiplier() -> None:
    values = readable(MartingaleSettings, {})
    poor, rich = (MARTINGALE.limits(values, EURUSD, QUOTE, D(money)) for money in (600, 1_000_000))
    for name in ("initial_lot", "multiplier"):
        assert poor[name].most is not None
        assert name not in rich or (rich[name].most or D(10**9)) > (poor[name].most or D(0))
    assert poor["initial_lot"].most == D("0.01")
    assert set(REVERSE.limits({}, EURUSD, QUOTE, D(600))) >= {"initial_lot", "stop_loss_pips"}


def test_safety_orders_have_limits_of_their_own_fields() -> None:
    values = readable(MartingaleSettings, {"profile": "safety_orders", "stop_loss_percent": "20"})
    found = MARTINGALE.limits(values, EURUSD, QUOTE, D(2_000_000))
    assert found["stop_loss_percent"].least == D("15.01")  # the steps add up to 15 %
    assert found["safety_order"].least is not None
    assert "initial_lot" not in found


def test_the_brokerages_limits_are_for_the_fields_that_count() -> None:
    limits = BotTradingSettings(max_levels=7, max_multiplier=D("1.5"), capital_per_bot=D(300))
    assert set(brokerage_limits(SpotGridSettings, limits, grid())) == {"cells", "investment"}
    ladder = brokerage_limits(MartingaleSettings, limits, readable(MartingaleSettings, {}))
    assert {name: limit.most for name, limit in ladder.items()} == {"levels": D(7), "multiplier": D("1.5")}
    safety = brokerage_limits(MartingaleSettings, limits, readable(MartingaleSettings, {"profile": "safety_orders"}))
    assert set(safety) == {"safety_orders", "size_multiplier", "first_order"}
