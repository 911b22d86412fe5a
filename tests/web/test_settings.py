"""Settings: each page changes what it says it changes, with an entry in the log, and refuses what cannot be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from litestar.testing import TestClient
from PIL import Image
from sqlalchemy import select, text

from core.trading.models import AccountType, Instrument, Symbol
from tenants.db import new_id
from tenants.models import TenantHost
from tenants.services import audit, branding, company
from tenants.services.actor import OPERATOR
from tenants.services.audit import AuditFilter
from tests.web.world import Brokerage, Browser, World, token_of

Fresh = Callable[[Brokerage], Browser]
TYPES, SYMBOLS, COMPANY = "/admin/settings/account-types", "/admin/settings/symbols", "/admin/settings/company"
STANDARD = {
    "name": "Standard", "currency": "USD", "mode": "hedging", "status": "active", "min_deposit": "0", "leverage": "100",
    "margin_call_level": "100", "stop_out_level": "50", "may_short": "on", "negative_balance_protection": "on",
    "copy_allowed": "on", "markup": "0", "commission_kind": "per_lot", "commission": "0",
}  # fmt: skip


def _type(world: World, name: str = "Standard") -> AccountType:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        return session.scalars(select(AccountType).where(AccountType.name == name)).one()


def _entries(world: World, action: str) -> list[Any]:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        return list(audit.search(session, AuditFilter(action=action))[0])


def test_every_page_answers_who_may_see_it_and_hides_what_they_may_not_do(world: World, browser: Fresh) -> None:
    kind, symbol = _type(world).id, world.north.ids["symbol"]
    pages = [
        "/admin/settings/setup", COMPANY, f"{COMPANY}/brand", f"{COMPANY}/domains", f"{COMPANY}/currencies", TYPES,
        f"{TYPES}/{kind}", f"{TYPES}/{kind}/symbols", SYMBOLS,
        f"{SYMBOLS}?search=eur&class=fx&status=active&sort=-positions", f"{SYMBOLS}/{symbol}",
    ]  # fmt: skip
    deeds = [
        f"{TYPES}/new", f"{TYPES}/{kind}/symbols/{symbol}", f"{TYPES}/{kind}/symbols/switch?to=off&ids={symbol}", f"{SYMBOLS}/add",
        f"{SYMBOLS}/status?to=disabled&ids={symbol}", f"{COMPANY}/domains/remove?host={world.north.host}",
    ]  # fmt: skip
    owner = browser(world.north).sign_in("owner")
    for path in (*pages, *deeds):
        answer = owner.get(path)
        assert answer.status_code == 200, (path, answer.text[:400])
        assert "tradeyard" not in answer.text.lower()
    support = browser(world.north).sign_in("support")
    for path in pages:
        answer = support.get(path)
        assert answer.status_code == 200, path
        assert 'type="submit">Save' not in answer.text, path
    for path in deeds:
        assert support.get(path).status_code == 404, path
    for path in (
        f"{TYPES}/{kind}",
        f"{SYMBOLS}/{symbol}",
        COMPANY,
        f"{COMPANY}/brand",
        f"{COMPANY}/domains",
        f"{COMPANY}/currencies",
    ):
        assert support.post(path, "/admin", STANDARD).status_code == 404, path
    assert _entries(world, "account_type.change") == []


def test_an_account_type_is_added_changed_and_its_accounts_keep_what_they_took_over(
    world: World, browser: Fresh
) -> None:
    owner = browser(world.north).sign_in("owner")
    made = owner.post(f"{TYPES}/new", data={**STANDARD, "name": "Pro", "leverage": "30"})
    assert made.status_code == 303
    assert _type(world, "Pro").leverage == 30
    assert "name" in owner.post(f"{TYPES}/new", data={**STANDARD, "name": "Pro"}).text
    kind = _type(world).id
    page = f"{TYPES}/{kind}"
    assert re.search(r'name="currency"[^>]* disabled', owner.get(page).text)
    sent = {
        key: value for key, value in STANDARD.items() if key not in ("currency", "mode")
    }  # as browsers leave them out
    assert owner.post(page, data={**sent, "markup": "1.5", "leverage": "50"}).status_code == 303
    assert (_type(world).markup, _type(world).leverage, _type(world).mode) == (Decimal("1.5"), 50, "hedging")
    (entry,) = _entries(world, "account_type.change")
    assert (entry.actor_name, set(entry.before), entry.after) == (
        "owner@north.example", {"markup", "leverage"}, {"leverage": "50", "markup": "1.5"}
    )  # fmt: skip
    wrong = owner.post(page, data={**sent, "stop_out_level": "200"})
    assert (wrong.status_code, "above the margin call level" in wrong.text) == (422, True)


def test_who_would_be_stopped_out_is_shown_and_must_be_meant(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    page = f"{TYPES}/{_type(world).id}"
    sent = {**STANDARD, "margin_call_level": "10000", "stop_out_level": "9000"}  # ann has 4,500 % of her margin
    seen = owner.post(f"{page}/impact", page, sent)
    assert "1 account would be stopped out at its next price" in seen.text
    refused = owner.post(page, data=sent)
    assert (refused.status_code, "say below that it is meant" in refused.text) == (422, True)
    assert _type(world).stop_out_level == 50
    assert owner.post(page, data={**sent, "accept": "on"}).status_code == 303
    assert _type(world).stop_out_level == 9000


def test_a_types_symbols_are_switched_and_given_terms_of_their_own(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    kind, symbol = _type(world).id, world.north.ids["symbol"]
    page = f"{TYPES}/{kind}/symbols"
    assert owner.post(f"{page}/{symbol}", page, {"enabled": "on", "leverage": "20", "markup": ""}).status_code == 303
    shown = owner.get(page).text
    assert "1 : 20" in shown
    assert owner.post(f"{page}/switch", page, {"ids": str(symbol), "to": "off"}).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        query = text("select enabled, leverage from core.account_type_symbols where account_type_id = :t")
        assert session.execute(query, {"t": kind}).all() == [(False, Decimal(20))]
    assert len(_entries(world, "account_type.symbol")) == 2
    other = world.south.ids["symbol"]
    assert owner.post(f"{page}/switch", page, {"ids": str(other), "to": "on"}).status_code == 404
    assert owner.post(f"{page}/switch", page, {"ids": str(symbol), "to": "sideways"}).status_code == 404


def test_a_symbol_is_changed_with_its_week(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    symbol = world.north.ids["symbol"]
    page = f"{SYMBOLS}/{symbol}"
    shown = owner.get(page).text
    sent = dict(re.findall(r'<input class="[^"]*"[^>]* name="([a-z_.]+)" value="([^"]*)"', shown))
    sent = {key: value for key, value in sent.items() if not key.startswith("week.")}
    sent |= {
        "asset_class": "fx",
        "status": "active",
        "title": "Euro",
        "max_lot": "20",
        "week.mon": "08:00-12:00, 13:00–17:00",
    }
    assert owner.post(page, data=sent).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        row = session.get_one(Symbol, (world.north.tenant_id, symbol))
        assert (row.title, row.max_lot) == ("Euro", 20)
        assert row.hours == {"mon": [["08:00", "12:00"], ["13:00", "17:00"]]}
    assert "08:00–12:00, 13:00–17:00" in owner.get(page).text
    for wrong, said in (
        ({"week.mon": "8 to 5"}, "Sessions look like"), ({"week.mon": "08:00-25:00"}, "00:00 to 24:00"),
        ({"week.mon": ""}, "Name at least one session"), ({"min_lot": "0.015"}, "multiples of the lot step"),
        ({"contract_size": "5"}, "is being traded"),
    ):  # fmt: skip
        answer = owner.post(page, data=sent | wrong)
        assert answer.status_code in (409, 422), wrong
        assert said in answer.text, wrong
    assert owner.post(page, data=sent | {"week.always": "on"}).status_code == 303


def test_symbols_are_added_and_switched_many_at_once(world: World, browser: Fresh) -> None:
    with world.platform.database.system() as session:
        gold, taken = new_id(), new_id()
        session.add(Instrument(id=gold, feed="test", feed_symbol="XAUUSD", title="Gold", tick=Decimal("0.01")))
        session.add(Instrument(id=taken, feed="other", feed_symbol="EUR/USD", title="Euro", tick=Decimal("0.00001")))
    owner = browser(world.north).sign_in("owner")
    assert "XAUUSD" in owner.get(f"{SYMBOLS}/add").text
    assert "XAUUSD" in owner.get(f"{SYMBOLS}/add/ask?ids={gold}").text
    assert owner.post(f"{SYMBOLS}/add", SYMBOLS, {"ids": [str(gold), str(taken)]}).status_code == 422
    assert owner.post(f"{SYMBOLS}/add", SYMBOLS, {"ids": [str(gold)]}).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        codes = {row.code: row.id for row in session.scalars(select(Symbol))}
    assert sorted(codes) == ["EURUSD", "XAUUSD"]
    ids = [str(one) for one in codes.values()]
    asked = owner.get(f"{SYMBOLS}/status?to=disabled&ids={ids[0]}&ids={ids[1]}").text
    assert "Disable 2 symbols?" in asked
    assert owner.post(f"{SYMBOLS}/status", SYMBOLS, {"ids": ids, "to": "disabled"}).status_code == 303
    assert len(_entries(world, "symbol.status")) == 2
    mixed = [ids[0], str(world.south.ids["symbol"])]
    assert owner.post(f"{SYMBOLS}/status", SYMBOLS, {"ids": mixed, "to": "active"}).status_code == 404
    assert owner.get(f"{SYMBOLS}/status?to=disabled").status_code == 404


def test_company_registration_and_sign_in(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    sent = {"name": "North Star", "legal_entity": "North Star Ltd", "language": "en", "time_zone": "Europe/Berlin"}
    assert owner.post(COMPANY, data=sent).status_code == 303
    assert owner.post(COMPANY, data=sent | {"time_zone": "Europe/Atlantis"}).status_code == 422
    assert owner.post(COMPANY, data=sent | {"name": " "}).status_code == 422
    assert "cannot be read in this language" in owner.post(COMPANY, data=sent | {"language": "xx"}).text
    asked = {"registration": "invited", "support_email": "Help@north.example"}
    assert owner.post(f"{COMPANY}/registration", COMPANY, asked).status_code == 303
    assert owner.post(f"{COMPANY}/registration", COMPANY, asked | {"support_email": "nobody"}).status_code == 422
    assert owner.post(f"{COMPANY}/sign-in", COMPANY, {"staff_second_factor": "on"}).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        found, look = company.tenant(session), branding.brand(session)
    assert (found.name, found.legal_entity, found.time_zone, found.registration, found.staff_second_factor) == (
        "North Star", "North Star Ltd", "Europe/Berlin", "invited", True
    )  # fmt: skip
    assert look.support_email == "help@north.example"
    assert len(_entries(world, "company.change")) == 3


def test_a_colour_is_measured_while_it_is_chosen_and_refused_with_the_nearest_that_can_be_read(
    world: World, browser: Fresh
) -> None:
    owner = browser(world.north).sign_in("owner")
    page = f"{COMPANY}/brand"
    sent = {
        "primary_light": "#ffd400", "primary_dark": "#fbbf24", "accent_light": "#be123c", "accent_dark": "#fb7185",
        "theme": "dark", "tagline": "Your line",
    }  # fmt: skip
    seen = owner.post(f"{page}/preview", page, sent).text
    assert "1.4 : 1" in seen.replace("</span>", "").replace(",", ".")
    proposal = re.search(r'data-brand-use="primary_light" data-value="(#[0-9a-f]{6})"', seen)
    assert proposal
    grounds = json.loads(re.search(r"data-brand-properties='([^']*)'", seen)[1])  # type: ignore[index]
    assert grounds["dark"]["--tblr-primary"] == "#fbbf24"
    refused = owner.post(page, data=sent)
    assert refused.status_code == 422
    assert proposal[1] in refused.text
    assert owner.post(page, data=sent | {"primary_light": proposal[1]}).status_code == 303
    sheet = owner.get(re.search(r'href="(/brand/[^"]*style.css)"', owner.get("/admin").text)[1]).text  # type: ignore[index]
    assert proposal[1] in sheet
    assert 'data-theme="dark"' in owner.get("/admin").text
    assert "Not a colour" in owner.post(f"{page}/preview", page, sent | {"primary_light": "#12"}).text


def test_pictures_are_uploaded_checked_and_removed(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    page, data = f"{COMPANY}/brand", BytesIO()
    Image.new("RGB", (64, 64), "#123456").save(data, "PNG")

    def send(name: str, content: bytes, **more: str) -> Any:
        csrf = re.search(r'name="csrf-token" content="([^"]+)"', owner.get(page).text)
        assert csrf
        return owner.client.post(
            f"http://{world.north.host}{page}/images/{name}", data={"_csrf": csrf[1], **more},
            files={"image": ("logo.png", content, "image/png")}, follow_redirects=False,
        )  # fmt: skip

    for name in ("logo", "logo_dark", "favicon"):
        assert send(name, data.getvalue()).status_code == 303
        shown = re.search(rf'src="(/brand/[0-9a-f]+/{name}\.png)"', owner.get(page).text)
        assert shown
        assert owner.get(shown[1]).headers["content-type"] == "image/png"
        assert send(name, b"", remove="on").status_code == 303
        assert owner.get(shown[1]).status_code == 404
    wrong = send("logo", b"<svg><script>alert(1)</script></svg>")
    assert (wrong.status_code, "Upload a PNG" in wrong.text) == (422, True)
    assert send("banner", data.getvalue()).status_code == 404
    assert len(_entries(world, "brand.image")) == 6


def test_domains_are_added_made_main_and_removed_but_not_the_last_or_the_one_in_use(
    world: World, browser: Fresh
) -> None:
    owner = browser(world.north).sign_in("owner")
    page = f"{COMPANY}/domains"

    def hosts() -> list[tuple[str, bool]]:
        with world.platform.database.system() as session:
            query = select(TenantHost).where(TenantHost.tenant_id == world.north.tenant_id).order_by(TenantHost.host)
            return [(row.host, row.main) for row in session.scalars(query)]

    assert owner.post(page, data={"host": "Trade.North.example."}).status_code == 303
    assert owner.post(page, data={"host": "trade.north.localhost"}).status_code == 303  # below a host of its own
    for taken, said in (
        ("south.localhost", "given by the operator"), ("operator.localhost", "given by the operator"),
        ("trade.north.example", "in use already"), ("https://x", "Enter a host name"),
    ):  # fmt: skip
        answer = owner.post(page, data={"host": taken})
        assert (answer.status_code, said in answer.text) == (422, True), taken
    assert owner.post(f"{page}/main", page, {"host": "trade.north.example"}).status_code == 303
    assert hosts() == [("north.localhost", False), ("trade.north.example", True), ("trade.north.localhost", False)]
    here = owner.post(f"{page}/remove", page, {"host": "north.localhost"})
    assert (here.status_code, "You are at north.localhost yourself" in here.text) == (409, True)
    assert owner.post(f"{page}/remove", page, {"host": world.south.host}).status_code == 404
    assert owner.post(f"{page}/remove", page, {"host": "trade.north.example"}).status_code == 303
    assert owner.post(f"{page}/remove", page, {"host": "trade.north.localhost"}).status_code == 303
    assert hosts() == [("north.localhost", True)]
    with world.platform.database.system() as session, pytest.raises(Exception, match="last domain"):
        company.remove_host(session, world.north.tenant_id, "north.localhost", OPERATOR)


def test_currencies_are_allowed_reported_in_and_removed_where_nothing_is_in_them(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    page = f"{COMPANY}/currencies"
    assert owner.post(page, data={"code": "eur"}).status_code == 303
    assert owner.post(page, data={"code": "€"}).status_code == 422
    assert owner.post(f"{page}/main", page, {"code": "EUR"}).status_code == 303
    used = owner.post(f"{page}/remove", page, {"code": "USD"})
    assert (used.status_code, "these currencies stay" in used.text) == (422, True)
    assert owner.post(f"{page}/main", page, {"code": "USD"}).status_code == 303
    assert owner.post(f"{page}/remove", page, {"code": "EUR"}).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        assert company.tenant(session).currencies == ["USD"]


def test_the_checklist_is_computed_from_what_there_is(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")

    def states() -> list[str]:
        return re.findall(r'class="ui-step ui-step-(\w+)"', owner.get("/admin/settings/setup").text)

    assert states() == ["todo", "todo", "done", "done", "done", "done", "todo", "done"]
    owner.post(COMPANY, data={"name": "N", "legal_entity": "N Ltd", "language": "en", "time_zone": "UTC"})
    owner.post(f"{COMPANY}/registration", COMPANY, {"registration": "open", "support_email": "help@north.example"})
    assert states()[0] == states()[6] == "done"
    with world.platform.database.tenant(world.north.tenant_id) as session:
        session.execute(text("update core.symbols set status = 'disabled'"))
    assert states()[3:5] == ["todo", "todo"]


def test_the_api_does_what_the_pages_do(world: World, client: TestClient[Any]) -> None:
    def ask(method: str, path: str, who: str = "owner", body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {token_of(world, world.north, who)}"}
        return client.request(method, f"/api/v1/settings{path}", headers=headers, json=body)

    kind, symbol = str(_type(world).id), str(world.north.ids["symbol"])
    found = ask("GET", f"/account-types/{kind}").json()
    assert (found["accounts"], found["conditions"]["leverage"]) == (2, "100")
    wanted = {**found["conditions"], "leverage": "50"}
    assert ask("PUT", f"/account-types/{kind}", body=wanted).json() == {"changed": ["leverage"]}
    stop = {**wanted, "margin_call_level": "10000", "stop_out_level": "9000"}
    refused = ask("PUT", f"/account-types/{kind}", body=stop)
    assert (refused.status_code, refused.json()["code"], refused.json()["accounts"]) == (409, "would_stop_out", 1)
    assert ask("PUT", f"/account-types/{kind}?accept=true", body=stop).status_code == 200
    assert ask("PUT", f"/account-types/{kind}", body={**wanted, "mode": "netting"}).status_code == 409
    assert ask("PUT", f"/account-types/{kind}", body={**wanted, "leverage": "0"}).status_code == 422
    made = ask("POST", "/account-types", body={**wanted, "name": "Api"})
    assert made.status_code == 201
    assert len(ask("GET", "/account-types", "support").json()) == 5
    assert ask("POST", "/account-types", "support", {**wanted, "name": "No"}).status_code == 404
    assert ask("GET", "/account-types", "ann").status_code == 404
    terms = {"enabled": True, "leverage": "20", "markup": None}
    assert ask("PUT", f"/account-types/{kind}/symbols/{symbol}", body=terms).json() == {"changed": ["EURUSD"]}
    assert ask("GET", f"/account-types/{kind}/symbols").json()[0]["terms"] == terms

    (one,) = ask("GET", "/symbols").json()
    assert (one["symbol"], one["tick"]) == ("EURUSD", "0.00001")
    assert ask("PUT", f"/symbols/{symbol}", body={**one["conditions"], "title": "Euro"}).json() == {
        "changed": ["title"]
    }
    assert ask("POST", "/symbols/status", body={"ids": [symbol], "status": "close_only"}).json() == {
        "changed": ["EURUSD"]
    }
    assert ask("POST", "/symbols", body={"instrument_ids": [symbol]}).status_code == 404
    theirs = str(world.south.ids["symbol"])
    assert ask("GET", f"/symbols/{theirs}").status_code == 404
    assert ask("POST", "/symbols/status", body={"ids": [theirs], "status": "active"}).status_code == 404

    about = ask("GET", "/company").json()
    assert (about["key"], about["currencies"], about["domains"]) == ("north", ["USD"], ["north.localhost"])
    changes = {key: about[key] for key in about if key not in ("key", "currencies", "domains")}
    changed = ask(
        "PUT", "/company", body={**changes, "legal_entity": "North Ltd", "support_email": "help@north.example"}
    )
    assert (changed.status_code, changed.json()["legal_entity"]) == (200, "North Ltd")
    assert ask("PUT", "/company", body={**changes, "time_zone": "Nowhere"}).status_code == 422
    steps = {one["key"]: one["state"] for one in ask("GET", "/setup").json()}
    assert (steps["company"], steps["registration"], steps["brand"]) == ("done", "done", "todo")
