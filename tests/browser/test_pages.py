"""Every page that a role's navigation leads to, in a real browser, on a desktop and on a phone, light and dark."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.site import Site, visiting

pytestmark = pytest.mark.browser

ROLES = ("owner", "support", "follower", "trader")


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)], ids=["desktop light", "phone dark"])
@pytest.mark.parametrize("who", ROLES)
def test_all_links_of_the_navigation_lead_somewhere_calm(
    site: Site, chromium: Any, who: str, size: str, dark: bool
) -> None:
    with visiting(site, chromium, "meridian", size=size, dark=dark) as visitor:
        visitor.sign_in(who)
        start = "/admin" if who in ("owner", "support") else "/"
        visitor.go(start)
        links = visitor.page.locator("nav a[href^='/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        pages = [path for path in dict.fromkeys(links) if path.startswith("/admin") == (start == "/admin")]
        assert len(pages) >= 4
        for path in pages:
            assert visitor.go(path) == 200, path
            page = visitor.page
            assert page.locator("h1").count() == 1, path
            assert page.locator("main").count() == 1, path
            assert page.title().endswith(f"· {_name(page)}"), path
            assert not visitor.wider_than_the_screen(), path
            visitor.shot(f"{who}-{size}-{path.strip('/').replace('/', '-') or 'home'}")
        assert visitor.messages == []


def _name(page: Any) -> str:
    return str(page.locator(".ui-brand-name > span").first.text_content())


def test_the_table_sorts_filters_and_goes_back_without_loading_the_page(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "aurora") as owner:
        owner.sign_in("owner")
        owner.go("/admin/accounts")
        page = owner.page
        page.evaluate("window.stays = true")
        page.get_by_role("link", name="Balance").click()
        page.wait_for_url("**/admin/accounts?sort=-balance")
        assert page.locator("th[aria-sort=descending]").text_content().strip().startswith("Balance")
        page.get_by_placeholder("Number, name or e-mail").fill("follower")
        page.wait_for_url("**search=follower**")
        page.get_by_text("follower@aurora.example").wait_for()
        assert page.locator("#accounts tbody tr").count() == 1
        assert page.evaluate("window.stays") is True
        assert owner.messages == []


def test_light_and_dark_are_the_readers_choice(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "aurora") as owner:
        owner.sign_in("owner")
        owner.page.locator(".ui-sidebar-foot summary").click()
        owner.page.locator(".ui-sidebar-foot").get_by_role("button", name="Dark").click()
        assert owner.page.locator("html").get_attribute("data-bs-theme") == "dark"
        owner.go("/admin/orders")
        assert owner.page.locator("html").get_attribute("data-bs-theme") == "dark"
