"""People → Customers: the list, and everything staff do with a customer, from the page to the ledger."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.trading.services import place_orders
from core.trading.types import OrderRequest
from tenants.services import people, second_factor
from tenants.services.actor import OPERATOR
from tests.web.world import PASSWORD, Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]


def _rows(world: World, sql: str, **values: object) -> list[Any]:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        return list(session.execute(text(sql), values).all())


def _order(world: World, account: UUID | None, key: str) -> tuple[str, str | None]:
    assert account is not None
    with world.platform.database.tenant(world.north.tenant_id) as session:
        wanted = OrderRequest(key, account, world.north.ids["symbol"], "buy", Decimal("0.10"))
        result = place_orders(session, [wanted])[0]
        return result.status, result.reason


def test_the_list_is_searched_filtered_and_exported(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    number = _rows(world, "select number from core.accounts where id = :id", id=world.north.ids["account_id"])[0].number
    for query, shown, hidden in (
        ("search=ANN@", "Ann Trader", "Ben Trader"),
        (f"search={number}", "Ann Trader", "Ben Trader"),
        ("status=new", "Nia Newcomer", "Ann Trader"),
        ("accounts=none", "Nia Newcomer", "Ann Trader"),
        ("accounts=some&sort=-name", "Ben Trader", "Nia Newcomer"),
        ("since=2020-01-01", "Ann Trader", "nobody"),
    ):
        page = owner.get(f"/admin/customers?{query}").text
        assert shown in page, query
        assert hidden not in page, query
    assert "Nothing matches" in owner.get("/admin/customers?until=2020-01-01").text
    answer = owner.get("/admin/customers.csv?status=verified")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sorted(row["Customer"] for row in rows) == ["Ann Trader", "Ben Trader"]
    assert {row["Accounts"] for row in rows} == {"1"}


def test_a_customer_is_invited_by_mail_and_signs_in(
    world: World, browser: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    owner = browser(world.north).sign_in("owner")
    taken = owner.post("/admin/customers/invite", data={"name": "Ann Again", "email": "ann@north.example"})
    assert taken.status_code == 422
    assert "in use already" in taken.text
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        sent = owner.post(
            "/admin/customers/invite", data={"name": "Gina Guest", "email": "gina@north.example", "verified": "on"}
        )
    assert sent.status_code == 303
    page = sent.headers["location"]
    assert "Send the invitation again" in owner.get(page).text
    link = re.search(r"http://north\.localhost(/invitation/\S+)", caplog.text)
    assert link, caplog.text
    assert "invites you to open an account" in caplog.text
    guest = browser(world.north)
    assert "Gina Guest" in guest.get(link[1]).text
    assert guest.post(link[1], data={"password": PASSWORD}).headers["location"] == "/"
    assert "Your identity is being verified" not in guest.get("/").text


def test_a_blocked_customer_is_out_and_opens_nothing_but_closes_go_on(world: World, browser: Fresh) -> None:
    ann = world.north.customers["ann"]
    owner = browser(world.north).sign_in("owner")
    base = f"/admin/customers/{ann.id}"
    ask = owner.get(f"{base}/block").text
    assert "What is open stays open" in ask
    assert owner.post(f"{base}/block", data={"reason": ""}).status_code == 422, "a reason is needed"
    assert _order(world, ann.account, "before")[0] == "filled"
    assert owner.post(f"{base}/block", data={"reason": "Papers were forged"}).status_code == 303
    assert "This customer is blocked" in owner.get(base).text
    assert _order(world, ann.account, "after") == ("rejected", "customer_blocked")
    # Staff close what is open; the customer cannot sign in.
    closed = owner.post(f"/admin/positions/{world.north.ids['position_id']}/close", data={"volume": "0.2"})
    assert closed.status_code == 303
    refused = browser(world.north).post("/sign-in", data={"email": ann.email, "password": PASSWORD})
    assert refused.status_code == 422
    assert "blocked" in refused.text
    owner = browser(world.north).sign_in("owner")
    note = _rows(world, "select note from tenants.audit_entries where action = 'customer.block'")
    assert [row.note for row in note] == ["Papers were forged"]
    assert owner.post(f"{base}/unblock").status_code == 303
    assert _order(world, ann.account, "again")[0] == "filled", "verified, as before"


def test_verifying_opens_trading_and_tells_the_customer(world: World, browser: Fresh) -> None:
    newcomer = world.north.customers["new"]
    owner = browser(world.north).sign_in("owner")
    assert owner.post(f"/admin/customers/{newcomer.id}/verify").status_code == 303
    told = _rows(world, "select code, mail from tenants.notifications where customer_id = :id", id=newcomer.id)
    assert [(row.code, row.mail) for row in told] == [("verified", "wanted")]
    nia = browser(world.north).sign_in("new")
    assert "Your identity is being verified" not in nia.get("/").text


def test_money_is_booked_once_with_its_reason(world: World, browser: Fresh) -> None:
    ann = world.north.customers["ann"]
    owner = browser(world.north).sign_in("owner")
    path = f"/admin/accounts/{ann.account}/funds"
    key = re.search(r'name="key" value="([^"]+)"', owner.get(path).text)
    assert key
    deposit = {"kind": "deposit", "amount": "250.50", "reason": "Bank transfer 4711", "key": key[1]}
    for _time in range(2):
        assert owner.post(path, data=deposit).status_code == 303
    entries = _rows(
        world,
        "select kind, amount, note, actor from core.ledger_entries where account_id = :id order by entry_no",
        id=ann.account,
    )
    assert [(row.kind, row.amount, row.note, row.actor) for row in entries if row.kind == "deposit"][1:] == [
        ("deposit", Decimal("250.50"), "Bank transfer 4711", "owner@north.example")
    ]
    logged = _rows(world, "select before, after, note from tenants.audit_entries where action = 'account.deposit'")
    assert len(logged) == 1
    assert Decimal(logged[0].after["balance"]) - Decimal(logged[0].before["balance"]) == Decimal("250.50")
    too_much = owner.post(path, data=deposit | {"kind": "withdrawal", "amount": "99999", "key": "other"})
    assert too_much.status_code == 409
    assert "There is not enough money" in too_much.text
    negative = owner.post(path, data=deposit | {"amount": "-5", "key": "negative"})
    assert (negative.status_code, "Enter an amount above zero" in negative.text) == (409, True)
    assert (
        owner.post(path, data=deposit | {"kind": "correction", "amount": "-50.50", "key": "third"}).status_code == 303
    )
    assert owner.post(path, data=deposit | {"kind": "withdrawal", "amount": "100", "key": "fourth"}).status_code == 303
    sums = _rows(
        world,
        "select a.balance, (select sum(amount) from core.ledger_entries e where e.account_id = a.id) as total"
        " from core.accounts a where a.id = :id",
        id=ann.account,
    )[0]
    assert sums.balance == sums.total
    told = _rows(world, "select words from tenants.notifications where customer_id = :id and code = 'funds'", id=ann.id)
    assert len(told) == 3


def test_grants_and_denials_decide_what_a_customer_may(world: World, browser: Fresh) -> None:
    ann = world.north.customers["ann"]
    owner = browser(world.north).sign_in("owner")
    page = owner.get(f"/admin/customers/{ann.id}?tab=access").text
    assert "Trade by hand" in page
    saved = owner.post(
        f"/admin/customers/{ann.id}/access", page="/admin", data={"rule.trading.trade": "deny", "rule.made.up": "grant"}
    )
    assert saved.status_code == 303
    ann_herself = browser(world.north).sign_in("ann")
    assert (
        "Your identity is being verified" in ann_herself.get("/").text or "disabled" in ann_herself.get("/trade").text
    )
    owner = browser(world.north).sign_in("owner")
    rulings = _rows(world, "select permission, effect from tenants.rulings where customer_id = :id", id=ann.id)
    assert [tuple(row) for row in rulings] == [("trading.trade", "deny")]
    owner.post(f"/admin/customers/{ann.id}/access", page="/admin", data={"rule.trading.trade": "default"})
    assert not _rows(world, "select 1 from tenants.rulings where customer_id = :id", id=ann.id)


def test_accounts_are_opened_held_back_and_closed(world: World, browser: Fresh) -> None:
    ben = world.north.customers["ben"]
    owner = browser(world.north).sign_in("owner")
    page = owner.get(f"/admin/customers/{ben.id}/accounts/new").text
    kind = re.search(r'name="type" value="([^"]+)"', page)
    assert kind
    assert owner.post(f"/admin/customers/{ben.id}/accounts/new", data={"type": "nonsense"}).status_code == 422
    assert owner.post(f"/admin/customers/{ben.id}/accounts/new", data={"type": kind[1]}).status_code == 303
    fresh = _rows(
        world, "select id from core.accounts where customer_id = :id and id <> :first", id=ben.id, first=ben.account
    )[0].id
    status = {"status": "close_only", "reason": "Under review"}
    assert owner.post(f"/admin/accounts/{ben.account}/status", data=status | {"reason": ""}).status_code == 422
    assert owner.post(f"/admin/accounts/{ben.account}/status", data=status).status_code == 303
    assert _order(world, ben.account, "held") == ("rejected", "account_close_only")
    refused = owner.post(f"/admin/accounts/{ben.account}/status", data=status | {"status": "disabled"})
    assert refused.status_code == 409
    assert "pay it out first" in refused.text
    assert owner.post(f"/admin/accounts/{fresh}/status", data=status | {"status": "disabled"}).status_code == 303
    assert _order(world, fresh, "gone") == ("rejected", "account_disabled")
    ann = world.north.customers["ann"]
    busy = owner.post(f"/admin/accounts/{ann.account}/status", data=status | {"status": "disabled"})
    assert (busy.status_code, "open positions or working orders" in busy.text) == (409, True)


def test_sign_ins_and_activity_are_seen_and_ended(world: World, browser: Fresh) -> None:
    ann = world.north.customers["ann"]
    ann_herself = browser(world.north).sign_in("ann")
    token = next(cookie.value for cookie in ann_herself.client.cookies.jar if cookie.name == "session")
    owner = browser(world.north).sign_in("owner")
    page = owner.get(f"/admin/customers/{ann.id}?tab=sessions").text
    revoke = re.search(rf'href="(/admin/customers/{ann.id}/sessions/[^"]+/revoke)"', page)
    assert revoke
    assert "Sign out this browser?" in owner.get(revoke[1]).text
    assert owner.post(revoke[1]).status_code == 303
    assert owner.post(revoke[1], page="/admin").status_code == 404
    out = owner.client.get(
        f"http://{world.north.host}/", headers={"cookie": f"session={token}"}, follow_redirects=False
    )
    assert out.headers["location"] == "/sign-in"
    activity = owner.get(f"/admin/customers/{ann.id}?tab=activity").text
    assert "Signed in" in activity
    assert "Account opened" in activity


def test_particulars_are_changed(world: World, browser: Fresh) -> None:
    ann = world.north.customers["ann"]
    owner = browser(world.north).sign_in("owner")
    path = f"/admin/customers/{ann.id}/edit"
    wrong = owner.post(path, data={"name": "Ann", "phone": "call me", "country": ""})
    assert (wrong.status_code, "Enter a telephone number" in wrong.text) == (422, True)
    assert owner.post(path, data={"name": "Ann Renamed", "phone": "+49 30 555", "country": "de"}).status_code == 303
    page = owner.get(f"/admin/customers/{ann.id}").text
    assert all(found in page for found in ("Ann Renamed", "+49 30 555", ">DE<"))


def test_who_may_only_look_changes_nothing(world: World, browser: Fresh) -> None:
    ann = world.north.customers["ann"]
    support = browser(world.north).sign_in("support")
    page = support.get(f"/admin/customers/{ann.id}").text
    assert "Deposit or withdraw" not in page
    assert "/block" not in page
    assert support.get(f"/admin/customers/{ann.id}?tab=activity").status_code == 404, "needs the audit log's permission"
    for path in (
        f"/admin/customers/{ann.id}/block",
        f"/admin/customers/{ann.id}/access",
        f"/admin/accounts/{ann.account}/funds",
        f"/admin/accounts/{ann.account}/status",
        "/admin/customers/invite",
    ):
        assert support.post(path, page="/admin", data={"reason": "none"}).status_code == 404, path


def test_a_second_factor_whose_device_is_lost_is_removed(world: World, browser: Fresh) -> None:
    ann = world.north.customers["ann"]
    with world.platform.database.tenant(world.north.tenant_id) as session:
        person = people.customer(session, ann.id)
        second_factor.begin_enrolment(session, person, "North")
        second_factor.put_in_force(session, person, OPERATOR)
    sent = {"email": ann.email, "password": PASSWORD}
    assert browser(world.north).post("/sign-in", data=sent).headers["location"] == "/second-factor"
    owner = browser(world.north).sign_in("owner")
    base = f"/admin/customers/{ann.id}"
    assert "Remove second factor" in owner.get(base).text
    assert owner.post(f"{base}/second-factor").status_code == 303
    assert browser(world.north).post("/sign-in", data=sent).headers["location"] == "/"
