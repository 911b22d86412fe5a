"""The gate: time limits that reach everywhere, errors counted, and quarantine when they are too many."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.platform import Platform
from core.runtime import modules, quarantine
from core.runtime.alarm import OverBudgetError, time_limit
from core.runtime.calls import CHECK_FAILED, check_health, order_checks, render_slot
from core.runtime.gate import Contribution, PluginError
from core.sdk import HealthCheck, OrderCheck, Slot, hookimpl
from core.settings import Settings
from tenants.services import products
from tenants.services.actor import OPERATOR, Actor
from tenants.services.errors import TransitionError
from tests.runtime.build import Probe, make_tenant, platform_of, set_state

STAFF = Actor("staff", "mia@example.test")
WORK = Contribution("probe", "job", "work")


def linger(_seconds: float = 30) -> None:
    until = time.monotonic() + _seconds
    while time.monotonic() < until:
        time.sleep(0.005)


def swallow() -> None:
    try:
        linger()
    except Exception:  # noqa: BLE001 - as careless plugins do
        linger()


def in_thread(function: Any) -> Any:
    """What a function returns, or raises, in a thread."""
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(function())
        except BaseException as error:  # noqa: BLE001 - it is handed on to the test's own thread
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert found, "it does not end"
    return found[0]


def limited(seconds: float, function: Any) -> None:
    with time_limit(seconds):
        function()


@pytest.mark.parametrize("function", [linger, swallow])
def test_a_limit_ends_code_that_lingers_even_if_it_swallows_errors(function: Any) -> None:
    started = time.monotonic()
    with pytest.raises(OverBudgetError):
        limited(0.1, function)
    assert isinstance(in_thread(lambda: limited(0.1, function)), OverBudgetError)
    assert time.monotonic() - started < 5


def test_what_ends_in_time_is_left_alone() -> None:
    for _ in range(200):
        limited(5, lambda: None)
        in_thread(lambda: limited(5, lambda: None))
    time.sleep(0.01)


def test_limits_nest_and_an_outer_alarm_goes_on() -> None:
    rung: list[float] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    outer_left, _ = signal.setitimer(signal.ITIMER_REAL, 0.3)
    started = time.monotonic()
    try:
        with pytest.raises(OverBudgetError):
            limited(0.05, linger)
        limited(5, lambda: None)
        while not rung and time.monotonic() < started + 5:
            time.sleep(0.01)
        assert 0.25 < rung[0] - started < 1
        with pytest.raises(OverBudgetError):  # noqa: SIM117 - the inner one has more time than the outer
            with time_limit(0.05):
                limited(10, linger)
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, outer_left)  # the test runner's own


class Fragile(Probe):
    """A plugin with a health check for each way to be ill."""

    @hookimpl
    def health(self) -> Any:
        return (
            HealthCheck("well", lambda _session: None),
            HealthCheck("ill", lambda _session: "three copies wait"),
            HealthCheck("broken", lambda session: session.scalar(text("select nothing"))),
            HealthCheck("slow", lambda _session: linger(), timeout_s=0.1),
        )


def broken_slot(_session: Any, _context: Any) -> Any:
    raise ValueError("no card")


def refuse_large(_session: Any, orders: Any) -> dict[str, str]:
    return {order.client_order_id: "too_large" for order in orders if order.volume > 1}


def broken_check(session: Any, _orders: Any) -> dict[str, str]:
    session.execute(text("select nothing"))
    return {}


@pytest.fixture
def checks() -> list[OrderCheck]:
    return [OrderCheck("large", refuse_large)]


@pytest.fixture
def platform(settings: Settings, valkey: redis.Redis, checks: list[OrderCheck]) -> Iterator[Platform]:
    slots = [Slot("portal.dashboard", "Card", broken_slot), Slot("portal.dashboard", "Fine", lambda *_: ("a.html", {}))]
    with platform_of(settings, Fragile(slots=slots, order_checks=checks)) as made:
        yield made


@pytest.fixture
def tenant(platform: Platform) -> UUID:
    return make_tenant(platform.database, "a", "probe")


def fail(platform: Platform, tenant_id: UUID | None, times: int) -> None:
    for _ in range(times):
        platform.gate.attempt(WORK, tenant_id, lambda: 1 / 0, 1)


def state(platform: Platform, tenant_id: UUID) -> str:
    with platform.database.tenant(tenant_id) as session:
        return products.state_of(session, "probe")


def test_what_is_called_returns_or_raises_with_its_name(platform: Platform, tenant: UUID) -> None:
    assert platform.gate.call(WORK, tenant, lambda: 7, 1) == 7
    with pytest.raises(PluginError, match=r"job probe\.work: ZeroDivisionError: division by zero") as caught:
        platform.gate.call(WORK, tenant, lambda: 1 / 0, 1)
    assert "test_gate.py" in caught.value.trace


def test_a_deadlock_is_nobodys_fault(platform: Platform, tenant: UUID) -> None:
    def deadlock() -> None:
        with platform.database.tenant(tenant) as session:
            session.execute(text("do $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$"))

    with pytest.raises(PluginError) as caught:
        platform.gate.call(WORK, tenant, deadlock, 1)
    assert isinstance(caught.value.error, DBAPIError)
    assert caught.value.passing
    platform.gate.record(caught.value)
    with platform.database.system() as session:
        assert session.scalar(text("select count(*) from core.plugin_faults")) == 0


def test_too_many_errors_bring_quarantine_for_that_tenant_alone(platform: Platform, tenant: UUID) -> None:
    other = make_tenant(platform.database, "b", "probe")
    fail(platform, tenant, quarantine.FAULTS - 1)
    assert state(platform, tenant) == "on"
    fail(platform, tenant, 1)
    time.sleep(1.1)  # the quarantines are read once a second
    assert (state(platform, tenant), state(platform, other)) == ("draining", "on")
    assert platform.gate.is_quarantined("probe", tenant)
    assert not platform.gate.is_quarantined("probe", other)
    with platform.database.tenant(tenant) as session:
        [alert] = session.execute(text("select * from core.alerts")).all()
        assert (alert.code, alert.severity) == ("quarantine", "critical")
        assert "ZeroDivisionError" in alert.detail["trace"]
        assert "switch it on again" in alert.message
    fail(platform, tenant, 5)
    with platform.database.system() as session:
        assert session.scalar(text("select count(*) from core.quarantines")) == 1


def test_switching_on_again_ends_it_and_forgives(platform: Platform, tenant: UUID) -> None:
    fail(platform, tenant, quarantine.FAULTS)
    with platform.database.tenant(tenant) as session:
        modules.toggle_on(session, "probe", STAFF)
    time.sleep(1.1)
    assert not platform.gate.is_quarantined("probe", tenant)
    with platform.database.tenant(tenant) as session:
        assert session.scalar(text("select count(*) from core.alerts where closed_at is null")) == 0
    fail(platform, tenant, 1)
    assert state(platform, tenant) == "on"


def test_quarantine_at_several_tenants_is_the_plugins_fault_everywhere(platform: Platform, tenant: UUID) -> None:
    others = [make_tenant(platform.database, key, "probe") for key in "bcd"]
    for tenant_id in (tenant, *others[: quarantine.TENANTS - 1]):
        fail(platform, tenant_id, quarantine.FAULTS)
    time.sleep(1.1)
    assert {state(platform, tenant_id) for tenant_id in (tenant, *others)} == {"draining"}
    assert platform.gate.is_quarantined("probe", others[-1])
    with (
        pytest.raises(TransitionError, match="out of service on the whole platform"),
        platform.database.tenant(tenant) as session,
    ):
        modules.toggle_on(session, "probe", STAFF)
    with platform.database.system() as system:
        assert quarantine.lift(system, "probe", None, OPERATOR)
    time.sleep(1.1)
    with platform.database.tenant(tenant) as session:
        assert modules.toggle_on(session, "probe", STAFF).changed


def test_a_fragment_that_fails_is_not_there(platform: Platform, tenant: UUID) -> None:
    plugin = platform.runtime.plugins["probe"]
    card, fine = plugin.slots
    assert render_slot(platform.gate, tenant, plugin, card, {}) is None
    assert render_slot(platform.gate, tenant, plugin, fine, {}) == ("a.html", {})
    with platform.database.system() as session:
        assert session.scalar(text("select contribution from core.plugin_faults")) == "slot probe.Card"


def test_health(platform: Platform, tenant: UUID) -> None:
    found = {item.name: item.problem for item in check_health(platform.gate, tenant, platform.runtime.plugins["probe"])}
    assert found["well"] is None
    assert found["ill"] == "three copies wait"
    assert "does not exist" in str(found["broken"])
    assert "took longer than 0.1 s" in str(found["slow"])


class Order:
    def __init__(self, client_order_id: str, volume: int) -> None:
        self.client_order_id, self.volume = client_order_id, volume


ORDERS = [Order("small", 1), Order("large", 2)]


def test_order_checks_of_modules_that_are_on(platform: Platform, tenant: UUID) -> None:
    with platform.database.tenant(tenant) as session:
        assert order_checks(session, ORDERS) == {"large": "too_large"}
    set_state(platform.database, tenant, "probe", "draining")
    with platform.database.tenant(tenant) as session:
        assert order_checks(session, ORDERS) == {}


@pytest.mark.parametrize("checks", [[OrderCheck("large", refuse_large), OrderCheck("broken", broken_check)]])
def test_an_order_that_nobody_could_check_is_refused_and_the_transaction_is_whole(
    platform: Platform, tenant: UUID
) -> None:
    with platform.database.tenant(tenant) as session:
        assert order_checks(session, ORDERS) == {"large": "too_large", "small": CHECK_FAILED}
        assert session.scalar(text("select 1")) == 1
    with platform.database.system() as system:
        assert system.scalar(text("select count(*) from core.plugin_faults")) == 1
