"""The module's pages and API in the running application: what staff and customers see and do."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar.testing import TestClient
from sqlalchemy import text

from core.sdk.events import account_stream, read_events
from core.trading.services import place_orders
from core.trading.types import OrderRequest
from plugins.copy_trading.replication.handlers import on_opens
from tests.copy_trading.scene import Context
from tests.web.world import Brokerage, Browser, World, token_of

Fresh = Callable[[Brokerage], Browser]


def follow_form(account: object, **changes: str) -> dict[str, str]:
    """The form of a follow as a customer sends it."""
    return {"account": str(account), "confirmed": "on", "mode": "proportional", "copy_ratio": "1", "fixed_size": "0.01",
            "fixed_basis": "lots", "max_open_trades": "10", "minimum_equity": "0", "below_minimum_lot": "skip", **changes}  # fmt: skip


def copy_a_trade(world: World, master: UUID) -> None:
    """Ann buys a lot, and her followers with her."""
    north, ann = world.north, world.north.customers["ann"]
    assert ann.account is not None
    with world.platform.database.tenant(north.tenant_id) as session:
        place_orders(session, [OrderRequest("to be copied", ann.account, north.ids["symbol"], "buy", Decimal("0.10"))])
    with world.platform.database.tenant(north.tenant_id) as session:
        events = read_events(session, account_stream(ann.account), after=0)
        on_opens(Context(session, north.tenant_id), events, 0)
    assert master


def test_a_fresh_brokerage_has_no_masters_and_is_told_what_to_do(world: World, browser: Fresh) -> None:
    page = browser(world.north).sign_in("owner").get("/admin/copy-trading/masters")
    assert page.status_code == 200
    assert "No master traders yet" in page.text
    assert "Grant master status" in page.text
    assert re.search(r'href="/admin/copy-trading/masters"[^>]*>(?:<[^>]+>|\s)*Master Traders', page.text)


def test_the_how_to_can_be_followed_from_the_list_to_stop_copying(world: World, browser: Fresh, nora: UUID) -> None:
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    assert "Nora Master" in customer.get("/copy-trading/masters").text
    done = customer.post(f"/copy-trading/masters/{nora}/follow", data=follow_form(ben.account))
    assert done.status_code == 303, done.text[:3000]
    copy_a_trade(world, nora)
    staff = browser(world.north).sign_in("risk")
    listing = staff.get("/admin/copy-trading/masters").text
    for words in ("Nora Master", "Followers", "Total P&amp;L", "Win rate", "Status"):
        assert words in listing
    overview = staff.get(f"/admin/copy-trading/masters/{nora}").text
    for words in (
        "Equity curve",
        "Monthly returns",
        "Drawdown",
        "Risk score",
        "Sharpe ratio",
        "Status controls",
        "Pause",
        "Deactivate",
    ):
        assert words in overview, words
    followers = staff.get(f"/admin/copy-trading/masters/{nora}?tab=followers").text
    for words in (
        "Ben Trader",
        "Copy mode",
        "Proportional",
        "Copy ratio",
        "Copied P&amp;L",
        "Pause Copying",
        "Stop Copying",
        "1 open",
    ):
        assert words in followers, words
    link = re.search(r'hx-get="(/admin/copy-trading/masters/[^"]+/followers/stop\?ids=[^"]+)"', followers)
    assert link
    question = staff.get(link[1].replace("&amp;", "&"))
    assert "Open copied positions" in question.text
    path, _, query = link[1].partition("?")
    refused = staff.post(path, page=link[1], data={"ids": query.removeprefix("ids="), "reason": "at risk"})
    assert refused.status_code == 409, "the caller must choose how the positions are left"
    done = staff.post(
        path, page=link[1], data={"ids": query.removeprefix("ids="), "choice": "close_all", "reason": "at risk"}
    )
    assert done.status_code == 303
    assert "Nobody follows yet" in staff.get(f"/admin/copy-trading/masters/{nora}?tab=followers").text
    own = browser(world.north).sign_in("ben").get("/copy-trading/copies").text
    assert "Stopped" in own


def test_status_controls_show_what_they_touch_and_are_audited(world: World, browser: Fresh, nora: UUID) -> None:
    staff = browser(world.north).sign_in("admin")
    url = f"/admin/copy-trading/masters/{nora}/status/deactivate"
    question = staff.get(url).text
    for words in ("Followers", "Open copied positions", "Wind down", "Close all copies", "Detach"):
        assert words in question, words
    assert staff.post(url, data={"reason": "too wild", "choice": "wind_down"}).status_code == 303
    assert "too wild" in staff.get(f"/admin/copy-trading/masters/{nora}").text
    assert "Nora Master" not in browser(world.north).sign_in("ben").get("/copy-trading/masters").text
    with world.platform.database.tenant(world.north.tenant_id) as session:
        row = session.execute(
            text("select before, after from tenants.audit_entries where action = 'master.deactivate'")
        ).one()
    assert row.before == {"status": "active"}
    assert (row.after["status"], row.after["choice"], row.after["reason"]) == ("deactivated", "wind_down", "too wild")


def test_support_reads_and_changes_nothing(world: World, browser: Fresh, nora: UUID) -> None:
    staff = browser(world.north).sign_in("support")
    page = staff.get(f"/admin/copy-trading/masters/{nora}")
    assert page.status_code == 200
    assert "Deactivate" not in page.text
    assert staff.get(f"/admin/copy-trading/masters/{nora}/status/pause").status_code in (403, 404)


def test_the_form_of_a_follow_keeps_the_tenants_bounds_and_asks_for_the_confirmation(
    world: World,
    browser: Fresh,
    nora: UUID,
) -> None:
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    url = f"/copy-trading/masters/{nora}/follow"
    page = customer.get(url).text
    for words in ("Max Open Trades", "Minimum Equity", "Slippage Tolerance", "Risk notice"):
        assert words in page, words
    assert customer.post(url, data=follow_form(ben.account, copy_ratio="50")).status_code == 422
    unread = follow_form(ben.account)
    del unread["confirmed"]
    answer = customer.post(url, data=unread)
    assert answer.status_code == 422
    assert "Read and confirm" in answer.text
    ann = world.north.customers["ann"]
    assert customer.post(url, data=follow_form(ann.account)).status_code == 422, "somebody else's account"


def test_a_customer_applies_and_staff_approve(world: World, browser: Fresh) -> None:
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    page = customer.get("/copy-trading/apply").text
    assert "Closed trades" in page
    assert "not met" in page
    sent = customer.post(
        "/copy-trading/apply", data={"account": str(ben.account), "name": "Ben Bold", "about": "Bold", "public": "on"}
    )
    assert sent.status_code == 303, sent.text[:3000]
    assert "Pending" in customer.get("/copy-trading/apply").text
    staff = browser(world.north).sign_in("owner")
    listing = staff.get("/admin/copy-trading/masters").text
    found = re.search(r"/admin/copy-trading/masters/([0-9a-f-]{36})", listing)
    assert found
    assert staff.post(f"/admin/copy-trading/masters/{found[1]}/status/approve").status_code == 303
    assert "Ben Bold" in browser(world.north).sign_in("ann").get("/copy-trading/masters").text


def test_the_api_offers_the_same_services(world: World, client: TestClient[Any], nora: UUID) -> None:
    north, ben = world.north, world.north.customers["ben"]
    headers = {"authorization": f"Bearer {token_of(world, north, 'ben')}"}
    base = f"http://{north.host}/api/v1/copy-trading"
    masters = client.get(f"{base}/masters", headers=headers)
    assert masters.status_code == 200, masters.text
    assert [row["name"] for row in masters.json()] == ["Nora Master"]
    body = {"master_id": str(nora), "account_id": str(ben.account), "confirmed": True}
    made = client.post(f"{base}/copies", json=body, headers=headers)
    assert made.status_code == 201, made.text
    again = client.post(f"{base}/copies", json=body, headers=headers)
    assert again.status_code == 409
    copy_a_trade(world, nora)
    [copy] = client.get(f"{base}/copies", headers=headers).json()
    assert (copy["status"], copy["open_copies"]) == ("active", 1)
    assert client.post(f"{base}/copies/{copy['id']}/pause", headers=headers).json()["reasons"] == ["follower"]
    assert client.post(f"{base}/copies/{copy['id']}/resume", headers=headers).json()["status"] == "active"
    assert client.post(f"{base}/copies/{copy['id']}/stop", json={"choice": "?"}, headers=headers).status_code == 409
    stopped = client.post(f"{base}/copies/{copy['id']}/stop", json={"choice": "close_all"}, headers=headers)
    assert (stopped.json()["status"], stopped.json()["open_copies"]) == ("stopped", 0)
    other = {"authorization": f"Bearer {token_of(world, north, 'ann')}"}
    assert client.get(f"{base}/copies/{copy['id']}/skips", headers=other).status_code == 404, "somebody else's copy"
    south = {"authorization": f"Bearer {token_of(world, world.south, 'ben')}"}
    assert client.get(f"http://{world.south.host}/api/v1/copy-trading/masters/{nora}", headers=south).status_code == 404
