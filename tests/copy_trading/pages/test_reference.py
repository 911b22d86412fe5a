"""The reference names every setting, state, gate and figure; what it says comes from the rules themselves."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest

from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.modes import MODES
from plugins.copy_trading.rules.reasons import Reason
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import MasterStatus, Pause, SubscriptionStatus
from plugins.copy_trading.services.lists import PAUSED_BY
from plugins.copy_trading.web import reference
from plugins.copy_trading.web.words import REASONS
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]
FIGURES = (
    "Equity", "Return index", "Monthly return", "Drawdown", "Sharpe ratio", "Win rate", "Profit factor", "Total P&L",
    "Risk score", "Effective leverage", "Over-leveraged follower", "Copied P&L", "Copy fidelity", "Performance fee",
)  # fmt: skip


def test_every_state_and_every_gate_has_words() -> None:
    assert set(reference.SUBSCRIPTION_STATES) == set(SubscriptionStatus)
    assert set(reference.MASTER_STATES) == set(MasterStatus)
    assert set(reference.PAUSES) == set(Pause)
    assert list(reference.GATES) == list(Reason), "in the order of the gates"
    assert set(REASONS) == set(Reason)
    assert {(reason.name or "").lower() for reason in Pause} == set(PAUSED_BY)


@pytest.mark.parametrize("person", ["support", "ben"])
def test_the_reference_names_everything_for_staff_and_customers(world: World, browser: Fresh, person: str) -> None:
    someone = browser(world.north).sign_in(person)
    base = "/admin/copy-trading" if person == "support" else "/copy-trading"
    answer = someone.get(f"{base}/reference")
    assert answer.status_code == 200
    page = unescape(answer.text)
    for name, field in Choices.model_fields.items():
        # A sizing mode's own settings stand beside the mode, under their own names.
        assert name == "mode_settings" or str(field.title) in page, name
    for _key, mode in MODES.choices():
        assert mode in page
    for figure in FIGURES:
        assert figure in page, figure
    for reason in Reason:
        assert str(REASONS[reason]) in page, reason
    for band in ("≥ 70 %", "≥ 30×", "40 – 60 %"):
        assert band in page, band
    assert ("Product Settings" in page) is (person == "support")


def test_the_reference_says_what_this_brokerage_has_set() -> None:
    entries = {str(entry.name): entry for entry in reference.choices_of(CopyTradingSettings(max_open_trades=7))}
    assert entries["Max Open Trades"].here == "7"
    assert entries["Max Open Trades"].bounds == "1 – 100"


def test_product_settings_lists_every_setting_of_every_module(world: World, browser: Fresh) -> None:
    staff = browser(world.north).sign_in("admin")
    answer = staff.get("/admin/settings/product-settings")
    assert answer.status_code == 200
    page = unescape(answer.text)
    for name, field in CopyTradingSettings.model_fields.items():
        assert str(field.title) in page, name
    for words in ("States of a module", "Draining", "Needs Account types, Symbols first.", "> 0, ≤ 100"):
        assert words in page, words
    assert "/admin/settings/product-settings" in staff.get("/admin/settings/products").text
    assert "/admin/settings/product-settings#copy_trading" in staff.get("/admin/settings/products/copy_trading").text
