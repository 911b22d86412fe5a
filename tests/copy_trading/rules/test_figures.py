"""Leverage, risk scores, criteria, bounds and states against their definitions."""

from decimal import Decimal

import pytest

from plugins.copy_trading.rules.applying import Criteria, Record, closes_a_circle, judge
from plugins.copy_trading.rules.choices import Choices, out_of_bounds
from plugins.copy_trading.rules.figures import (
    LeverageLimits,
    effective_leverage,
    leverage_warning,
)
from plugins.copy_trading.rules.risk import (
    RiskFacts,
    RiskParts,
    drawdown_score,
    leverage_score,
    risk_score,
    volatility_score,
)
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import (
    IllegalMoveError,
    MasterStatus,
    Pause,
    SubscriptionStatus,
    move_master,
    names,
    stop,
)

D = Decimal


@pytest.mark.parametrize(
    ("leverage", "level", "expected"),
    [
        ("9.99", "200", None),
        ("10", "1000", "warning"),
        ("1", "199.99", "warning"),
        ("20", "1000", "high"),
        ("1", "149.99", "high"),
        ("25", "99.99", "critical"),
        ("0", None, None),
    ],
)
def test_over_leveraged_follower_bands(leverage: str, level: str | None, expected: str | None) -> None:
    assert leverage_warning(D(leverage), None if level is None else D(level), LeverageLimits()) == expected


def test_positions_on_no_equity_are_critical() -> None:
    assert effective_leverage(D(100), D(0)) is None
    assert leverage_warning(None, None, LeverageLimits()) == "critical"
    assert effective_leverage(D(0), D(0)) == 0


def test_risk_score_parts_and_levels() -> None:
    assert [drawdown_score(x) for x in (0.05, 0.10, 0.20, 0.35, 0.50, 0.70)] == [1, 4, 6, 8, 9, 10]
    assert [leverage_score(x) for x in (1, 5, 10, 20, 30)] == [1, 4, 6, 8, 9]
    limits = (0.0049, 0.005, 0.02, 0.05, 0.10, 0.15, 0.25, 0.40, 0.60, 0.80)
    assert [volatility_score(x) for x in limits] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert RiskFacts(0.03, 0.21, 6.0).parts == RiskParts(3, 6, 4)
    assert RiskParts(2, 6, 4).score == 6
    assert risk_score([3] * 7, 9) is None
    shown = risk_score([3, 3, 3, 3, 4, 4, 4], 20)
    assert shown is not None
    assert (shown.score, shown.level, shown.provisional) == (3, "low", True)


def test_criteria_met_and_unmet() -> None:
    lines = judge(Criteria(30, 20, D(500), D(50), D(40)), Record(30, 19, D(500), D("50.01"), D(40)))
    assert [line.met for line in lines] == [True, False, True, False, True]
    assert not judge(Criteria(0, 0, D(0), D(100), D(1)), Record(0, 0, D(0), D(0), None))[-1].met


def test_no_one_follows_themselves_even_through_a_chain() -> None:
    assert closes_a_circle([], "a", "a")
    assert closes_a_circle([("b", "c"), ("c", "a")], "a", "b")
    assert not closes_a_circle([("a", "c"), ("b", "c")], "a", "b")


def test_bounds_of_the_tenant_name_field_and_remedy() -> None:
    settings = CopyTradingSettings(copy_ratio_max=D(2), allow_reverse=False, slippage_max=D(1))
    assert out_of_bounds(Choices(copy_ratio=D(2)), settings) == {}
    assert set(out_of_bounds(Choices(copy_ratio=D(3), reverse=True, slippage_tolerance=D(2)), settings)) == {
        "copy_ratio",
        "reverse",
        "slippage_tolerance",
    }


@pytest.mark.parametrize(
    "values", [{"copy_ratio": 20}, {"max_open_trades": 500}, {"below_minimum_lot": "round_up", "allow_round_up": False}]
)
def test_settings_whose_default_lies_outside_its_bounds_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Copy Ratio|Max Open Trades|Below Minimum Lot"):
        CopyTradingSettings.model_validate(values)


def test_stop_must_choose_and_is_idempotent() -> None:
    with pytest.raises(IllegalMoveError):
        stop(SubscriptionStatus.ACTIVE, "", 1)
    assert stop(SubscriptionStatus.ACTIVE, "close_all", 2) is SubscriptionStatus.STOPPING
    assert stop(SubscriptionStatus.PAUSED, "close_all", 0) is SubscriptionStatus.STOPPED
    assert stop(SubscriptionStatus.STOPPING, "keep", 2) is SubscriptionStatus.STOPPING
    assert stop(SubscriptionStatus.STOPPED, "close_all", 0) is SubscriptionStatus.STOPPED


def test_master_states() -> None:
    assert move_master(MasterStatus.PENDING, MasterStatus.ACTIVE) is MasterStatus.ACTIVE
    assert move_master(MasterStatus.PAUSED, MasterStatus.PAUSED) is MasterStatus.PAUSED
    with pytest.raises(IllegalMoveError):
        move_master(MasterStatus.REJECTED, MasterStatus.PAUSED)


def test_pause_reasons_are_named() -> None:
    assert names(Pause.ADMIN | Pause.FOLLOWER) == ["follower", "admin"]
