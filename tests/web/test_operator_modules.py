"""What operators rule about modules: plans, halts that are shown loudly, quarantines with their trace and their end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import text

from core.app import create_app
from core.operator import people
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import Runtime, Source, load_runtime, quarantine
from core.runtime.loading import Candidate
from core.runtime.modules import toggle_off, toggle_on
from core.sdk import HealthCheck, Manifest, hookimpl
from tenants.services import products
from tenants.services.actor import OPERATOR, Actor
from tenants.services.errors import NotAllowedError
from tests.web.test_operator import EMAIL, WORD, Desk
from tests.web.world import Browser, World, build_world

STAFF = Actor("staff", "owner@north.example")


class Loom:
    """A module that does nothing, and is well or not as its test says."""

    problem: str | None = None

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest("loom", "Loom", "For tests.", "2.1", "nobody@example.test")

    @hookimpl
    def health(self) -> list[HealthCheck]:
        return [HealthCheck("threads", lambda _session: Loom.problem)]


@pytest.fixture(scope="module")
def platform(servers_for_tests: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    runtime = load_runtime([Candidate(Source("loom", "tests:Loom", "loom", "2.1"), Loom)])
    assert isinstance(runtime, Runtime)
    with servers_for_tests.fresh_database() as name:
        settings = servers_for_tests.settings(tmp_path_factory.mktemp("rules"), name)
        prepare(settings, runtime)
        with build_platform(settings, runtime) as built:
            yield built


@pytest.fixture(scope="module")
def world(platform: Platform) -> World:
    with platform.database.system() as session:
        people.create(session, EMAIL, "Otto Operator", WORD, OPERATOR)
    return build_world(platform, ("loom",))


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(world.platform), base_url="http://operator.localhost") as opened:
        yield opened


@pytest.fixture
def desk(client: TestClient[Any], world: World) -> Desk:
    client.cookies.clear()
    desk = Desk(client, world)
    desk.sign_in()
    return desk


def _plain(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_modules_are_listed_with_their_states_and_health(desk: Desk) -> None:
    page = _plain(desk.get("/modules"))
    assert "Version 2.1" in page
    assert "On: 2" in page
    assert "Healthy" in page
    Loom.problem = "a thread is torn"
    try:
        assert "a thread is torn" in desk.get("/modules/loom/health").text
    finally:
        Loom.problem = None
    assert desk.get("/modules/nothing").status_code == 404


def test_a_plan_without_a_module_forbids_switching_it_on(desk: Desk) -> None:
    north = desk.world.north.tenant_id
    assert desk.post("/brokerages/north/plan", data={}).status_code == 303
    assert "Not in the plan" in desk.get("/brokerages/north").text
    database = desk.world.platform.database
    with database.tenant(north) as session:
        assert products.state_of(session, "loom") == "on", "what is on stays so"
        toggle_off(session, "loom", None, STAFF)
    with pytest.raises(NotAllowedError), database.tenant(north) as session:
        toggle_on(session, "loom", STAFF)
    assert desk.post("/brokerages/north/plan", data={"modules": "loom"}).status_code == 303
    with database.tenant(north) as session:
        toggle_on(session, "loom", STAFF)
    assert [entry[:2] for entry in desk.log() if entry[0] == "tenant.plan"] == [("tenant.plan", "north")] * 2


def test_a_halt_and_its_reason_stand_on_every_page_until_it_ends(desk: Desk, client: TestClient[Any]) -> None:
    path = "/brokerages/south/modules/loom"
    south = desk.world.south
    assert desk.post(f"{path}/halt", data={"reason": ""}).status_code == 422
    assert desk.post(f"{path}/halt", data={"reason": "The loom is on fire"}).status_code == 303
    desk.world.platform.snapshot.refresh()
    assert "The loom is on fire" in desk.get("/brokerages/south").text
    assert "Loom is halted at South Markets" in _plain(desk.get("/"))
    for who, page in (("owner", "/admin"), ("owner", "/admin/accounts"), ("ann", "/"), ("ann", "/trade")):
        client.cookies.clear()
        shown = _plain(Browser(client, south).sign_in(who).get(page))
        assert "Loom is halted" in shown, (who, page)
        assert "The loom is on fire" in shown, (who, page)
    client.cookies.clear()
    assert "Loom is halted" not in Browser(client, desk.world.north).sign_in("owner").get("/admin").text
    with pytest.raises(NotAllowedError), desk.world.platform.database.tenant(south.tenant_id) as session:
        products.set_state(session, "loom", "draining", STAFF, reason="staff cannot end it")
    client.cookies.clear()
    desk.sign_in()
    assert desk.post(f"{path}/end-halt", data={"reason": "It is out"}).status_code == 303
    assert desk.post(f"{path}/burn", data={"reason": "no such thing"}).status_code == 404
    desk.world.platform.snapshot.refresh()
    client.cookies.clear()
    assert "Loom is halted" not in Browser(client, south).sign_in("owner").get("/admin").text
    assert {("module.halt", "south", "The loom is on fire"), ("module.end_halt", "south", "It is out")} <= set(
        desk.log()
    )


def test_a_quarantine_is_shown_with_its_trace_and_lifted(desk: Desk) -> None:
    database = desk.world.platform.database
    with database.tenant(desk.world.north.tenant_id) as session:
        assert quarantine.quarantine_tenant(session, "loom", "10 errors in 5 minutes", "Traceback: a torn thread")
    page = desk.get("/modules/loom").text
    assert "In quarantine at north" in page
    assert "Traceback: a torn thread" in page
    assert "1 quarantine" in _plain(desk.get("/"))
    assert desk.post("/modules/loom/lift?brokerage=north", data={"reason": "Mended in 2.2"}).status_code == 303
    assert "lifted by op@platform.example" in _plain(desk.get("/modules/loom"))
    assert ("quarantine.lift", "north", "Mended in 2.2") in desk.log()
    with database.system() as session:
        assert session.scalar(text("select count(*) from core.quarantines where lifted_at is null")) == 0


def test_errors_are_listed_with_their_traces(desk: Desk) -> None:
    fault = quarantine.Fault("loom", desk.world.north.tenant_id, "job weave", "Traceback\nValueError: no yarn")
    quarantine.record(desk.world.platform.database, fault)
    page = desk.get("/errors").text
    assert "ValueError: no yarn" in page
    found = re.search(r'href="(/errors/[0-9a-f-]+)"', page)
    assert found
    assert "Traceback" in desk.get(found[1]).text
