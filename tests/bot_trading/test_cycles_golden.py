"""Whole runs of ladders and streaks over real ticks, to the last digit of the agreed ones."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.bot_trading.ladders import EURUSD, MARTINGALE, REVERSE, UNGUARDED, ladder, reverse, tell, ticks

RUNS = (
    "martingale_ladder_buy_50_20",
    "martingale_ladder_sell_50_20",
    "martingale_ladder_sell_10_10_without_guards",
    "reverse_martingale_anti_buy_50_20",
    "reverse_martingale_alternate_buy_50_20",
)


def options(golden: dict[str, Any]) -> dict[str, Any]:
    assert (golden["spread_guard"], golden["cooldown_s"]) == (None, 0)
    assert (Decimal(golden["pip"]), golden["contract"]) == (EURUSD.pip, EURUSD.contract)
    return {
        "direction": {"B": "buy", "S": "sell"}[golden["side"]],
        "initial_lot": Decimal(golden["lot"]),
        "take_profit_pips": Decimal(golden["tp"]),
        "stop_loss_pips": Decimal(golden["sl"]),
        "levels": golden["levels"],
        **UNGUARDED,
    }


@pytest.mark.shared
@pytest.mark.parametrize("name", RUNS)
def test_a_run_by_the_pure_code_equals_the_golden_one(name: str, shared_dir: Path) -> None:
    golden = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"][name]
    quotes = ticks(shared_dir / "data" / golden["data"])
    if golden["mode"] == "martingale ladder":
        told = tell(MARTINGALE, ladder(**options(golden)), quotes)
    elif golden["mode"] == "anti":
        told = tell(REVERSE, reverse(**options(golden)), quotes, stop="sl")
    else:
        told = tell(REVERSE, reverse(variant="alternate", **options(golden)), quotes)
    figures = told.figures
    assert told.by_end == golden["by_end"]
    assert (figures.cycles, figures.cycles) == (golden["cycles"], len(told.cycles))
    assert figures.realised == Decimal(golden["realised"])
    assert len(told.state.rungs) == golden["open_levels"]
    assert figures.floating == Decimal(golden["open_float"])
    assert told.max_lots == Decimal(golden["max_lots"])
    assert told.worst_float == Decimal(golden["worst_float"])
    first = [(end, level, Decimal(profit)) for end, level, profit in golden["first_cycles"]]
    assert told.cycles[: len(first)] == first


@pytest.mark.shared
def test_without_guards_92_of_93_final_stops_fall_within_a_minute_of_another(shared_dir: Path) -> None:
    """93 final stops, −3,457.05: the ladder restarts on each quote of a few minutes in which the spread is wide."""
    setup = ladder(direction="sell", take_profit_pips=10, stop_loss_pips=10, **UNGUARDED)
    told = tell(MARTINGALE, setup, ticks(shared_dir / "data" / "eurusd_oanda_ticks_2014-05-08.csv"))
    assert told.figures.realised == Decimal("-3457.05")
    assert len(told.lost_at) == 93
    assert max(sum(0 <= other - one < 60_000 for other in told.lost_at) for one in told.lost_at) == 92


@pytest.mark.shared
def test_a_spread_guard_of_3_pips_and_60_s_of_cooldown_leave_21_cycles_and_one_final_stop(shared_dir: Path) -> None:
    """The defaults: 30 % of the stop of 10 pips, and 60 s. 21 cycles, one final stop, −11.57."""
    setup = ladder(direction="sell", take_profit_pips=10, stop_loss_pips=10)
    told = tell(MARTINGALE, setup, ticks(shared_dir / "data" / "eurusd_oanda_ticks_2014-05-08.csv"))
    assert (len(told.cycles), told.by_end["final_sl@L5"]) == (21, 1)
    assert told.figures.realised == Decimal("-11.57")
