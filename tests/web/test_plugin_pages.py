"""A plugin's pages are mounted like the core's own: on, off, failing, in quarantine, and left out where they do not fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from litestar import get
from litestar.testing import TestClient
from pydantic import BaseModel

from core.runtime import Runtime, Source, load_runtime
from core.runtime.loading import Candidate
from core.runtime.modules import toggle_off, toggle_on
from core.sdk import Manifest, NavigationEntry, Permission, Routes, Slot, hookimpl
from core.sdk.web import FromPath, NotFoundError, RefusedError, Web
from tenants.services.actor import OPERATOR
from tests.web.world import Brokerage, Browser, World, token_of


class Greeting(BaseModel):
    """What the API of the probe says."""

    text: str


@get("/", sync_to_thread=True, opt={"permission": "probe.see"})
def page(web: Web) -> str:
    return f"hello {web.actor} at {web.url('more')}"


@get("/things/{thing_id:uuid}", sync_to_thread=True)
def thing(web: Web, thing_id: FromPath[UUID]) -> str:
    raise NotFoundError(str(thing_id))


@get("/refused", sync_to_thread=True)
def refused(web: Web) -> str:
    raise RefusedError("too_late", "It is too late: come back tomorrow.", hour=23)


@get("/broken", sync_to_thread=True)
def broken(web: Web) -> str:
    raise ValueError("a bug of the probe")


@get("/greeting", sync_to_thread=True)
def greeting(web: Web) -> Greeting:
    return Greeting(text=web.actor)


class Probe:
    """A plugin with pages of every area."""

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest("probe", "Probe", "For tests.", "1.0", "nobody@example.test")

    @hookimpl
    def permissions(self) -> list[Permission]:
        return [Permission("probe.see", "See the probe", groups=("owner",))]

    @hookimpl
    def routes(self) -> Routes:
        return Routes(admin=[page, thing, refused, broken], api=[greeting])

    @hookimpl
    def navigation(self) -> list[NavigationEntry]:
        return [NavigationEntry("admin", "Trading", "Probing", "", "flask", "probe.see", 90)]

    @hookimpl
    def slots(self) -> list[Slot]:
        def fail(_session: Any, _context: Any) -> None:
            raise RuntimeError("a bug of the slot")

        return [Slot("admin.dashboard", "Probe's card", fail)]


class Misfit:
    """A plugin whose handler asks for something that nobody has."""

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest("misfit", "Misfit", "For tests.", "1.0", "nobody@example.test")

    @hookimpl
    def routes(self) -> Routes:
        return Routes(admin=[_misfit])


@get("/{name:str}", sync_to_thread=True)
def _misfit(web: Web, other: FromPath[str]) -> str:
    return other


def _given(kind: type) -> object:
    return kind


@pytest.fixture
def runtime() -> Runtime:
    made = {"probe": Probe, "misfit": Misfit}
    loaded = load_runtime(
        [Candidate(Source(name, name, "tests", "1.0"), partial(_given, kind)) for name, kind in made.items()]
    )
    assert set(loaded.plugins) == {"probe", "misfit"}, loaded.rejected
    return loaded


@pytest.fixture
def modules() -> tuple[str, ...]:
    return ("probe",)


Fresh = Callable[[Brokerage], Browser]


def test_on_off_and_on_again(world: World, browser: Fresh, client: TestClient[Any]) -> None:
    owner = browser(world.north).sign_in("owner")
    assert owner.get("/admin/probe").text == "hello owner@north.example at /admin/probe/more"
    assert "Probing" in owner.get("/admin").text
    bearer = {"authorization": f"Bearer {token_of(world, world.north, 'owner')}"}
    assert client.get("/api/v1/probe/greeting", headers=bearer).json() == {"text": "owner@north.example"}
    assert "/api/v1/probe/greeting" in client.get("/api/v1/openapi.json").json()["paths"]
    with world.platform.database.tenant(world.north.tenant_id) as session:
        toggle_off(session, "probe", None, OPERATOR)
    world.platform.snapshot.refresh()
    assert owner.get("/admin/probe").status_code == 404
    assert "Probing" not in owner.get("/admin").text
    assert client.get("/api/v1/probe/greeting", headers=bearer).status_code == 404
    described = client.get("/api/v1/openapi.json").json()
    assert "/api/v1/probe/greeting" not in described["paths"]
    assert not [name for name in described["components"]["schemas"] if "Greeting" in name]
    with world.platform.database.tenant(world.north.tenant_id) as session:
        toggle_on(session, "probe", OPERATOR)
    world.platform.snapshot.refresh()
    assert owner.get("/admin/probe").status_code == 200


def test_a_page_without_its_permission_is_absent(world: World, browser: Fresh) -> None:
    support = browser(world.north).sign_in("support")
    assert support.get("/admin/probe").status_code == 404
    assert "Probing" not in support.get("/admin").text


def test_refusals_and_missing_objects_are_calm(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    assert owner.get(f"/admin/probe/things/{world.north.tenant_id}").status_code == 404
    whole = owner.get("/admin/probe/refused")
    assert whole.status_code == 409
    assert "It is too late" in whole.text
    dialog = owner.get("/admin/probe/refused", hx_request="true", hx_target="dialog#dialog")
    assert "It is too late" in dialog.text
    assert "<html" not in dialog.text
    part = owner.get("/admin/probe/refused", hx_request="true", hx_target="div#x")
    assert (part.headers["hx-reswap"], part.text) == ("none", "")
    assert "It is too late" in part.headers["hx-trigger"]


def test_a_failing_slot_harms_no_other_part_of_the_page(world: World, browser: Fresh) -> None:
    page_ = browser(world.north).sign_in("owner").get("/admin")
    assert page_.status_code == 200
    assert "This part could not be shown" in page_.text
    assert "a bug of the slot" not in page_.text


def test_a_page_that_fails_too_often_is_out_of_order_and_nothing_else_is(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    for _ in range(12):
        answer = owner.get("/admin/probe/broken")
    assert "a bug of the probe" not in answer.text
    # Faults are counted behind the answers.
    deadline = time.monotonic() + 20
    calm = owner.get("/admin/probe")
    while calm.status_code != 503 and time.monotonic() < deadline:
        time.sleep(0.3)
        world.platform.snapshot.refresh()
        calm = owner.get("/admin/probe")
    assert calm.status_code == 503
    assert "out of order" in calm.text
    assert calm.headers["retry-after"] == "60"
    assert owner.get("/admin/accounts").status_code == 200
    assert browser(world.south).sign_in("owner").get("/admin/probe").status_code == 200


def test_pages_that_do_not_fit_are_left_out(world: World, browser: Fresh) -> None:
    assert browser(world.north).sign_in("owner").get("/admin/misfit/x").status_code == 404
