"""Settings → Product Configs in a real browser: off is off on the very next request of every process, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, text

from tenants.models import Customer
from tenants.services import tokens
from tenants.services.actor import OPERATOR
from tests.browser.site import Site, ask, visiting

pytestmark = pytest.mark.browser

MASTERS = "/admin/copy-trading/masters"


def _subscriptions(site: Site, brokerage: str) -> list[tuple[Any, ...]]:
    tenant = site.platform.snapshot.refresh().by_key(brokerage)
    assert tenant is not None
    with site.platform.database.tenant(tenant.id) as session:
        rows = session.execute(text("select id, account_id, master_id from copy_trading.subscriptions order by id"))
        return [tuple(row) for row in rows]


def _state(site: Site, brokerage: str) -> str:
    tenant = site.platform.snapshot.refresh().by_key(brokerage)
    assert tenant is not None
    return tenant.state("copy_trading")


def _bearer(site: Site, brokerage: str) -> str:
    tenant = site.platform.snapshot.refresh().by_key(brokerage)
    assert tenant is not None
    with site.platform.database.tenant(tenant.id) as session:
        follower = session.scalars(select(Customer).where(Customer.email == f"follower@{brokerage}.example")).one()
        return tokens.make_token(session, follower, "test", ["read"], OPERATOR)[1]


def _api(site: Site, brokerage: str, process: int, token: str) -> tuple[bool, int]:
    """Whether OpenAPI describes Copy Trading, and what its first address answers."""
    _, body = ask(site.url(brokerage, "/api/v1/openapi.json", process))
    paths = [path for path in json.loads(body)["paths"] if path.startswith("/api/v1/copy-trading")]
    status, _ = ask(site.url(brokerage, "/api/v1/copy-trading/masters", process), Authorization=f"Bearer {token}")
    return bool(paths), status


def test_switching_copy_trading_off_and_on_again(site: Site, chromium: Any) -> None:
    before = _subscriptions(site, "aurora")
    assert before, "the demo has followers"
    token, other_token = _bearer(site, "aurora"), _bearer(site, "meridian")
    with (
        visiting(site, chromium, "aurora") as owner,
        visiting(site, chromium, "aurora") as customer,
        visiting(site, chromium, "meridian") as neighbour,
    ):
        owner.sign_in("owner")
        customer.sign_in("follower")
        neighbour.sign_in("owner")
        for process in (0, 1):
            assert owner.go(MASTERS, process) == 200
            assert _api(site, "aurora", process, token) == (True, 200)
        customer.go("/")
        assert customer.page.get_by_role("link", name="My copies").count() > 0

        owner.go("/admin/settings/products")
        owner.shot("product-configs")
        owner.page.get_by_role("switch", name="Copy Trading").click()
        dialog = owner.page.get_by_role("dialog")
        dialog.get_by_text("What this touches").wait_for()
        assert dialog.get_by_text("Active subscriptions").is_visible()
        owner.shot("switch-off")
        dialog.get_by_role("button", name="Switch off").click()
        owner.page.get_by_text("Copy Trading is", exact=False).first.wait_for()

        assert _state(site, "aurora") in ("off", "draining")
        for process in (1, 0):  # the very next request of every process
            assert owner.go(MASTERS, process) == 404
            owner.go("/admin", process)
            assert owner.page.get_by_role("link", name="Master Traders").count() == 0
            assert customer.go("/copy-trading/copies", process) == 404
            customer.go("/", process)
            assert customer.page.get_by_role("link", name="My copies").count() == 0
            assert _api(site, "aurora", process, token) == (False, 404)
            assert neighbour.go(MASTERS, process) == 200
            assert neighbour.page.get_by_role("link", name="Master Traders").count() > 0
            assert _api(site, "meridian", process, other_token) == (True, 200)

        owner.go("/admin/settings/products")
        owner.shot("switched-off")
        owner.page.get_by_role("switch", name="Copy Trading").click()
        owner.page.get_by_role("dialog").get_by_role("button", name="Switch on").click()
        owner.page.get_by_text("Copy Trading is on", exact=False).first.wait_for()
        for process in (1, 0):
            assert owner.go(MASTERS, process) == 200
            assert customer.go("/copy-trading/copies", process) == 200
            assert _api(site, "aurora", process, token) == (True, 200)
        assert _subscriptions(site, "aurora") == before
        assert owner.messages == []
        assert customer.messages == []
