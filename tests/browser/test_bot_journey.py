"""A customer's way with a bot of each strategy: choose, fill in, preview with a run, launch, watch, pause, resume, stop."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.jobs.queues import CLASSES
from core.jobs.sweep import work_without_queues
from tests.browser.site import Site, Visitor, visiting

pytestmark = pytest.mark.browser


def fill_in(page: Page, strategy: str) -> None:
    """Change something and see limits, chart and preview follow."""
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Needed capital")
    expect(page.locator("#launch-sum")).to_contain_text("Worst case")
    if strategy == "Spot Grid":
        page.get_by_label("Number of cells").fill("8")
        expect(page.locator("#limit-cells")).to_contain_text("2 to")
        expect(preview.locator("details").first).to_contain_text("Cell 8")
        levels = page.locator("[data-chart-levels]").get_attribute("data-levels") or ""
        assert levels.count("[") == 9  # eight lines in one list
    elif strategy == "Martingale":
        expect(page.get_by_label("First order")).to_be_hidden()
        page.get_by_label("Levels", exact=True).fill("99")
        expect(page.locator("#limit-levels")).to_contain_text("At most 10")
        page.get_by_label("Levels", exact=True).fill("3")
        expect(preview.locator("details").first).to_contain_text("Level 3")
    else:
        page.get_by_label("Levels", exact=True).fill("4")
        expect(preview).to_contain_text("Profit of a won cycle")


def run_over_prices(site: Site, customer: Visitor) -> None:
    """Ask for the run and wait for what it came to: the jobs are done here."""
    page = customer.page
    page.get_by_role("button", name="Run these settings").click()
    run = page.locator("#run")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not run.locator(".bots-figures").count():
        work_without_queues(site.platform, CLASSES)
        page.wait_for_timeout(300)
    for words in ("Total P&L", "Realised", "Floating", "Drawdown", "200 prices"):
        expect(run).to_contain_text(words)
    run.locator("canvas").first.wait_for()


def act(page: Page, button: str, *, choice: str = "") -> None:
    """A button of the bot's page, and the same in the dialog that it opens."""
    page.locator("main header").get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    if choice:
        expect(dialog).to_contain_text("may differ")
        dialog.get_by_label(choice).check(force=True)
    dialog.get_by_role("button", name=button).click()


@pytest.mark.parametrize(
    ("strategy", "size", "dark"),
    [("Spot Grid", "desktop", False), ("Martingale", "phone", True), ("Reverse Martingale", "desktop", True)],
)
def test_a_customer_goes_all_the_way_with_a_bot(
    site: Site, chromium: Any, strategy: str, size: str, dark: bool
) -> None:
    name = strategy.lower().replace(" ", "-")
    with visiting(site, chromium, "aurora", size=size, dark=dark) as customer:
        page = customer.sign_in("bots").page
        customer.go("/bot-trading/new")
        customer.shot(f"choose-{size}")
        page.get_by_role("link", name=f"Choose {strategy}", exact=True).click()
        fill_in(page, strategy)
        run_over_prices(site, customer)
        assert not customer.wider_than_the_screen()
        customer.shot(f"launch-{name}-{size}")
        page.get_by_role("button", name="Launch").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(strategy)
        for words in ("Total P&L", "Floating", "Drawdown", "Decision log", "Newest fills"):
            expect(page.locator("main")).to_contain_text(words)
        page.locator("[data-chart] canvas").first.wait_for()
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth", timeout=5000)
        customer.shot(f"bot-{name}-{size}")
        act(page, "Pause")
        expect(page.locator("main header")).to_contain_text("Paused")
        act(page, "Resume")
        expect(page.locator("main header")).not_to_contain_text("Paused")
        page.get_by_role("link", name="Clone").click()
        expect(page.locator("#preview")).to_contain_text("Needed capital")
        if strategy != "Reverse Martingale":
            field, value = ("Number of cells", "8") if strategy == "Spot Grid" else ("Levels", "3")
            expect(page.get_by_label(field, exact=True)).to_have_value(value)
        page.go_back()
        act(page, "Stop", choice="Close all positions")
        expect(page.locator("main header")).to_contain_text(re.compile("Stopped|Stopping"))
        assert customer.messages == []
