"""The operators' surface: signing in, what it shows and does, and that it and the brokerages' surfaces know nothing of each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyotp
import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.testing import TestClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.app import create_app
from core.operator import people, second_factor
from core.operator.retention import prune
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import Runtime
from core.trading.services import close_positions, place_orders
from core.trading.types import OrderRequest
from tenants.db import new_id
from tenants.services.actor import OPERATOR
from tests.web.world import World, build_world

HOST = "operator.localhost"
EMAIL, WORD = "op@platform.example", "only operators know this"


class Desk:
    """An operator's browser."""

    def __init__(self, client: TestClient[Any], world: World) -> None:
        self.client, self.world = client, world

    def get(self, path: str, host: str = HOST, **headers: str) -> Any:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.client.get(f"http://{host}{path}", headers=named, follow_redirects=False)

    def post(self, path: str, page: str = "/sign-in-settings", data: dict[str, Any] | None = None) -> Any:
        csrf = re.search(r'name="csrf-token" content="([^"]+)"', self.get(page).text)
        assert csrf
        return self.client.post(f"http://{HOST}{path}", data={"_csrf": csrf[1], **(data or {})}, follow_redirects=False)

    def sign_in(self, email: str = EMAIL, password: str = WORD) -> Any:
        return self.post("/sign-in", "/sign-in", {"email": email, "password": password})

    def log(self) -> list[tuple[str, str, str]]:
        with self.world.platform.database.system() as session:
            rows = session.execute(text("select action, brokerage, note from core.operator_log order by at, id"))
            return [(row.action, row.brokerage, row.note) for row in rows]


@pytest.fixture(scope="module")
def platform(servers_for_tests: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One installation for all tests of this file: each leaves it as it was, or uses an operator of its own."""
    with servers_for_tests.fresh_database() as name:
        settings = servers_for_tests.settings(tmp_path_factory.mktemp("operators"), name)
        prepare(settings, Runtime())
        with build_platform(settings, Runtime()) as built:
            yield built


@pytest.fixture(scope="module")
def world(platform: Platform) -> World:
    with platform.database.system() as session:
        people.create(session, EMAIL, "Otto Operator", WORD, OPERATOR)
    return build_world(platform)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(world.platform), base_url=f"http://{HOST}") as opened:
        yield opened


@pytest.fixture
def desk(client: TestClient[Any], world: World) -> Desk:
    client.cookies.clear()
    return Desk(client, world)


def _another(desk: Desk) -> str:
    email = f"op{new_id().hex[-8:]}@platform.example"
    with desk.world.platform.database.system() as session:
        people.create(session, email, "Oda Other", WORD, OPERATOR)
    return email


def _routes(app: Any) -> list[tuple[str, str]]:
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler):
                found += [(method, route.path_format) for method in handler.http_methods if method != "OPTIONS"]
    return found


def test_pages_answer_operators_alone(desk: Desk) -> None:
    paths = ["/", "/brokerages", "/brokerages/north", "/brokerages/new", "/modules", "/running", "/standing-still"]
    paths += ["/errors", "/log", "/sign-in-settings", "/overview/now", "/running/now", "/brokerages/north/plan"]
    paths += ["/brokerages/north/suspend", "/sign-in-settings/second-factor"]
    for path in paths:
        assert desk.get(path).headers["location"].startswith("/sign-in"), path
    wrong = desk.sign_in(password="something else")
    assert wrong.status_code == 422
    assert "not right" in wrong.text
    assert desk.sign_in().status_code == 303
    for path in paths:
        answer = desk.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
    assert "North Markets" in desk.get("/brokerages").text
    assert desk.get("/brokerages/nobody").status_code == 404


def test_an_operator_sees_numbers_and_no_people(desk: Desk) -> None:
    desk.sign_in()
    whole = "".join(desk.get(path).text for path in ("/", "/brokerages", "/brokerages/north", "/running", "/log"))
    for person in (*desk.world.north.staff.values(), *desk.world.north.customers.values()):
        assert person.email not in whole
    for name in ("Ann Trader", "Olive Owner", "Nia Newcomer"):
        assert name not in whole


def test_operators_sign_in_opens_nothing_of_a_brokerage(desk: Desk) -> None:
    desk.sign_in()
    token = next(cookie.value for cookie in desk.client.cookies.jar if cookie.name == "operator_session")
    desk.client.cookies.clear()
    for name in ("session", "staff_session", "operator_session"):
        for path, start in (("/admin", "/admin/sign-in"), ("/trade", "/sign-in")):
            answer = desk.get(path, desk.world.north.host, cookie=f"{name}={token}")
            assert answer.headers["location"].startswith(start)
        answer = desk.get("/api/v1/me", desk.world.north.host, authorization=f"Bearer {token}")
        assert answer.status_code == 401


def test_a_brokerages_sign_in_opens_nothing_of_the_operators(desk: Desk, browser: Any) -> None:
    browser(desk.world.north).sign_in("owner")
    token = next(cookie.value for cookie in desk.client.cookies.jar if cookie.name == "staff_session")
    desk.client.cookies.clear()
    for name in ("session", "staff_session", "operator_session"):
        assert desk.get("/brokerages", cookie=f"{name}={token}").headers["location"].startswith("/sign-in")


def test_no_route_is_shared(desk: Desk) -> None:
    """What the operators have does not exist at a brokerage, and the other way around."""
    own = {path for _, path in _routes(desk.client.app.operators)} - {path for _, path in _routes(desk.client.app)}
    assert {"/brokerages", "/running", "/standing-still", "/log"} <= own
    for path in ("/brokerages", "/running", "/standing-still", "/modules", "/errors", "/log"):
        assert desk.get(path, desk.world.north.host).status_code == 404, path
    desk.sign_in()
    for path in ("/admin", "/admin/accounts", "/trade", "/accounts/new", "/api/v1/me", "/live", "/register"):
        assert desk.get(path).status_code == 404, path


def test_a_form_of_another_site_is_refused(desk: Desk) -> None:
    desk.sign_in()
    answer = desk.client.post(f"http://{HOST}/brokerages/north/suspend", data={"reason": "x"}, follow_redirects=False)
    assert answer.status_code == 403
    with desk.world.platform.database.system() as session:
        assert session.scalar(text("select status from tenants.tenants where key = 'north'")) == "active"


def test_too_many_wrong_passwords_lock(desk: Desk) -> None:
    email = _another(desk)
    for _ in range(5):
        assert desk.sign_in(email, "wrong again").status_code == 422
    assert "Too many attempts" in desk.sign_in(email).text


def test_second_factor(desk: Desk) -> None:
    email = _another(desk)
    desk.sign_in(email)
    page = desk.get("/sign-in-settings/second-factor").text
    assert "<svg" in page
    found = re.search(r'data-copy="([A-Z2-7]{16,})"', page)
    assert found
    totp = pyotp.TOTP(found[1])
    path = "/sign-in-settings/second-factor"
    assert desk.post(path, data={"code": "000000"}).status_code == 422
    before = datetime.now(UTC).timestamp() - 30
    assert desk.post(path, data={"code": totp.at(before)}).headers["location"] == "/sign-in-settings"
    desk.post("/sign-out")
    asked = desk.sign_in(email)
    assert asked.headers["location"] == "/second-factor"
    assert desk.get("/brokerages").headers["location"].startswith("/sign-in"), "half a sign-in opens nothing"
    code = {"code": totp.now()}
    assert desk.post("/second-factor", "/second-factor", code).headers["location"] == "/"
    assert desk.get("/brokerages").status_code == 200
    with desk.world.platform.database.system() as session:
        assert people.by_email(session, email).totp_secret != found[1], "kept sealed"
        second_factor.remove(session, people.by_email(session, email), OPERATOR)
    desk.post("/sign-out")
    assert desk.sign_in(email).headers["location"] == "/"


def test_changing_the_password_ends_other_sign_ins(desk: Desk) -> None:
    email = _another(desk)
    desk.sign_in(email)
    other = next(cookie.value for cookie in desk.client.cookies.jar if cookie.name == "operator_session")
    desk.client.cookies.clear()
    desk.sign_in(email)
    wrong = desk.post("/sign-in-settings/password", data={"old": "no", "new": "a fresh new password"})
    assert wrong.status_code == 422
    assert desk.post("/sign-in-settings/password", data={"old": WORD, "new": "a fresh new password"}).status_code == 303
    assert desk.get("/brokerages").status_code == 200
    desk.client.cookies.clear()
    answer = desk.get("/brokerages", cookie=f"operator_session={other}")
    assert answer.status_code == 303


def test_a_brokerage_is_made_and_its_owner_comes_in(desk: Desk) -> None:
    desk.sign_in()
    form = {
        "name": "Fresh Brokers", "key": "fresh", "hosts": "fresh.localhost", "owner_email": "me@fresh.example",
        "owner_name": "Fran Fresh", "currencies": "EUR, USD", "language": "en", "time_zone": "Europe/Berlin",
    }  # fmt: skip
    taken = desk.post("/brokerages/new", data={**form, "hosts": "north.localhost"})
    assert taken.status_code == 422
    assert "in use" in taken.text
    own = desk.post("/brokerages/new", data={**form, "hosts": HOST})
    assert own.status_code == 422
    made = desk.post("/brokerages/new", data=form)
    assert made.status_code == 200
    found = re.search(r"http://fresh\.localhost(?::\d+)?(/admin/invitation/[\w-]+)", made.text)
    assert found
    desk.world.platform.snapshot.refresh()
    assert desk.get(found[1], "fresh.localhost").status_code == 200
    assert ("tenant.make", "fresh", "") in desk.log()


def test_a_suspended_brokerage_opens_nothing_while_closes_go_on(desk: Desk, browser: Any) -> None:
    north = desk.world.north
    ann = north.customers["ann"]
    assert ann.account
    desk.sign_in()
    dialog = desk.get("/brokerages/north/suspend").text
    assert "Open positions" in dialog
    assert desk.post("/brokerages/north/suspend", data={"reason": " "}).status_code == 422
    assert desk.post("/brokerages/north/suspend", data={"reason": "Licence ended"}).status_code == 303
    desk.world.platform.snapshot.refresh()
    with desk.world.platform.database.tenant(north.tenant_id) as session:
        wanted = OrderRequest("late", ann.account, north.ids["symbol"], "buy", Decimal("0.10"))
        assert place_orders(session, [wanted])[0].reason == "tenant_suspended"
        closed = close_positions(session, [(north.ids["position_id"], None, "out")])
        assert closed[0].status == "filled"
    assert desk.get("/", north.host).status_code in (303, 503)
    staff = browser(north).sign_in("owner").get("/admin")
    assert staff.status_code == 200
    assert "suspended" in staff.text
    desk.client.cookies.clear()
    desk.sign_in()
    assert desk.post("/brokerages/north/resume", data={"reason": "Renewed"}).status_code == 303
    assert ("tenant.suspend", "north", "Licence ended") in desk.log()
    assert ("tenant.resume", "north", "Renewed") in desk.log()
    with desk.world.platform.database.tenant(north.tenant_id) as session:
        wanted = OrderRequest("again", ann.account, north.ids["symbol"], "buy", Decimal("0.10"))
        assert place_orders(session, [wanted])[0].status == "filled"


def test_a_failed_job_runs_again(desk: Desk) -> None:
    run = new_id()
    with desk.world.platform.database.tenant(desk.world.north.tenant_id) as session:
        session.execute(
            text(
                "insert into core.job_runs (id, job, queue, status, attempt, ended_at, error)"
                " values (:id, 'gone.report', 'default', 'failed', 4, now(), 'Traceback\nValueError: no such thing')"
            ),
            {"id": run},
        )
    desk.sign_in()
    page = desk.get("/standing-still").text
    assert "gone.report" in page
    assert "ValueError: no such thing" in page
    assert "Traceback" in desk.get(f"/jobs/{run}").text
    assert desk.post(f"/jobs/{run}/again").status_code == 303
    with desk.world.platform.database.system() as session:
        row = session.execute(text("select status, attempt from core.job_runs where id = :id"), {"id": run}).one()
    assert tuple(row) == ("queued", 4), "attempts go on: they tell a run that was taken over from the newest"
    assert desk.get(f"/jobs/{run}/again").status_code == 404


def test_a_parked_subject_takes_part_again(desk: Desk) -> None:
    parked = new_id()
    with desk.world.platform.database.tenant(desk.world.north.tenant_id) as session:
        session.execute(
            text(
                "insert into core.parked_subjects (id, kind, subject_id, instrument_id, seq, error)"
                " select :id, 'order', :order, id, 7, 'ZeroDivisionError: division by zero' from core.instruments"
            ),
            {"id": parked, "order": desk.world.north.ids["order_id"]},
        )
    desk.sign_in()
    assert "ZeroDivisionError" in desk.get("/standing-still").text
    assert "1 thing stands still" in desk.get("/").text
    assert desk.post(f"/subjects/{parked}/resume").status_code == 303
    with desk.world.platform.database.system() as session:
        assert session.scalar(text("select count(*) from core.parked_subjects")) == 0
        armed = text("select armed from core.triggers where subject_id = :id")
        assert session.scalar(armed, {"id": desk.world.north.ids["order_id"]}) is False


def test_the_log_is_kept_and_nobody_of_a_brokerage_reads_operators(platform: Platform, desk: Desk) -> None:
    assert desk.sign_in().status_code == 303
    assert ("operator.sign_in", "", "") in desk.log()
    for statement in ("update core.operator_log set note = 'x'", "delete from core.operator_log"):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|never changed"),
            platform.database.system() as session,
        ):
            session.execute(text(statement))
    for table in ("operators", "operator_sessions", "operator_attempts", "operator_log"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            platform.database.tenant(desk.world.north.tenant_id) as tenant,
        ):
            tenant.execute(text(f"select count(*) from core.{table}"))  # noqa: S608 - the names above


def test_a_blocked_operator_is_out_at_once(desk: Desk) -> None:
    email = _another(desk)
    desk.sign_in(email)
    with desk.world.platform.database.system() as session:
        people.set_status(session, people.by_email(session, email), "blocked", OPERATOR)
    assert desk.get("/brokerages").status_code == 303
    assert "blocked" in desk.sign_in(email).text


def test_old_sign_ins_are_not_kept_and_the_log_is(desk: Desk) -> None:
    desk.sign_in(_another(desk))
    with desk.world.platform.database.system() as session:
        entries = session.scalar(text("select count(*) from core.operator_log"))
        session.execute(
            text(
                "insert into core.operator_attempts (id, email, address, succeeded, at)"
                " values (gen_random_uuid(), 'old@x.example', '', false, now() - interval '8 days')"
            )
        )
        session.execute(
            text(
                "update core.operator_sessions set expires_at = now() - interval '31 days' where id in"
                " (select id from core.operator_sessions order by created_at desc limit 1)"
            )
        )
        assert prune(session) == 2
        assert session.scalar(text("select count(*) from core.operator_log")) == entries
