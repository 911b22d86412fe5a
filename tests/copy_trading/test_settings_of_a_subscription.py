"""Settings of a subscription, row by row: the tenant's default, the tenant's bound, and what a change applies to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from plugins.copy_trading.models import Confirmation
from plugins.copy_trading.rules.choices import Choices, defaults, out_of_bounds
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import By, Pause
from plugins.copy_trading.services import following
from plugins.copy_trading.services.errors import RefusedError
from plugins.copy_trading.services.stopping import stop
from plugins.copy_trading.web import choosing
from tests.copy_trading.scene import Scene

D = Decimal

DEFAULTS: dict[str, Any] = {
    "mode": "proportional",
    "copy_ratio": D(1),
    "fixed_basis": "lots",
    "max_open_trades": 10,
    "minimum_equity": D(0),
    "slippage_tolerance": None,
    "below_minimum_lot": "skip",
    "maximum_lot": None,
    "existing_positions": "ignore",
    "stop_loss_percent": None,
    "symbols": None,
    "symbol_map": {},
    "reverse": False,
}
"""The defaults of the table; the slippage tolerance's is one for each class of symbols."""


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_setting_has_the_tables_default(name: str) -> None:
    chosen = Choices(**{key: value for key, value in defaults(CopyTradingSettings()).items() if value is not None})
    assert getattr(chosen, name) == DEFAULTS[name]


def test_slippage_tolerances_by_class_are_a_tenth_a_half_and_one_and_a_half_percent() -> None:
    settings = CopyTradingSettings()
    classes = ("fx", "metal", "major_crypto", "crypto")
    assert [settings.tolerance(one) for one in classes] == [D("0.1"), D("0.1"), D("0.5"), D("1.5")]


@pytest.mark.parametrize(
    ("tenant", "chosen", "wrong"),
    [
        ({"allow_fixed": False}, {"mode": "fixed"}, "mode"),
        ({"copy_ratio_max": D(2)}, {"copy_ratio": D("2.1")}, "copy_ratio"),
        ({"copy_ratio_min": D("0.5")}, {"copy_ratio": D("0.4")}, "copy_ratio"),
        ({"fixed_size_max": D(1)}, {"mode": "fixed", "fixed_size": D("1.01")}, "fixed_size"),
        (
            {"fixed_money_max": D(500)},
            {"mode": "fixed", "fixed_basis": "margin", "fixed_size": D(501)},
            "fixed_size",
        ),
        ({"max_open_trades_max": 20}, {"max_open_trades": 21}, "max_open_trades"),
        ({"minimum_equity_max": D(1000)}, {"minimum_equity": D(1001)}, "minimum_equity"),
        ({"slippage_max": D(2)}, {"slippage_tolerance": D("2.1")}, "slippage_tolerance"),
        ({"allow_round_up": False}, {"below_minimum_lot": "round_up"}, "below_minimum_lot"),
        ({"maximum_lot_max": D(5)}, {"maximum_lot": D("5.01")}, "maximum_lot"),
        ({"maximum_lot_max": D(5)}, {}, "maximum_lot"),
        ({"allow_existing": False}, {"existing_positions": "all"}, "existing_positions"),
        ({"stop_loss_max": D(30)}, {"stop_loss_percent": D(31)}, "stop_loss_percent"),
        ({"stop_loss_max": D(30)}, {}, "stop_loss_percent"),
        ({"allow_symbol_map": False}, {"symbol_map": {"GOLD": "XAUUSD"}}, "symbol_map"),
        ({"allow_reverse": False}, {"reverse": True}, "reverse"),
    ],
)
def test_each_setting_has_the_tenants_bound(tenant: dict[str, Any], chosen: dict[str, Any], wrong: str) -> None:
    settings = CopyTradingSettings(**tenant)
    assert set(out_of_bounds(Choices(**chosen), settings)) == {wrong}
    started = {key: value for key, value in defaults(settings).items() if value is not None}
    assert out_of_bounds(Choices(**started), settings) == {}, "what the form starts with is within the bounds"


def test_a_follow_and_a_change_out_of_bounds_are_refused(scene: Scene) -> None:
    scene.settings = CopyTradingSettings(stop_loss_max=D(30))
    master, follower = scene.master(), scene.account("2500")
    with pytest.raises(RefusedError) as refused:
        scene.follow(master, follower)
    assert set(refused.value.detail) == {"stop_loss_percent"}
    subscription = scene.follow(master, follower, stop_loss_percent=D(30))
    row = scene.subscription(subscription)
    with scene.place.session() as session, pytest.raises(RefusedError):
        following.change(session, scene.settings, row, Choices(stop_loss_percent=D(31)))


@pytest.mark.parametrize(
    "values",
    [
        {"copy_ratio": "20"},
        {"maximum_lot": "6", "maximum_lot_max": "5"},
        {"stop_loss_percent": "50", "stop_loss_max": "30"},
        {"mode": "fixed", "allow_fixed": False},
        {"existing_positions": "all", "allow_existing": False},
        {"below_minimum_lot": "round_up", "allow_round_up": False},
    ],
)
def test_a_tenants_default_lies_within_the_tenants_own_bounds(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CopyTradingSettings(**values)


def test_the_form_takes_defaults_and_bounds_from_the_tenant_and_hides_what_is_not_offered() -> None:
    settings = CopyTradingSettings(
        copy_ratio=D("0.5"), copy_ratio_max=D(2), max_open_trades=4, max_open_trades_max=6, maximum_lot_max=D(3),
        stop_loss_percent=D(20), stop_loss_max=D(40), slippage_fx=D("0.2"), allow_reverse=False, allow_existing=False,
        allow_symbol_map=False, allow_round_up=False,
    )  # fmt: skip
    form = choosing.new_form(settings, ["EURUSD", "GBPUSD"])
    fields = {field.name: field for field in form.fields}
    assert (fields["copy_ratio"].value, fields["copy_ratio"].max) == ("0.5", "2")
    assert (fields["max_open_trades"].value, fields["max_open_trades"].max) == ("4", "6")
    assert (fields["maximum_lot"].value, fields["maximum_lot"].max) == ("3", "3")
    assert (fields["stop_loss_percent"].value, fields["stop_loss_percent"].max) == ("20", "40")
    assert "0.2 % for FX" in str(fields["slippage_tolerance"].help)
    assert fields["symbols"].choices == (("EURUSD", "EURUSD"), ("GBPUSD", "GBPUSD"))
    assert [value for value, _label in fields["below_minimum_lot"].choices] == ["skip"]
    assert not {"reverse", "existing_positions", "symbol_map"} & set(fields)


# --- changes and states, as the customer has them ----------------------------------------------------------------------


def test_changed_settings_hold_from_the_masters_next_opening_order(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    with scene.place.session() as session:
        row = scene.subscription(subscription)
        session.add(row)
        following.change(session, scene.settings, row, Choices(copy_ratio=D(2)))
    assert scene.held(follower) == D("0.25"), "open copies stay as they are"
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    assert scene.held(follower) == D("0.75")
    with scene.place.session() as session:
        stop(session, [subscription], "close_all")
    row = scene.subscription(subscription)
    with scene.place.session() as session, pytest.raises(RefusedError, match="follow the master anew"):
        following.change(session, scene.settings, row, Choices())


def test_pauses_stack_and_each_is_lifted_by_its_own(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    with scene.place.session() as session:
        for reason in (Pause.FOLLOWER, Pause.ADMIN, Pause.MODULE):
            following.pause(session, [subscription], reason)
        left = following.resume_copying(session, [subscription], By.FOLLOWER)
    assert left == {subscription: Pause.ADMIN}, "a follower lifts their own and the module's, never staff's"
    assert scene.subscription(subscription).status == "paused"
    with scene.place.session() as session:
        assert following.resume_copying(session, [subscription], By.ADMIN) == {subscription: Pause(0)}
    assert scene.subscription(subscription).status == "active"


def test_the_confirmation_is_kept_with_the_version_of_its_text_and_none_is_needed_on_paper(scene: Scene) -> None:
    scene.settings = scene.settings.model_copy(update={"risk_notice": "Mind the gap.", "risk_notice_version": "7"})
    master, follower = scene.master(), scene.account("2500")
    with scene.place.session() as session, pytest.raises(RefusedError, match="confirm"):
        following.follow(
            session,
            scene.settings,
            customer_id=scene.customer_of(follower),
            account_id=follower,
            master_id=master,
            choices=Choices(),
            confirmed=False,
        )
    scene.follow(master, follower)
    with scene.place.session() as session:
        [kept] = session.query(Confirmation).all()
        assert (kept.customer_id, kept.notice_version, kept.notice) == (
            scene.customer_of(follower),
            "7",
            "Mind the gap.",
        )
