"""Whole runs of a Spot Grid over real prices, to the last digit of the agreed ones."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from plugins.bot_trading.strategies.protocol import Market, Setup
from plugins.bot_trading.strategies.run import run
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from tests.bot_trading.grids import GRID, recorded

RUNS = ("spot_grid_eurusd", "spot_grid_solusdt_geometric", "spot_grid_btcusd_arithmetic")


def golden_setup(golden: dict[str, Any]) -> Setup[SpotGridSettings]:
    spacing = {"arith": "arithmetic", "geo": "geometric"}[golden["mode"]]
    market = Market(tick=Decimal(golden["tick"]), lot_step=Decimal(golden["lot_step"]), fee_rate=Decimal(golden["fee"]))
    settings = SpotGridSettings(
        lower=Decimal(golden["lower"]),
        upper=Decimal(golden["upper"]),
        cells=golden["cells"],
        spacing=spacing,  # type: ignore[arg-type]  # one of the two words, from the table above
        investment=Decimal(golden["invest"]),
    )
    return Setup(settings, market)


def same(value: Decimal, agreed: str) -> bool:
    """Equal to the last digit that is agreed upon."""
    return value.quantize(Decimal(agreed)) == Decimal(agreed)


@pytest.mark.shared
@pytest.mark.parametrize("name", RUNS)
def test_a_run_by_the_pure_code_equals_the_golden_one(name: str, shared_dir: Path) -> None:
    golden = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"][name]
    setup = golden_setup(golden)
    result = run(GRID, setup, recorded(shared_dir / "data" / golden["data"]))
    figures = result.figures
    assert result.state.quantity == Decimal(golden["qty"])
    assert (figures.fills, figures.cycles) == (golden["fills"], golden["pairs"])
    assert same(figures.cycle_profit, golden["grid_profit"])
    assert same(figures.inventory_realised, golden["inventory_realised"])
    assert same(figures.floating, golden["floating"])
    assert same(figures.total, golden["total"])
    assert same(figures.base, golden["base"])
    assert same(figures.cash, golden["cash"])
    assert same(figures.fees, golden.get("fees", "0"))
    last = Decimal(golden.get("last_price") or golden["last_bid"])
    if "total_if_closed_at_last" in golden:
        closed = figures.total - setup.market.fee(figures.base, last)
        assert same(closed, golden["total_if_closed_at_last"])
