"""An operator's day in a real browser: look around, make a brokerage, suspend and open it, halt a module, end the halt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from core.demo.seeding import OPERATOR_EMAIL
from tests.browser.crawl import AXE, crawl
from tests.browser.site import Site, Visitor, ask, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium


def _sign_in(visitor: Visitor) -> Visitor:
    visitor.go("/sign-in")
    visitor.page.get_by_label("E-mail").fill(OPERATOR_EMAIL)
    visitor.page.get_by_label("Password").fill(visitor.site.password)
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.wait_for_url(lambda address: "sign-in" not in address)
    return visitor


@pytest.fixture
def operator(site: Site, chromium: Chromium) -> Iterator[Visitor]:
    with visiting(site, chromium, "operator") as visitor:
        yield _sign_in(visitor)
        assert visitor.messages == []


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_every_link_leads_to_a_page_without_a_fault(site: Site, chromium: Chromium, size: str, dark: bool) -> None:
    """No error, no complaint of the browser, nothing that axe finds serious, nothing wider than the screen."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: `npm ci --ignore-scripts` fetches it")
    with visiting(site, chromium, "operator", size=size, dark=dark, examined=True) as visitor:
        _sign_in(visitor)
        found = crawl(visitor, "/", set(), shots=f"{size}{'-dark' if dark else ''}")
    assert not found.wrong, "\n".join(found.wrong)
    assert {"/brokerages/aurora", "/modules/bot_trading", "/running", "/standing-still", "/log"} <= set(
        found.seen.values()
    )


def test_a_new_brokerage_is_made_and_its_owner_sets_a_password(operator: Visitor) -> None:
    page = operator.page
    operator.go("/brokerages")
    page.get_by_role("link", name="Make a brokerage").click()
    for label, value in (
        ("Name", "Harbour Trade"), ("Short name", "harbour"), ("Hosts", "harbour.localhost"),
        ("E-mail of the first owner", "owner@harbour.example"),
    ):  # fmt: skip
        page.get_by_label(label, exact=False).first.fill(value) if label != "Name" else page.locator("#f-name").fill(
            value
        )
    page.get_by_role("button", name="Make the brokerage").click()
    expect(page.get_by_role("heading", name="Harbour Trade is ready")).to_be_visible()
    found = re.search(r"/admin/invitation/[\w-]+", page.locator("main").inner_text())
    assert found
    page.goto(operator.site.url("harbour", found[0]))
    expect(page.get_by_text("Welcome", exact=False).first).to_be_visible()


def test_a_module_is_halted_loudly_and_the_halt_ends(operator: Visitor, site: Site, chromium: Chromium) -> None:
    page = operator.page
    operator.go("/brokerages/meridian")
    line = page.locator("li", has_text="Bot Trading")
    line.get_by_role("button", name="Halt").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("closes by the system included")
    operator.shot("halt-dialog")
    dialog.get_by_label("Reason").fill("Prices of the feed are wrong")
    dialog.get_by_role("button", name="Halt").click()
    expect(page.get_by_role("alert").filter(has_text="Prices of the feed are wrong")).to_be_visible()
    for who, path in (("owner", "/admin"), ("trader", "/")):
        with visiting(site, chromium, "meridian") as other:
            other.sign_in(who)
            other.go(path)
            told = other.page.get_by_role("alert").filter(has_text="Bot Trading is halted")
            expect(told).to_contain_text("Prices of the feed are wrong")
            other.shot(f"halted-{who}")
    operator.go("/")
    expect(page.get_by_text("Bot Trading is halted at Meridian Trade")).to_be_visible()
    operator.shot("overview-halted")
    operator.go("/brokerages/meridian")
    page.locator("li", has_text="Bot Trading").get_by_role("button", name="End the halt").click()
    dialog.get_by_label("Reason").fill("The feed is right again")
    dialog.get_by_role("button", name="End the halt").click()
    expect(page.locator("li", has_text="Bot Trading")).to_contain_text("Draining")
    operator.go("/log")
    expect(page.locator("main")).to_contain_text("module.end_halt")


def test_suspending_says_what_it_touches(operator: Visitor, site: Site) -> None:
    page = operator.page
    operator.go("/brokerages/meridian")
    page.get_by_role("button", name="Suspend").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Customers who cannot come in")
    operator.shot("suspend-dialog")
    dialog.get_by_label("Reason").fill("A licence is being looked at")
    dialog.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("Suspended").first).to_be_visible()
    assert ask(site.url("meridian", "/sign-in"))[0] == 503
    operator.go("/brokerages/meridian")
    page.get_by_role("button", name="Open again").click()
    dialog.get_by_label("Reason").fill("All is well")
    dialog.get_by_role("button", name="Open again").click()
    expect(page.locator("h1")).to_contain_text("Active")
