"""Martingale and Reverse Martingale in the pages: form, preview, launch, reference, come from the strategy alone."""

from __future__ import annotations

import re

import pytest

from core.sdk.testing.workbench import Workbench
from plugins.bot_trading.services.access import rule
from tests.bot_trading.test_pages import ADMIN, PORTAL, Scene

LADDER = {
    "profile": "ladder",
    "direction": "buy",
    "initial_lot": "0.1",
    "take_profit_pips": "500",
    "stop_loss_pips": "200",
    "levels": "5",
    "multiplier": "2",
    "first_order": "100",
    "safety_order": "100",
    "safety_orders": "4",
    "step_percent": "1",
    "step_multiplier": "2",
    "size_multiplier": "2",
    "take_profit_percent": "1",
    "stop_loss_percent": "",
    "repeat": "repeat",
    "cycles": "10",
    "cooldown_s": "60",
    "max_cycles_per_hour": "",
    "daily_loss_limit": "",
    "max_spread_pips": "",
}


@pytest.fixture
def scene(workbench: Workbench) -> Scene:
    made = Scene(workbench)
    with made.north.session() as session:
        for strategy in ("martingale", "reverse_martingale"):
            rule(session, made.kim, strategy, True, "staff")
    return made


def test_a_ladder_is_previewed_level_by_level_launched_and_seen_by_staff(scene: Scene) -> None:
    with scene.bench.browse(scene.north, scene.kim) as browser:
        chooser = browser.get(f"{PORTAL}/new")
        assert "Choose Martingale" in chooser
        assert "Choose Reverse Martingale" in chooser
        page = f"{PORTAL}/new/martingale?account={scene.account}&symbol=BTCUSD"
        form = browser.get(page)
        for words in ("Take-profit in pips", "Safety orders", "Cooldown in seconds", "Maximum spread in pips"):
            assert words in form
        preview = browser.send(f"{PORTAL}/new/martingale/preview", page=page, **LADDER, **scene.where)
        assert preview.status == 200
        for words in ("Margin of all levels", "Worst case of a cycle", "Profit", "Loss", "Break-even"):
            assert words in preview
        key = re.search(r'name="launch_key" value="([^"]+)"', form.text)
        assert key is not None
        launched = browser.send(f"{PORTAL}/new/martingale", page=page, launch_key=key[1], **LADDER, **scene.where)
        assert launched.status == 200, launched.text
        assert "Level 1 opened: buy 0.1 lots at 100" in launched
    with scene.bench.browse(scene.north) as browser:
        assert "Martingale" in browser.get(f"{ADMIN}/mission-control")
        assert "Martingale" in browser.get(f"{ADMIN}/stats")


def test_a_take_profit_that_loses_is_refused_beside_its_field(scene: Scene) -> None:
    with scene.bench.browse(scene.north, scene.kim) as browser:
        page = f"{PORTAL}/new/martingale?account={scene.account}&symbol=BTCUSD"
        wish = {**LADDER, **scene.where, "take_profit_pips": "100", "launch_key": "k"}
        answer = browser.send(f"{PORTAL}/new/martingale", page=page, **wish)
    assert answer.status == 422
    assert "The take-profit of level" in answer


def test_safety_orders_and_a_streak_are_previewed(scene: Scene) -> None:
    with scene.bench.browse(scene.north, scene.kim) as browser:
        page = f"{PORTAL}/new/martingale?account={scene.account}&symbol=BTCUSD"
        wish = {**LADDER, **scene.where, "profile": "safety_orders", "take_profit_percent": "5"}
        preview = browser.send(f"{PORTAL}/new/martingale/preview", page=page, **wish)
        assert "1,600.00\u00a0USD" in preview
        page = f"{PORTAL}/new/reverse_martingale?account={scene.account}&symbol=BTCUSD"
        kept = ("direction", "initial_lot", "take_profit_pips", "stop_loss_pips", "levels", "multiplier", "repeat")
        guards = ("cycles", "cooldown_s", "max_cycles_per_hour", "daily_loss_limit", "max_spread_pips")
        streak = {name: LADDER[name] for name in (*kept, *guards)} | {"variant": "anti"}
        preview = browser.send(f"{PORTAL}/new/reverse_martingale/preview", page=page, **streak, **scene.where)
    assert preview.status == 200
    assert "The result of the whole cycle" in preview


def test_the_reference_tells_parameters_formulas_and_guards(scene: Scene) -> None:
    with scene.bench.browse(scene.north) as browser:
        page = browser.get(f"{ADMIN}/reference")
    for words in (
        "Martingale, in detail",
        "Reverse Martingale, in detail",
        "+5, +13, +27, +53, +103",
        "−114",
        "−2, +1, +7, +19, +43",
        "100.50, 99.22, 96.51, 90.87",
        "deviation limit",
        "Size multiplier",
    ):
        assert words in page
