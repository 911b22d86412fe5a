"""axe finds nothing serious on the pages of either surface, light or dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.site import Site, visiting

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ADMIN = (
    "/admin", "/admin/accounts", "/admin/positions", "/admin/orders", "/admin/customers", "/admin/settings/products",
    "/admin/settings/products/copy_trading", "/admin/settings/audit", "/admin/settings/tokens",
    "/admin/developers/components", "/admin/copy-trading/masters", "/admin/bot-trading/mission-control",
)  # fmt: skip
PORTAL = ("/", "/trade", "/history", "/accounts/new", "/copy-trading/masters", "/bot-trading")


@pytest.mark.parametrize(("who", "pages"), [("owner", ADMIN), ("trader", PORTAL)], ids=["admin", "portal"])
@pytest.mark.parametrize(("brokerage", "dark"), [("aurora", False), ("meridian", True)], ids=["light", "dark"])
def test_axe_finds_nothing_serious(
    site: Site, chromium: Any, brokerage: str, dark: bool, who: str, pages: tuple[str, ...]
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not here: `npm ci --ignore-scripts` fetches it")
    with visiting(site, chromium, brokerage, dark=dark, examined=True) as visitor:
        visitor.sign_in(who)
        wrong = []
        for path in pages:
            visitor.go(path)
            visitor.page.evaluate(AXE.read_text("utf-8"))
            found = visitor.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
            wrong += [
                (path, item["id"], item["nodes"][0]["html"][:200])
                for item in found["violations"]
                if item["impact"] in ("serious", "critical")
            ]
        assert not wrong, wrong
