"""Switching modules: what is missing is named, what is left is asked for and drained, and nothing starts by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import text

from core.platform import Platform
from core.runtime import modules
from core.runtime.draining import settle_draining
from core.runtime.gate import PluginError
from core.sdk import Exposure, ExposureItem, ExposureReport, LeaveChoice
from core.settings import Settings
from tenants.services import products
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError, NotFoundError, RequirementsError
from tests.runtime.build import Probe, make_tenant, platform_of

STAFF = Actor("staff", "mia@example.test")
CHOICES = (LeaveChoice("wait", "Wind down"), LeaveChoice("close", "Close all"))


class Holding:
    """A module that holds ``count`` things and notes what it is told."""

    def __init__(self) -> None:
        self.count, self.told = 0, []  # type: ignore[var-annotated]
        self.broken: set[str] = set()
        self.report = ExposureReport(self.measure, self.leave, self.enter)

    def measure(self, _session: Any) -> Exposure:
        self._may("measure")
        return Exposure((ExposureItem("things", self.count),), CHOICES, self.count)

    def leave(self, _session: Any, choice: str) -> None:
        self._may("leave")
        self.told.append(choice)
        if choice == "close":
            self.count = 0

    def enter(self, _session: Any) -> None:
        self._may("enter")
        self.told.append("enter")

    def _may(self, name: str) -> None:
        if name in self.broken:
            raise ValueError(f"{name} is broken")


@pytest.fixture
def holding() -> Holding:
    return Holding()


@pytest.fixture
def platform(settings: Settings, valkey: redis.Redis, holding: Holding) -> Iterator[Platform]:
    first = Probe(exposure=holding.report)
    second = Probe("second", needs=("account_types", "symbols"), requires=("probe",))
    with platform_of(settings, first, second) as made:
        yield made


@pytest.fixture
def tenant(platform: Platform) -> UUID:
    return make_tenant(platform.database, "a")


def on(platform: Platform, tenant: UUID, module: str = "probe") -> products.Change:
    with platform.database.tenant(tenant) as session:
        return modules.toggle_on(session, module, STAFF)


def off(platform: Platform, tenant: UUID, leave: str | None = None) -> products.Change:
    with platform.database.tenant(tenant) as session:
        return modules.toggle_off(session, "probe", leave, STAFF)


def state(platform: Platform, tenant: UUID) -> str:
    with platform.database.tenant(tenant) as session:
        return products.state_of(session, "probe")


def test_what_is_missing_is_named_with_where_to_put_it_right(platform: Platform, tenant: UUID) -> None:
    with platform.database.tenant(tenant) as session:
        found = {item.key: item for item in modules.missing(session, "second")}
    assert set(found) == {"account_types", "symbols", "probe"}
    assert found["symbols"].title == "An active symbol"
    assert (found["probe"].title, found["probe"].path) == ("Probe switched on", "/admin/settings/products")
    with pytest.raises(RequirementsError):
        on(platform, tenant, "second")
    on(platform, tenant)
    with platform.database.tenant(tenant) as session:
        assert {item.key for item in modules.missing(session, "second")} == {"account_types", "symbols"}


def test_nothing_left_is_off_at_once(platform: Platform, tenant: UUID, holding: Holding) -> None:
    assert on(platform, tenant).after == "on"
    assert off(platform, tenant).after == "off"
    assert holding.told == ["enter"]


def test_what_is_left_is_shown_and_drains_until_it_is_gone(platform: Platform, tenant: UUID, holding: Holding) -> None:
    on(platform, tenant)
    holding.count = 3
    with platform.database.tenant(tenant) as session:
        assert modules.impact(session, "probe").items == (ExposureItem("things", 3),)
    assert off(platform, tenant).after == "draining"
    assert holding.told == ["enter", "wait"], "the first choice where none is made"
    assert settle_draining(platform) == 0
    holding.count = 0
    assert settle_draining(platform) == 1
    assert state(platform, tenant) == "off"
    with platform.database.tenant(tenant) as session:
        [entry] = session.execute(
            text(
                "select after from tenants.audit_entries where action = 'product.state' and after->>'state' = 'draining'"
            )
        ).all()
    assert entry.after["impact"]["items"][0]["count"] == 3


def test_a_way_to_leave_that_leaves_nothing_is_off_at_once(platform: Platform, tenant: UUID, holding: Holding) -> None:
    on(platform, tenant)
    holding.count = 3
    assert off(platform, tenant, "close").after == "off"
    assert holding.told == ["enter", "close"]
    on(platform, tenant)
    holding.count = 1
    with pytest.raises(InvalidError):
        off(platform, tenant, "burn")


def test_on_again_while_draining(platform: Platform, tenant: UUID, holding: Holding) -> None:
    on(platform, tenant)
    holding.count = 3
    off(platform, tenant)
    assert on(platform, tenant).changed
    assert holding.told == ["enter", "wait", "enter"]
    assert not on(platform, tenant).changed, "twice is once"
    assert holding.told == ["enter", "wait", "enter"]


def test_a_module_that_refuses_to_enter_stays_off(platform: Platform, tenant: UUID, holding: Holding) -> None:
    holding.broken = {"enter"}
    with pytest.raises(PluginError, match="enter is broken"):
        on(platform, tenant)
    assert state(platform, tenant) == "off"


@pytest.mark.parametrize("broken", [{"measure"}, {"leave"}, {"measure", "leave"}])
def test_a_broken_module_can_be_switched_off_all_the_same(
    platform: Platform, tenant: UUID, holding: Holding, broken: set[str]
) -> None:
    on(platform, tenant)
    holding.count, holding.broken = 2, broken
    assert off(platform, tenant, None).after == "draining"
    assert settle_draining(platform) == 0
    with platform.database.system() as session:
        assert (session.scalar(text("select count(*) from core.plugin_faults")) or 0) >= 1
    holding.count, holding.broken = 0, set()
    assert settle_draining(platform) == 1


def test_a_module_that_is_not_installed(platform: Platform, tenant: UUID) -> None:
    with pytest.raises(NotFoundError):
        on(platform, tenant, "gone")
