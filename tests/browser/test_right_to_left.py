"""A brokerage whose language runs from right to left: its pages are mirrored, and still fit a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from tests.browser.site import Site, visiting

pytestmark = pytest.mark.browser

PAGES = {
    "owner": ("/admin", "/admin/accounts", "/admin/bot-trading/mission-control", "/admin/settings/company/brand"),
    "bots": ("/", "/trade", "/bot-trading", "/statements"),
}
_EDGES = """selector => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return [box.left, document.documentElement.clientWidth - box.right];
}"""


@pytest.fixture(scope="module")
def mirrored(site: Site) -> Iterator[Site]:
    """The demo's first brokerage in Arabic: no catalog has its texts, but its direction and formats are known."""
    change = text("update tenants.tenants set language = :language where key = 'aurora' returning language")
    with site.platform.database.system() as session:
        before = session.execute(text("select language from tenants.tenants where key = 'aurora'")).scalar_one()
        session.execute(change, {"language": "ar"})
    yield site
    with site.platform.database.system() as session:
        session.execute(change, {"language": before})


@pytest.mark.parametrize("who", PAGES)
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_pages_are_mirrored(mirrored: Site, chromium: Any, who: str, size: str) -> None:
    with visiting(mirrored, chromium, "aurora", size=size, language="") as visitor:
        visitor.sign_in(who)
        for path in PAGES[who]:
            assert visitor.go(path) == 200, path
            assert visitor.page.evaluate("[document.documentElement.lang, document.dir]") == ["ar", "rtl"], path
            assert not visitor.wider_than_the_screen(), path
            # Whatever begins a page stands at its right: the sidebar, the mark, the menu's button.
            begins = (
                ".ui-portal-bar .ui-brand"
                if who == "bots"
                else ".ui-sidebar"
                if size == "desktop"
                else ".ui-topbar > button"
            )
            left, right = visitor.page.evaluate(_EDGES, begins)
            assert right < left, (path, begins, left, right)
            visitor.shot(f"{who}-{size}-mirrored-{path.strip('/').replace('/', '-') or 'home'}")
        assert visitor.messages == []


def test_a_loss_keeps_its_sign_before_its_digits(mirrored: Site, chromium: Any) -> None:
    with visiting(mirrored, chromium, "aurora", language="") as visitor:
        visitor.sign_in("bots").go("/")
        losses = visitor.page.locator("main .ui-down").all_inner_texts()
        assert losses
        for loss in losses:
            assert loss.startswith("\u2066\u2212"), ascii(loss)
            assert "\u2069" in loss, ascii(loss)
