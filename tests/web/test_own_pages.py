"""One's own account on both surfaces: profile, address, password, second factor, sign-ins, tokens."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from sqlalchemy import text

from tests.web.world import PASSWORD, Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]
SURFACES = pytest.mark.parametrize(("who", "base"), [("admin", "/admin"), ("ann", "")], ids=["staff", "customer"])
NEW = "another four words here"


def _rows(world: World, sql: str, **values: object) -> list[Any]:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        return list(session.execute(text(sql), values).all())


def _code(secret: str) -> str:
    """A code that stays right for some seconds."""
    while time.time() % 30 > 25:
        time.sleep(0.5)
    return pyotp.TOTP(secret).now()


def _email(world: World, who: str) -> str:
    return {**world.north.staff, **world.north.customers}[who].email


@SURFACES
def test_a_profile_is_saved_and_used(world: World, browser: Fresh, who: str, base: str) -> None:
    me = browser(world.north).sign_in(who)
    assert 'lang="en"' in me.get(f"{base}/settings/profile").text
    wrong = me.post(f"{base}/settings/profile", data={"name": "", "time_zone": "Mars/Olympus"})
    assert wrong.status_code == 422
    saved = me.post(
        f"{base}/settings/profile",
        data={"name": "Somebody Else", "time_zone": "Asia/Tokyo", "language": "", "country": "DE"},
    )
    assert saved.status_code == 303
    page = me.get(f"{base}/settings/profile").text
    assert "Somebody Else" in page
    assert re.search(r'value="Asia/Tokyo" selected', page)


@SURFACES
def test_an_address_is_changed_by_the_link_in_the_mail(
    world: World, browser: Fresh, caplog: pytest.LogCaptureFixture, who: str, base: str
) -> None:
    me = browser(world.north).sign_in(who)
    path = f"{base}/settings/profile/email"
    wrong = me.post(path, data={"email": "fresh@north.example", "password": "not this one"})
    assert (wrong.status_code, "This is not your password" in wrong.text) == (422, True)
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        assert me.post(path, data={"email": "Fresh@north.example", "password": PASSWORD}).status_code == 303
    link = re.search(rf"http://north\.localhost({base}/email/\S+)", caplog.text)
    assert link, caplog.text
    other = "" if base else "/admin"
    assert me.get(f"{other}/email/{link[1].rpartition('/')[2]}").status_code == 404, "not on the other surface"
    assert "fresh@north.example" in me.get(link[1]).text
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        assert me.post(link[1]).status_code == 303
    assert f"mail to {_email(world, who)}" in caplog.text, "the former address is told"
    assert me.get(link[1]).status_code == 404
    again = browser(world.north)
    sent = {"email": "fresh@north.example", "password": PASSWORD}
    assert again.post(f"{base}/sign-in", data=sent).status_code == 303


@SURFACES
def test_a_password_is_changed_and_others_are_signed_out(world: World, browser: Fresh, who: str, base: str) -> None:
    cookie = "staff_session" if base else "session"
    other = browser(world.north).sign_in(who)
    token = next(found.value for found in other.client.cookies.jar if found.name == cookie)
    me = browser(world.north).sign_in(who)
    path = f"{base}/settings/security/password"
    wrong = me.post(path, data={"old": "not this one", "new": NEW})
    assert (wrong.status_code, "This is not your password" in wrong.text) == (422, True)
    assert me.post(path, data={"old": PASSWORD, "new": "short"}).status_code == 422
    assert me.post(path, data={"old": PASSWORD, "new": NEW}).status_code == 303
    assert me.get(f"{base}/settings/security").status_code == 200, "here one stays signed in"
    gone = me.client.get(
        f"http://north.localhost{base}/settings/security",
        headers={"cookie": f"{cookie}={token}"},
        follow_redirects=False,
    )
    assert "sign-in" in gone.headers["location"]
    sent = {"email": _email(world, who), "password": NEW}
    assert browser(world.north).post(f"{base}/sign-in", data=sent).status_code == 303


@SURFACES
def test_a_second_factor_is_set_up_used_and_removed(world: World, browser: Fresh, who: str, base: str) -> None:
    me = browser(world.north).sign_in(who)
    path = f"{base}/settings/security/second-factor"
    page = me.get(path).text
    assert "<svg" in page[page.index("ui-qr") :]
    secret = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert secret
    wrong = me.post(path, data={"code": "000000"})
    assert (wrong.status_code, secret[1] in wrong.text) == (422, True), "the same code to scan is shown again"
    shown = me.post(path, data={"code": _code(secret[1])})
    codes = re.findall(r"<li>([a-z0-9]{5}-[a-z0-9]{5})</li>", shown.text)
    assert len(codes) == 10
    assert re.search(r"10\s+left", me.get(f"{base}/settings/security").text)
    back = browser(world.north)
    sent = {"email": _email(world, who), "password": PASSWORD}
    assert back.post(f"{base}/sign-in", data=sent).headers["location"] == f"{base}/second-factor"
    assert back.post(f"{base}/second-factor", data={"code": "999-999"}).status_code == 422
    assert back.post(f"{base}/second-factor", data={"code": codes[0]}).status_code == 303, (
        "a recovery code does as well"
    )
    refused = back.post(f"{path}/remove", data={"password": "not this one"})
    assert refused.status_code == 422
    renewed = back.post(f"{base}/settings/security/recovery-codes", data={"password": PASSWORD})
    assert codes[1] not in renewed.text
    assert len(re.findall(r"<li>[a-z0-9]{5}-[a-z0-9]{5}</li>", renewed.text)) == 10
    assert back.post(f"{path}/remove", data={"password": PASSWORD}).status_code == 303
    assert browser(world.north).post(f"{base}/sign-in", data=sent).headers["location"] in (base or "/",)


def test_staff_set_it_up_on_the_way_in_where_it_is_required(world: World, browser: Fresh) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        from tenants.services import company
        from tenants.services.actor import OPERATOR

        company.change_company(session, OPERATOR, staff_second_factor=True)
    me = browser(world.north)
    sent = {"email": _email(world, "risk"), "password": PASSWORD}
    assert me.post("/admin/sign-in", data=sent).headers["location"] == "/admin/second-factor"
    page = me.get("/admin/second-factor").text
    secret = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert secret
    assert "It is required here" in page
    shown = me.post("/admin/second-factor", data={"code": _code(secret[1])})
    assert shown.status_code == 200
    assert len(re.findall(r"<li>[a-z0-9]{5}-[a-z0-9]{5}</li>", shown.text)) == 10
    assert me.get("/admin").status_code == 200
    assert "Required here" in me.get("/admin/settings/security").text
    kept = me.post("/admin/settings/security/second-factor/remove", data={"password": PASSWORD})
    assert (kept.status_code, "Staff need a second factor here" in kept.text) == (409, True)


@SURFACES
def test_other_browsers_are_signed_out(world: World, browser: Fresh, who: str, base: str) -> None:
    cookie = "staff_session" if base else "session"
    first = browser(world.north).sign_in(who)
    token = next(found.value for found in first.client.cookies.jar if found.name == cookie)
    me = browser(world.north).sign_in(who)
    page = me.get(f"{base}/settings/security").text
    assert "This one" in page
    one = re.search(rf'href="({base}/settings/security/sessions/[0-9a-f-]{{36}}/revoke)"', page)
    assert one
    assert me.get(one[1]).status_code == 200
    assert me.post(f"{base}/settings/security/sessions/revoke").status_code == 303
    assert me.get(one[1]).status_code == 404, "it is over already"
    gone = me.client.get(
        f"http://north.localhost{base}/settings/security",
        headers={"cookie": f"{cookie}={token}"},
        follow_redirects=False,
    )
    assert "sign-in" in gone.headers["location"]


def test_lock_out_says_how_long_to_wait(world: World, browser: Fresh) -> None:
    somebody = browser(world.north)
    for _time in range(5):
        somebody.post("/sign-in", data={"email": _email(world, "ben"), "password": "wrong one again"})
    locked = somebody.post("/sign-in", data={"email": _email(world, "ben"), "password": PASSWORD})
    assert locked.status_code == 422
    assert re.search(r"Too many attempts. Try again in 1\d minutes", locked.text)


@SURFACES
def test_tokens_are_made_shown_once_and_revoked(world: World, browser: Fresh, who: str, base: str) -> None:
    me = browser(world.north).sign_in(who)
    path = f"{base}/settings/tokens"
    made = me.post(f"{path}/new", data={"name": "My program", "scopes": ["read"], "life": "never"})
    token = re.search(r"ty_[A-Za-z0-9_-]{20,}", made.text)
    assert token
    page = me.get(path).text
    assert token[0] not in page
    assert "Never" in page
    bearer = {"authorization": f"Bearer {token[0]}"}
    answer = me.client.get("http://north.localhost/api/v1/me", headers=bearer)
    assert (answer.status_code, answer.json()["scopes"]) == (200, ["read"])
    mine = _rows(world, "select id from tenants.api_tokens where name = 'My program'")[0].id
    assert me.post(f"{path}/{mine}/revoke").status_code == 303
    assert me.client.get("http://north.localhost/api/v1/me", headers=bearer).status_code == 401
