"""A customer trades in a real browser: find a symbol, see what an order costs, place, protect, close in part, change, cancel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser.site import Site, Visitor, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium


@pytest.fixture
def trader(site: Site, chromium: Chromium) -> Iterator[Visitor]:
    with visiting(site, chromium, "aurora") as visitor:
        visitor.sign_in("trader")
        visitor.go("/trade")
        yield visitor
        assert visitor.messages == []


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("desktop", True), ("phone", False), ("phone", True)])
def test_the_page_fits_both_widths_in_light_and_dark(site: Site, chromium: Chromium, size: str, dark: bool) -> None:
    with visiting(site, chromium, "aurora", size=size, dark=dark) as visitor:
        visitor.sign_in("trader")
        for tab in ("positions", "orders", "history"):
            visitor.go(f"/trade?tab={tab}")
            expect(visitor.page.locator("#ticket-preview")).to_contain_text("Margin")
            expect(visitor.page.locator(".ui-chart-canvas canvas").first).to_be_visible()
            assert not visitor.wider_than_the_screen(), tab
            visitor.shot(f"trade-{tab}-{size}{'-dark' if dark else ''}")
        assert visitor.messages == []


def test_a_symbol_is_found_and_marked(trader: Visitor) -> None:
    page = trader.page
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Find a symbol")
    expect(search).to_be_focused()
    search.fill("microsoft")
    expect(page.locator("#watch > li:visible")).to_have_count(1)
    search.press("Enter")
    expect(page.get_by_role("heading", name="MSFT")).to_be_visible()
    assert "symbol=MSFT" in page.url
    star = page.locator("#watch > li", has_text="MSFT").get_by_role("button")
    star.click()
    expect(page.locator("#watch > li", has_text="MSFT").get_by_role("button")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("#watch > li").first).to_contain_text("MSFT")
    page.get_by_role("searchbox", name="Find a symbol").fill("zzz")
    expect(page.get_by_text("No symbol is called that.")).to_be_visible()


def test_an_order_is_placed_protected_and_closed_in_part(trader: Visitor, site: Site) -> None:
    page = trader.page
    page.goto(site.url("aurora", "/trade?symbol=IBM"))
    lots = page.get_by_label("Lots", exact=True)
    lots.fill("2")
    submit = page.locator(".ui-ticket-submit")
    expect(submit).to_have_text("Buy 2 IBM")
    page.get_by_role("button", name="More lots").click()
    expect(lots).to_have_value(re.compile(r"2\.01"))
    lots.fill("2")
    page.get_by_label("Stop-loss").fill("1")
    expect(page.locator("#ticket-preview")).to_contain_text("At the stop-loss")
    before = page.locator("#panels tbody tr").count()
    submit.dblclick()
    expect(page.locator("#toasts")).to_contain_text("2 lots of IBM bought at")
    row = page.locator("#panels tbody tr", has_text="IBM").filter(has_text="2").first
    expect(page.locator("#panels tbody tr")).to_have_count(before + 1)
    row.get_by_role("button", name="Protect").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Take-profit").fill("0.5")
    dialog.get_by_role("button", name="Set").click()
    expect(dialog).to_contain_text("wrong side")
    dialog.get_by_label("Take-profit").fill("900")
    dialog.get_by_role("button", name="Set").click()
    expect(row).to_contain_text("900.00")
    row.get_by_role("button", name="Close").click()
    dialog.get_by_role("button", name="50 %").wait_for()
    assert page.evaluate("document.activeElement.closest('dialog') !== null"), "the focus is in the dialog"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    row.get_by_role("button", name="Close").click()
    dialog.get_by_role("button", name="50 %").click()
    expect(dialog.get_by_label("Lots to close")).to_have_value("1")
    trader.shot("trade-close-dialog")
    dialog.get_by_role("button", name="Close the position").click()
    expect(page.locator("#toasts")).to_contain_text("IBM: 1 lots closed at")
    assert page.url.endswith("symbol=IBM"), "the page was not left"


def test_a_working_order_waits_is_changed_and_cancelled(trader: Visitor, site: Site) -> None:
    page = trader.page
    page.goto(site.url("aurora", "/trade?symbol=GOOG&tab=orders"))
    page.get_by_text("Limit", exact=True).click()
    price = page.get_by_label("Price", exact=True)
    expect(price).to_be_visible()
    price.fill("50")
    page.get_by_label("Lots", exact=True).fill("1")
    expect(page.locator("#ticket-preview")).to_contain_text("Waits for its price")
    page.locator(".ui-ticket-submit").click()
    row = page.locator("#panels tbody tr", has_text="GOOG").filter(has_text="50.00")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Price").fill("51")
    dialog.get_by_role("button", name="Change the order").click()
    changed = page.locator("#panels tbody tr", has_text="GOOG").filter(has_text="51.00")
    expect(changed).to_be_visible()
    trader.shot("trade-working")
    changed.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel the order").click()
    expect(page.locator("#panels")).to_contain_text("No working orders")
    with site.platform.database.system() as session:
        rows = session.execute(
            text("select status from core.orders where kind = 'limit' and reason in ('replaced', 'by_customer')")
        )
        assert {row.status for row in rows} == {"cancelled"}


def test_what_is_wrong_stands_at_its_field(trader: Visitor, site: Site) -> None:
    page = trader.page
    page.goto(site.url("aurora", "/trade?symbol=AAPL"))
    page.get_by_label("Take-profit").fill("0.01")
    page.locator(".ui-ticket-submit").click()
    expect(page.locator("#ticket-take_profit-error")).to_contain_text("wrong side")
    expect(page.get_by_label("Take-profit")).to_have_attribute("aria-invalid", "true")
    trader.shot("trade-wrong")


def test_a_demo_account_is_marked_and_everything_closes_at_once(site: Site, chromium: Chromium) -> None:
    with visiting(site, chromium, "aurora") as visitor:
        visitor.sign_in("louis")
        visitor.go("/trade?symbol=IBM")
        page = visitor.page
        expect(page.locator(".ui-trade-top").get_by_text("Demo", exact=True)).to_be_visible()
        for _ in range(2):
            page.get_by_label("Lots", exact=True).fill("1")
            page.locator(".ui-ticket-submit").click()
            expect(page.locator("#toasts").get_by_text("bought at").last).to_be_visible()
        page.get_by_role("button", name="Close all").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("P&L now")
        visitor.shot("trade-close-all")
        dialog.get_by_role("button", name="Close at the market").click()
        expect(page.locator("#panels")).to_contain_text("No open positions")
        assert visitor.messages == []
