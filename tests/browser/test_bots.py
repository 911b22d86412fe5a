"""The how-to's part on bots, walked in a real browser: launch, Bot Stats, Bot Mission Control, Pause, Resume, Stop."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from core.jobs.queues import CLASSES
from core.jobs.sweep import work_without_queues
from tests.browser.site import Site, Visitor, visiting

pytestmark = pytest.mark.browser


def launch(customer: Visitor) -> None:
    """Choose a strategy, look at the preview, launch."""
    page = customer.page
    customer.go("/bot-trading")
    page.get_by_role("link", name="New bot").click()
    page.get_by_role("link", name="Choose Spot Grid").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Needed capital")
    page.get_by_label("Number of cells").fill("1")
    expect(preview).to_contain_text("Fill in the settings")
    page.get_by_label("Number of cells").fill("10")
    expect(preview).to_contain_text("Orders that rest")
    page.locator("#price-chart canvas").first.wait_for()
    customer.shot("bot-launch")
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Spot Grid")


def move_prices(site: Site, ticks: int) -> None:
    """Let every price move without its lane: what bots are worth changes, and nothing else."""
    with site.platform.database.system() as session:
        session.execute(text("update core.quotes set bid = bid + :by, ask = ask + :by"), {"by": ticks})


def until_it_changes(site: Site, page: Page, before: str) -> str:
    """The total P&L of the first bot once the stream has brought another one."""
    cell = page.locator("#bots [data-cell=total]").first
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        work_without_queues(site.platform, CLASSES)
        page.wait_for_timeout(300)
        if (now := cell.inner_text()) != before:
            return now
    raise AssertionError(f"the P&L stayed {before}")


def dialog_of(page: Page, button: str) -> Any:
    """Click a button of the first bot and give the dialog that it opens."""
    page.locator("#bots tbody").get_by_role("button", name=button).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=button).wait_for()
    return dialog


def test_staff_follow_the_how_to_with_bots(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "aurora") as customer:
        customer.sign_in("bots")
        launch(customer)
        assert customer.messages == []
    with visiting(site, chromium, "aurora") as owner:
        page = owner.sign_in("owner").page
        owner.go("/admin")
        page.get_by_role("link", name="Bot Stats").click()
        for words in ("Active bots", "Historical bots", "Aggregate P&L", "By strategy", "Spot Grid"):
            expect(page.locator("main")).to_contain_text(words)
        page.get_by_role("navigation").get_by_role("link", name="Bot Mission Control").click()
        page.locator("[data-live-state=on]").wait_for()
        page.evaluate("window.stays = true")
        before = page.locator("#bots [data-cell=total]").first.inner_text()
        move_prices(site, 5)
        after = until_it_changes(site, page, before)
        assert re.search(r"[−+][\d,.]+\s\w{3}", after)
        assert page.evaluate("window.stays") is True  # by server-sent events: the page was not loaded again
        owner.shot("bot-mission-control")
        bots = page.locator("#bots tbody tr").count()

        dialog = dialog_of(page, "Pause")
        expect(dialog).to_contain_text("stops placing new orders but keeps existing positions open")
        dialog.get_by_role("button", name="Pause").click()
        expect(page.locator("#bots")).to_contain_text("Paused")
        dialog = dialog_of(page, "Resume")
        dialog.get_by_role("button", name="Resume").click()
        expect(page.locator("#bots")).not_to_contain_text("by admin")

        dialog = dialog_of(page, "Stop")
        for words in ("Close all positions", "Keep positions open", "may result in losses"):
            expect(dialog).to_contain_text(words)
        owner.shot("bot-stop")
        dialog.get_by_label("Close all positions").check(force=True)
        dialog.get_by_role("button", name="Stop").click()
        expect(page.locator("#bots tbody tr")).to_have_count(bots - 1)
        assert owner.messages == []


def test_staff_command_many_bots_and_halt_all_with_progress(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "meridian") as owner:
        page = owner.sign_in("owner").page
        owner.go("/admin/bot-trading/mission-control")
        page.locator("[data-live-state=on]").wait_for()
        bots = page.locator("#bots tbody tr").count()
        assert bots > 0
        page.get_by_label("Select all rows of this page").check()
        # The table stays as it is while rows are chosen, whatever comes over the stream.
        page.evaluate("document.dispatchEvent(new CustomEvent('bots:changed'))")
        page.wait_for_timeout(1200)
        expect(page.locator("[data-bulk-count]")).to_have_text(str(bots))
        page.locator("[data-bulk]").get_by_role("button", name="Pause").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("stop placing new orders but keep existing positions open")
        owner.shot("bots-bulk-pause")
        dialog.get_by_role("button", name="Pause").click()
        page.wait_for_url("**/batches/*")
        expect(page.locator("#batch")).to_contain_text(f"0 / {bots}")
        work_without_queues(site.platform, CLASSES)
        expect(page.locator("#batch")).to_contain_text(f"{bots} / {bots}")
        owner.shot("bots-batch")
        page.get_by_role("link", name="Back to Mission Control").click()
        expect(page.locator("#bots")).to_contain_text("Paused")

        page.get_by_role("button", name="Kill switch").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("Odd prices")
        dialog.get_by_label("Type “HALT” to go on").fill("HALT")
        owner.shot("bots-kill-switch")
        dialog.get_by_role("button", name="Halt all bots").click()
        page.wait_for_url("**/batches/*")
        work_without_queues(site.platform, CLASSES)
        expect(page.locator("#batch")).to_contain_text(f"{bots} / {bots}")
        owner.go("/admin/bot-trading/mission-control")
        expect(page.locator("#bots")).to_contain_text("Halted")
        expect(page.locator("#bots")).to_contain_text("Lift halt")
        assert owner.messages == []


@pytest.mark.parametrize(("size", "dark"), [("phone", False), ("desktop", True)], ids=["phone light", "desktop dark"])
def test_bots_pages_are_calm_everywhere(site: Site, chromium: Any, size: str, dark: bool) -> None:
    with visiting(site, chromium, "meridian", size=size, dark=dark) as customer:
        customer.sign_in("bots")
        launch(customer)
        for path in ("/bot-trading", "/bot-trading/new", "/bot-trading/reference"):
            assert customer.go(path) == 200
            assert not customer.wider_than_the_screen(), path
        assert customer.messages == []
    with visiting(site, chromium, "meridian", size=size, dark=dark) as owner:
        page = owner.sign_in("owner").page
        for path in ("stats", "mission-control", "reference"):
            assert owner.go(f"/admin/bot-trading/{path}") == 200
            assert not owner.wider_than_the_screen(), path
            owner.shot(f"bots-{path}-{size}")
        owner.go("/admin/bot-trading/mission-control")
        page.locator("#bots tbody a").first.click()
        page.locator("[data-chart] canvas").first.wait_for()
        expect(page.locator("main")).to_contain_text("Decision log")
        owner.shot(f"bot-{size}")
        # A chart takes its place a moment after it is drawn.
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth", timeout=5000)
        assert owner.messages == []
