"""Forgotten passwords and invitations, from the page to the mail and back."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from litestar.testing import TestClient
from sqlalchemy import text

from core.app import create_app
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import Runtime
from core.settings import Settings
from tenants.services import people
from tenants.services.actor import OPERATOR
from tenants.services.making import MadeTenant, NewTenant, make_tenant

OLD, NEW = "correct horse battery", "staple horse correct"


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    runtime = Runtime()  # no modules: these pages are the platform's own
    prepare(settings, runtime)
    with build_platform(settings, runtime) as built:
        yield built


@pytest.fixture
def west(platform: Platform) -> MadeTenant:
    """A brokerage with an invited owner and a customer, ann@example.com."""
    with platform.database.system() as session:
        made = make_tenant(session, NewTenant("west", "West", ["west.localhost"], "owner@west.example"), OPERATOR)
        make_tenant(session, NewTenant("east", "East", ["east.localhost"], "owner@east.example"), OPERATOR)
    with platform.database.tenant(made.tenant_id) as session:
        people.register_customer(session, "ann@example.com", "Ann", OLD)
    return made


@pytest.fixture
def client(platform: Platform, west: MadeTenant) -> Iterator[TestClient]:  # type: ignore[type-arg]  # the application's type says nothing here
    with TestClient(create_app(platform), base_url="http://west.localhost") as browser:
        yield browser


def _send(client: TestClient, path: str, **fields: str) -> tuple[int, str]:  # type: ignore[type-arg]
    """Fill in the form of a page; the status and where it leads."""
    page = client.get(path)
    found = re.search(r'name="_csrf" value="([^"]+)"', page.text)
    assert found, page.text
    answer = client.post(path, data={"_csrf": found[1], **fields}, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


def test_a_forgotten_password_is_set_anew_by_the_mailed_link(
    client: TestClient,  # type: ignore[type-arg]
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        assert _send(client, "/forgot", email="ann@example.com") == (303, "/sign-in")
    link = re.search(r"http://west\.localhost(/reset/\S+)", caplog.text)
    assert link, caplog.text
    assert "Choose a new password" in client.get(link[1]).text
    assert _send(client, link[1], password="short")[0] == 422
    assert _send(client, link[1], password=NEW) == (303, "/sign-in")
    assert _send(client, "/sign-in", email="ann@example.com", password=OLD)[0] == 422
    assert _send(client, "/sign-in", email="ann@example.com", password=NEW) == (303, "/")
    used = client.get(link[1])
    assert used.status_code == 404
    assert "no longer works" in used.text


def test_the_page_says_the_same_of_people_who_are_not_here(
    client: TestClient,  # type: ignore[type-arg]
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        # Unknown, and somebody of the other surface.
        for email in ("nobody@example.com", "owner@west.example"):
            assert _send(client, "/forgot", email=email) == (303, "/sign-in")
    assert "mail to" not in caplog.text


def test_an_invited_owner_sets_a_password_and_signs_in(client: TestClient, west: MadeTenant) -> None:  # type: ignore[type-arg]
    assert "Welcome, Owner" in client.get(f"/admin/invitation/{west.invitation}").text
    # Not on the other surface, not for the other purpose, not at another brokerage.
    assert client.get(f"/invitation/{west.invitation}").status_code == 404
    assert client.get(f"/admin/reset/{west.invitation}").status_code == 404
    assert client.get(f"http://east.localhost/admin/invitation/{west.invitation}").status_code == 404
    assert "you are in" in client.get(f"/admin/invitation/{west.invitation}").text
    assert _send(client, f"/admin/invitation/{west.invitation}", password=NEW) == (303, "/admin")
    assert client.get("/admin/customers").status_code == 200, "signed in with it"
    client.cookies.clear()
    assert client.get(f"/admin/invitation/{west.invitation}").status_code == 404, "the link lets nobody else in"
    assert client.get("/admin/customers", follow_redirects=False).status_code == 303
    assert _send(client, "/admin/sign-in", email="owner@west.example", password=NEW) == (303, "/admin")


def test_an_accepted_invitation_is_a_sign_in_like_any_other(
    platform: Platform,
    client: TestClient,  # type: ignore[type-arg]
    west: MadeTenant,
) -> None:
    path = f"/admin/invitation/{west.invitation}"
    csrf = re.search(r'name="_csrf" value="([^"]+)"', client.get(path).text)
    assert csrf
    answer = client.post(path, data={"_csrf": csrf[1], "password": NEW}, follow_redirects=False)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("staff_session="))
    assert "HttpOnly" in cookie
    assert "Path=/admin" in cookie
    with platform.database.tenant(west.tenant_id) as session:
        rows = session.execute(text("select action from tenants.audit_entries where actor_kind = 'staff' order by at"))
        assert [row.action for row in rows] == ["staff.accept", "staff.sign_in"]
        assert session.scalar(text("select count(*) from tenants.web_sessions where stage = 'full'")) == 1
        assert session.scalar(text("select count(*) from tenants.login_attempts where succeeded")) == 1


def test_where_a_second_factor_is_asked_an_invitation_says_so_and_leads_to_it(
    platform: Platform,
    client: TestClient,  # type: ignore[type-arg]
    west: MadeTenant,
) -> None:
    with platform.database.system() as session:
        session.execute(text("update tenants.tenants set staff_second_factor = true"))
    path = f"/admin/invitation/{west.invitation}"
    page = client.get(path).text
    assert "you are in" not in page
    assert "Then you set up the second factor" in page
    assert _send(client, path, password=NEW) == (303, "/admin/second-factor")
    assert "<svg" in client.get("/admin/second-factor").text
    assert client.get("/admin/customers", follow_redirects=False).status_code == 303, "not in before the code"
    with platform.database.tenant(west.tenant_id) as session:
        assert session.scalars(text("select stage from tenants.web_sessions")).all() == ["enrol"]


def test_a_link_on_the_other_surface_is_not_used_up(client: TestClient, west: MadeTenant) -> None:  # type: ignore[type-arg]
    page = client.get("/forgot")
    csrf = re.search(r'name="_csrf" value="([^"]+)"', page.text)
    assert csrf
    answer = client.post(f"/invitation/{west.invitation}", data={"_csrf": csrf[1], "password": NEW})
    assert answer.status_code == 404
    assert client.get(f"/admin/invitation/{west.invitation}").status_code == 200


def test_the_form_must_be_our_own(client: TestClient) -> None:  # type: ignore[type-arg]
    assert client.post("/forgot", data={"email": "ann@example.com"}).status_code == 403
