"""Product configs: the states of a module and the ways between them."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from tenants.db import Database
from tenants.services import audit, products
from tenants.services.actor import OPERATOR, SYSTEM
from tenants.services.audit import AuditFilter
from tenants.services.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    RequirementsError,
    TransitionError,
)
from tenants.services.products import Change, Impact
from tests.tenants.conftest import Yard

MUCH = Impact(remaining=3, choices=("wind_down", "keep"), facts={"subscriptions": 3, "notional": "1200.00"})


def _set(database: Database, yard: Yard, target: str, actor: object = None, **more: object) -> Change:
    with database.tenant(yard.id) as session:
        return products.set_state(session, "mirror", target, actor or yard.owner, **more)  # type: ignore[arg-type]


def test_a_module_is_off_until_it_is_switched_on(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(north.id) as session:
        assert products.state_of(session, "mirror") == "off"
        assert products.config(session, "mirror").version == 0
    assert _set(database, north, "on", expected_version=0) == Change("mirror", "off", "on")
    with database.tenant(north.id) as session:
        assert products.state_of(session, "mirror", lock=True) == "on"
        assert products.states(session) == {"mirror": "on"}
        row = products.config(session, "mirror")
        assert (row.version, row.changed_by) == (1, "owner@north.example")
    with database.tenant(south.id) as session:
        assert products.state_of(session, "mirror") == "off"


def test_what_is_missing_is_named(yard: Yard, database: Database) -> None:
    with pytest.raises(RequirementsError) as refused:
        _set(database, yard, "on", missing=["account_types", "symbols"])
    assert refused.value.missing == ("account_types", "symbols")


def test_with_nothing_left_it_is_off_at_once(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    assert _set(database, yard, "off").after == "off"


def test_with_something_left_it_drains_and_is_off_when_that_is_gone(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    assert _set(database, yard, "off", impact=lambda: MUCH) == Change("mirror", "on", "draining", "wind_down")
    with database.tenant(yard.id) as session:
        entry = audit.search(session, AuditFilter(action="product.state"))[0][0]
        assert entry.before == {"state": "on"}
        assert entry.after == {
            "state": "draining",
            "leave": "wind_down",
            "remaining": 3,
            "impact": {"subscriptions": 3, "notional": "1200.00"},
        }
        assert not products.settle(session, "mirror", 1, SYSTEM).changed
        assert products.settle(session, "mirror", 0, SYSTEM) == Change("mirror", "draining", "off")
        assert not products.settle(session, "mirror", 0, SYSTEM).changed


def test_the_way_to_leave_is_one_that_the_module_offers(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    with pytest.raises(InvalidError):
        _set(database, yard, "off", impact=MUCH, leave="explode")
    assert _set(database, yard, "off", impact=MUCH, leave="keep").leave == "keep"
    # While it drains, another way can be chosen; the same again changes nothing.
    assert _set(database, yard, "off", impact=MUCH, leave="keep") == Change("mirror", "draining", "draining", "keep")
    assert _set(database, yard, "off", impact=MUCH, leave="wind_down").leave == "wind_down"
    with database.tenant(yard.id) as session:
        assert products.config(session, "mirror").leave == "wind_down"


def test_a_draining_module_can_be_switched_on_again(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    _set(database, yard, "off", impact=MUCH)
    assert _set(database, yard, "on") == Change("mirror", "draining", "on")


def test_a_draining_module_with_nothing_left_is_off_when_asked(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    _set(database, yard, "off", impact=MUCH)
    assert _set(database, yard, "off", impact=Impact()) == Change("mirror", "draining", "off")


def test_only_the_operator_halts_with_a_reason(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    for actor in (yard.owner, SYSTEM):
        with pytest.raises(NotAllowedError):
            _set(database, yard, "halted", actor, reason="no")
    with pytest.raises(InvalidError):
        _set(database, yard, "halted", OPERATOR)
    _set(database, yard, "halted", OPERATOR, reason="Runs wild")
    with database.tenant(yard.id) as session:
        assert products.config(session, "mirror").reason == "Runs wild"
    for actor, target in ((yard.owner, "on"), (yard.owner, "off"), (SYSTEM, "draining")):
        with pytest.raises(NotAllowedError):
            _set(database, yard, target, actor)
    with pytest.raises(TransitionError):
        _set(database, yard, "on", OPERATOR, reason="Fixed")
    assert _set(database, yard, "draining", OPERATOR, reason="Fixed").after == "draining"


def test_a_halt_in_the_middle_of_draining_does_not_forget_how_it_is_left(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    _set(database, yard, "off", impact=MUCH, leave="keep")
    _set(database, yard, "halted", OPERATOR, reason="Runs wild")
    assert _set(database, yard, "draining", OPERATOR, reason="Fixed").leave == "keep"


def test_the_platform_drains_in_quarantine_and_staff_do_not(yard: Yard, database: Database) -> None:
    with pytest.raises(TransitionError):
        _set(database, yard, "draining", SYSTEM)
    _set(database, yard, "on")
    with pytest.raises(TransitionError):
        _set(database, yard, "draining")
    assert _set(database, yard, "draining", SYSTEM, reason="Too many errors").after == "draining"


def test_what_the_plan_does_not_have_stays_off(yard: Yard, database: Database) -> None:
    with database.system() as session:
        products.allow(session, yard.id, "mirror", False, OPERATOR)
    with pytest.raises(NotAllowedError):
        _set(database, yard, "on")
    with database.system() as session:
        products.allow(session, yard.id, "mirror", True, OPERATOR)
    assert _set(database, yard, "on").changed


def test_who_decides_on_an_old_view_is_told(yard: Yard, database: Database) -> None:
    _set(database, yard, "on", expected_version=0)
    with pytest.raises(ConflictError, match=r"owner@north\.example"):
        _set(database, yard, "off", expected_version=0)
    with database.tenant(yard.id) as session, pytest.raises(ConflictError):
        products.set_settings(session, "mirror", {}, yard.owner, expected_version=7)


def test_settings_are_kept_over_states_and_audited_without_secrets(yard: Yard, database: Database) -> None:
    _set(database, yard, "on")
    with database.tenant(yard.id) as session:
        products.set_settings(session, "mirror", {"limit": 3, "key": "s3cret"}, yard.owner, secret=frozenset({"key"}))
        products.set_settings(
            session, "mirror", {"limit": 4, "key": "s4cret"}, yard.owner, secret=frozenset({"key"}), expected_version=2
        )
    _set(database, yard, "off")
    _set(database, yard, "on")
    with database.tenant(yard.id) as session:
        assert products.settings_of(session, "mirror") == {"limit": 4, "key": "s4cret"}
        assert products.settings_of(session, "other") == {}
        entry = audit.search(session, AuditFilter(action="product.settings"))[0][0]
        assert entry.before == {"limit": 3, "key": "•••"}
        assert entry.after == {"limit": 4, "key": "•••"}
        everything = session.execute(text("select string_agg(a::text, '') from tenants.audit_entries a")).scalar_one()
        assert "cret" not in everything


def test_the_impact_is_measured_while_nobody_else_can_switch(yard: Yard, database: Database) -> None:
    """What is shown and the state that follows belong together: a second change waits for the first."""
    _set(database, yard, "on")
    order: list[str] = []
    other = threading.Thread(target=lambda: order.append(f"other {_set(database, yard, 'on').before}"))

    def measure() -> Impact:
        other.start()
        other.join(timeout=0.3)
        order.append("measured")
        return MUCH

    _set(database, yard, "off", impact=measure)
    other.join()
    assert order == ["measured", "other draining"]
