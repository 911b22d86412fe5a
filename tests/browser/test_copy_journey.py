"""The customers' journey in a real browser: apply, be approved, be found, be followed, be copied, be left."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from core.jobs.queues import CLASSES
from core.jobs.sweep import work_without_queues
from core.trading.services import place_orders
from core.trading.types import OrderRequest
from plugins.copy_trading.services import observing
from tests.browser.site import Site, Visitor, visiting

pytestmark = pytest.mark.browser


def trade(site: Site, email: str, key: str) -> None:
    """A trade by hand on the customer's first account, carried to whoever copies it."""
    with site.platform.database.system() as session:
        row = session.execute(
            text(
                "select a.tenant_id, a.id as account, y.id as symbol from core.accounts a"
                " join tenants.customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id"
                " join core.symbols y on y.tenant_id = a.tenant_id and y.code = 'AAPL' where c.email = :email"
                " order by a.number limit 1"
            ),
            {"email": email},
        ).one()
    with site.platform.database.tenant(row.tenant_id) as session:
        order = OrderRequest(key, row.account, row.symbol, "buy", Decimal(100))
        [result] = place_orders(session, [order])
        assert result.status == "filled", result
    work_without_queues(site.platform, CLASSES)


def apply_and_be_approved(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "aurora") as applicant:
        page = applicant.sign_in("trader").page
        applicant.go("/copy-trading/apply")
        expect(page.locator("main")).to_contain_text("Closed trades")
        page.get_by_label("Nickname").fill("Quiet Hand")
        page.get_by_label("About").fill("Few trades, held long")
        page.get_by_label("Performance fee").fill("10")
        applicant.shot("copy-apply")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("main")).to_contain_text("Pending")
        assert applicant.messages == []
    with visiting(site, chromium, "aurora") as owner:
        page = owner.sign_in("owner").page
        owner.go("/admin/copy-trading/masters?search=quiet")
        page.get_by_role("link", name="Quiet Hand").first.click()
        page.get_by_role("button", name="Approve").first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Approve").click()
        expect(page.locator("main")).to_contain_text("Active")


def test_a_customer_becomes_a_master_and_another_follows_pauses_changes_and_stops(site: Site, chromium: Any) -> None:
    trade(site, "trader@aurora.example", "before")
    apply_and_be_approved(site, chromium)
    with visiting(site, chromium, "aurora") as customer:
        page = customer.sign_in("follower").page
        customer.go("/copy-trading/masters")
        page.get_by_role("searchbox").fill("quiet")
        expect(page.locator("#masters tbody tr")).to_have_count(1)
        page.get_by_role("link", name="Quiet Hand").click()
        expect(page.locator("main")).to_contain_text("Monthly returns")
        customer.shot("copy-master")
        page.get_by_role("link", name="Copy", exact=True).click()
        preview = page.locator("#preview")
        expect(preview).to_contain_text("A typical trade")
        page.get_by_label("Minimum Equity").fill("900000")
        expect(preview).to_contain_text("Below Minimum Equity")
        page.get_by_label("Minimum Equity").fill("0")
        expect(preview).not_to_contain_text("Below Minimum Equity")
        page.get_by_role("button", name="Run it").click()
        expect(page.locator("#dry-run .ui-job")).to_be_visible()
        work_without_queues(site.platform, CLASSES)
        expect(page.locator("#dry-run")).to_contain_text("Maximum drawdown")
        customer.shot("copy-follow")
        page.get_by_role("button", name="Start copying").click()
        expect(page.locator("main")).to_contain_text("Read and confirm")
        page.get_by_label("I have read the risk notice").check(force=True)
        page.get_by_role("button", name="Start copying").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Copy of Quiet Hand")

        trade(site, "trader@aurora.example", "copied")
        page.reload()
        expect(page.locator("#positions tbody tr")).to_have_count(1)
        expect(page.locator("#positions")).to_contain_text("AAPL")
        page.get_by_role("button", name="Pause Copying").click()
        expect(page.locator("main")).to_contain_text("Paused by you")
        trade(site, "trader@aurora.example", "missed")
        page.reload()
        page.get_by_role("link", name=re.compile("^Skipped")).first.click()
        expect(page.locator("#skips")).to_contain_text("Copy paused")
        customer.shot("copy-skips")
        page.get_by_role("button", name="Resume Copying").click()
        page.get_by_role("link", name="Settings", exact=True).last.click()
        page.get_by_label("Max Open Trades").fill("3")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Max Open Trades")).to_have_value("3")
        customer.shot("copy-settings")
        customer.go("/copy-trading/copies")
        page.get_by_role("link", name="Quiet Hand").click()
        customer.shot("copy-overview")
        page.get_by_role("button", name="Stop Copying").click()
        dialog = page.get_by_role("dialog")
        for words in (
            "Open copied positions",
            "Estimated spread cost",
            "Close all copied positions",
            "Keep the positions",
        ):
            expect(dialog).to_contain_text(words)
        customer.shot("copy-stop")
        dialog.get_by_label("Close all copied positions").check(force=True)
        dialog.get_by_role("button", name="Stop Copying").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Stopped")
        assert customer.messages == []


def look(visitor: Visitor, path: str, name: str) -> None:
    """A page that is there, no wider than the screen."""
    assert visitor.go(path) == 200, path
    if visitor.page.locator("[data-chart]").count():
        visitor.page.locator("[data-chart] canvas").first.wait_for()
    # A chart takes its place a moment after it is drawn.
    until = time.monotonic() + 5
    while visitor.wider_than_the_screen() and time.monotonic() < until:
        visitor.page.wait_for_timeout(100)
    assert not visitor.wider_than_the_screen(), path
    visitor.shot(name)


@pytest.fixture(scope="module")
def record(site: Site) -> UUID:
    """A master of Aurora with two and a half months behind them, day by day."""
    trade(site, "master@aurora.example", "for a long time")
    with site.platform.database.system() as session:
        tenant, master = session.execute(
            text(
                "select m.tenant_id, m.id from copy_trading.masters m join tenants.customers c"
                " on c.tenant_id = m.tenant_id and c.id = m.customer_id where c.email = 'master@aurora.example'"
            )
        ).one()
    for day in range(75):
        with site.platform.database.system() as session:
            session.execute(
                text("update core.quotes set feed_ts_ms = feed_ts_ms + 86400000, bid = bid + :by, ask = ask + :by"),
                {"by": (7 * day) % 13 * 9 - 44},
            )
        with site.platform.database.tenant(tenant) as session:
            observing.look_at(session, [master])
    found: UUID = master
    return found


@pytest.mark.parametrize(("size", "dark"), [("phone", False), ("desktop", True)], ids=["phone light", "desktop dark"])
def test_the_customers_pages_are_calm_everywhere(
    site: Site, chromium: Any, record: UUID, size: str, dark: bool
) -> None:
    with visiting(site, chromium, "aurora", size=size, dark=dark) as customer:
        page = customer.sign_in("follower").page
        tail = f"{size}-{'dark' if dark else 'light'}"
        look(customer, "/copy-trading/masters", f"copy-masters-{tail}")
        master = f"/copy-trading/masters/{record}"
        look(customer, master, f"copy-master-{tail}")
        assert customer.go(f"{master}/follow") == 200
        expect(page.locator("#preview")).to_contain_text("would be copied")
        customer.shot(f"copy-follow-{tail}")
        look(customer, "/copy-trading/copies", f"copy-copies-{tail}")
        copy = page.locator("#copies tbody a").first.get_attribute("href")
        assert copy
        for tab in ("overview", "skips", "fees", "settings"):
            look(customer, f"{copy}?tab={tab}", f"copy-{tab}-{tail}")
        look(customer, "/copy-trading/apply", f"copy-apply-{tail}")
        assert customer.messages == []
    with visiting(site, chromium, "aurora", size=size, dark=dark) as owner:
        page = owner.sign_in("master").page
        owner.go("/copy-trading/apply")
        page.get_by_role("link", name="Manage").first.click()
        here = urlsplit(page.url).path
        for tab in ("overview", "followers", "earnings", "invites", "settings"):
            look(owner, f"{here}?tab={tab}", f"copy-mine-{tab}-{tail}")
        assert owner.messages == []
