"""Sizing modes are open: another plugin adds "margin-use ratio" through the module's own hook, and it is copied by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.runtime import Runtime
from core.runtime.loading import Candidate, load_runtime
from core.runtime.records import Source
from core.sdk import hookimpl
from plugins.copy_trading.plugin import CopyTrading
from plugins.copy_trading.rules.choices import Choices, form_model
from plugins.copy_trading.rules.modes import MODES
from plugins.copy_trading.services import following
from plugins.copy_trading.web import choosing
from tests.copy_trading.margin_use import Failing, MarginUse, MarginUseRatio
from tests.copy_trading.scene import Scene

D = Decimal


def load(*others: tuple[str, type]) -> Runtime:
    """The module with other plugins, as the platform loads them from their entry points."""
    named: Sequence[tuple[str, Any]] = (("copy_trading", CopyTrading), *others)
    candidates = [Candidate(Source(key, "", "somebody", ""), lambda plugin=plugin: plugin) for key, plugin in named]
    return load_runtime(candidates)


@pytest.fixture
def margin_use(scene: Scene) -> Iterator[None]:
    """The other plugin is installed."""
    runtime = load(("margin_use", MarginUse))
    assert not runtime.rejected
    yield
    MODES.set(())


def test_ours_are_made_by_the_same_contract() -> None:
    assert MODES.choices() == [("proportional", "Proportional"), ("fixed", "Fixed")]


def test_the_mode_appears_in_the_form_and_in_the_api(margin_use: None, scene: Scene) -> None:
    form = choosing.new_form(scene.settings, ["EURUSD"])
    assert ("margin_use", "Margin-use ratio") in form["mode"].choices
    field = form["margin_use_share"]
    assert (field.label, field.value, field.min, field.max) == ("Share of the Margin Use", "1", "0", "3")
    sent = {"mode": ["margin_use"], "margin_use_share": ["0.5"], "copy_ratio": ["1"], "fixed_size": ["0.01"],
            "fixed_basis": ["lots"], "max_open_trades": ["10"], "minimum_equity": ["0"], "below_minimum_lot": ["skip"],
            "existing_positions": ["ignore"]}  # fmt: skip
    parsed = choosing.read(scene.settings, sent, ["EURUSD"])
    assert parsed.value is not None, parsed.form
    assert (parsed.value.mode, parsed.value.mode_settings) == ("margin_use", {"share": "0.5"})
    wrong = choosing.read(scene.settings, {**sent, "margin_use_share": ["4"]}, ["EURUSD"])
    assert wrong.value is None
    assert wrong.form["margin_use_share"].error
    # The API takes the mode's settings as they are.
    assert Choices(mode="margin_use", mode_settings={"share": "2"}).mode_settings == {"share": "2"}
    with pytest.raises(ValueError, match="mode_settings"):
        Choices(mode="margin_use", mode_settings={"share": "4"})
    with pytest.raises(ValueError, match="choose one of proportional, fixed, margin_use"):
        Choices(mode="martingale")


def test_a_master_is_followed_by_it_and_the_choice_is_stored(margin_use: None, scene: Scene) -> None:
    """The master binds 1,085 of 10,000 at 100; the follower has a leverage of 30: half of the same share is 0.075 lot."""
    scene.place.account_type("thirty", leverage=D(30))
    master = scene.master()
    follower, twin = scene.account("5000", "thirty"), scene.account("5000", "thirty")
    subscription = scene.follow(master, follower, mode="margin_use", mode_settings={"share": "0.5"})
    scene.follow(master, twin)
    row = scene.subscription(subscription)
    assert (row.mode, row.mode_settings) == ("margin_use", {"share": "0.5"})
    position = scene.trade(scene.master_account(master), "buy", "1.00").fills[0].position_id
    scene.copy(master)
    assert scene.held(follower) == D("0.07")
    assert abs(scene.links(subscription)[0].target - D("0.075")) < D("1e-30")
    assert scene.held(twin) == D("0.50"), "the others are sized as ever"
    with scene.place.session() as session:
        found = session.get_one(type(row), (scene.place.tenant_id, subscription))
        chosen = following.choices_of(found)
        following.change(session, scene.settings, found, chosen.model_copy(update={"mode_settings": {"share": "1"}}))
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    assert scene.held(follower) == D("0.07") + D("0.15")
    scene.trade(scene.master_account(master), "sell", "1.00", position_id=position)
    scene.copy(master)
    assert scene.held(follower) == D("0.15"), "closes need no mode"
    form = choosing.form_of(scene.settings, chosen.model_dump(), ["EURUSD"])
    assert form["margin_use_share"].value == "0.5"


def test_a_skip_names_the_modes_own_setting(margin_use: None, scene: Scene) -> None:
    master = scene.master()
    subscription = scene.follow(master, scene.account("400"), mode="margin_use")
    scene.trade(scene.master_account(master), "buy", "0.10")
    scene.copy(master)
    [skip] = scene.skips(subscription)
    assert (skip.reason, skip.setting, skip.setting_value) == ("below_min_lot", "share", "2.5")


def test_nobody_takes_more_than_ten_times_the_masters_volume(margin_use: None, scene: Scene) -> None:
    scene.place.account_type("much", leverage=D(1000))
    master = scene.master("100")
    subscription = scene.follow(master, scene.account("1000000", "much"), mode="margin_use")
    scene.trade(scene.master_account(master), "buy", "0.01")
    scene.copy(master)
    assert scene.links(subscription)[0].held == D("0.10")


@pytest.mark.parametrize("gone", [True, False])
def test_a_mode_that_is_gone_or_fails_opens_nothing_and_holds_nobody_back(scene: Scene, gone: bool) -> None:
    MODES.set([MarginUseRatio(), Failing()])
    try:
        master = scene.master()
        follower, other = scene.account("2500"), scene.account("2500")
        subscription = scene.follow(master, follower, mode="margin_use" if gone else "failing")
        scene.follow(master, other)
        if gone:
            MODES.set(())
        scene.trade(scene.master_account(master), "buy", "1.00")
        scene.copy(master)
    finally:
        MODES.set(())
    [skip] = scene.skips(subscription)
    found = "margin_use" if gone else "ZeroDivisionError"
    assert (skip.reason, skip.found, scene.held(follower), scene.held(other)) == (
        "size_unknown",
        found,
        D(0),
        D("0.25"),
    )


class Twice:
    """A plugin whose mode has a key that is taken."""

    manifest = hookimpl(lambda _self: MarginUse().manifest())

    @hookimpl
    def sizing_modes(self) -> Sequence[Any]:
        class Mine(MarginUseRatio):
            key = "fixed"

        return (Mine(),)


def test_a_mode_that_does_not_fit_is_refused_with_its_plugin_and_ours_stay() -> None:
    runtime = load(("margin_use", Twice))
    assert [one.key for one in runtime.plugins.values()] == ["copy_trading"]
    assert "two sizing modes with the key 'fixed'" in runtime.rejected[0].reason
    assert list(MODES) == ["proportional", "fixed"]


def test_without_others_the_form_is_the_plain_one() -> None:
    assert form_model() is Choices
