"""What a snapshot holds, and which changes move its version."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from tenants.db import Database
from tenants.models import Brand
from tenants.services import (
    authentication,
    branding,
    company,
    groups,
    people,
    permissions,
    products,
    tickets,
)
from tenants.services.actor import OPERATOR
from tenants.services.branding import BrandChange
from tenants.services.builtin import PERMISSIONS
from tenants.snapshot import SnapshotHolder, current_version, wait_acknowledged
from tenants.snapshot.loading import load
from tenants.snapshot.model import PLAIN_BRAND
from tests.tenants.conftest import MODULE_PERMISSIONS, PASSWORD, Yard, make_yard


def _version(database: Database) -> int:
    with database.system() as session:
        return current_version(session)


def test_it_holds_tenants_hosts_brands_modules_and_permissions(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(north.id) as session:
        products.set_state(session, "mirror", "on", north.owner)
        branding.change_brand(session, BrandChange(primary_light="#7c2d12"), north.owner)
    snapshot = SnapshotHolder(database).current
    tenant = snapshot.by_key("north")
    assert tenant is not None
    assert (tenant.id, tenant.name, tenant.hosts, tenant.status) == (north.id, "North", ("north.localhost",), "active")
    assert tenant.brand.primary_light == "#7c2d12"
    assert tenant.is_on("mirror")
    assert tenant.modules_on() == {"mirror"}
    assert tenant.modules["mirror"].version == 1
    assert tenant.staff[north.owner_id] == {
        spec.key for spec in (*PERMISSIONS, *MODULE_PERMISSIONS) if spec.audience == "staff"
    }
    assert snapshot.state(south.id, "mirror") == "off"
    assert snapshot.customer_defaults == {"mirror.follow"}
    with pytest.raises(TypeError):
        tenant.modules["other"] = tenant.modules["mirror"]  # type: ignore[index]


def test_staff_hold_in_the_snapshot_what_they_hold_in_a_session(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        for key in ("admin", "risk", "support"):
            invited = people.invite_staff(session, f"{key}@example.com", key, [yard.groups[key]], yard.owner)
            tickets.redeem_ticket(session, invited.token, "invitation", PASSWORD)
        people.rule(session, invited.person, "brand.manage", "grant", yard.owner)
        people.rule(session, invited.person, "audit.view", "deny", yard.owner)
        expected = permissions.staff_permissions(session)
    assert len(expected) == 4
    assert dict(SnapshotHolder(database).current.tenants[yard.id].staff) == expected


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("north.localhost", "north"),
        ("NORTH.localhost:8443", "north"),
        ("north.localhost.", "north"),
        ("south.localhost", "south"),
        ("localhost", None),
        ("x.north.localhost", None),
        ("", None),
        ("[::1]:8000", None),
        ("[::1]", None),
    ],
)
def test_a_tenant_is_found_by_host(yards: tuple[Yard, Yard], database: Database, host: str, found: str | None) -> None:
    tenant = SnapshotHolder(database).current.by_host(host)
    assert (tenant.key if tenant else None) == found


def test_loading_takes_the_same_number_of_statements_for_any_number_of_tenants(
    yards: tuple[Yard, Yard], database: Database
) -> None:
    def count() -> int:
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            with database.system() as session:
                load(session)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return len(statements)

    before = count()
    for key in ("west", "east"):
        make_yard(database, key)
    assert count() == before


def test_what_snapshots_hold_moves_the_version_once_for_a_transaction(yard: Yard, database: Database) -> None:
    def moves(change: Callable[[], object]) -> int:
        before = _version(database)
        change()
        return _version(database) - before

    def many() -> None:
        with database.tenant(yard.id) as session:
            products.set_state(session, "mirror", "on", yard.owner)
            products.set_settings(session, "mirror", {"a": 1}, yard.owner)
            company.change_company(session, yard.owner, name="Other")
            groups.make_group(session, "Desk", ["company.view"], yard.owner)

    def undone() -> None:
        with pytest.raises(LookupError), database.tenant(yard.id) as session:
            company.change_company(session, yard.owner, name="Another")
            raise LookupError

    def nothing_held() -> None:
        with database.tenant(yard.id) as session:
            people.register_customer(session, "ann@example.com", "Ann", PASSWORD)
            people.rule(session, people.customer(session, yard.customer_id), "mirror.master", "grant", yard.owner)
            people.rule(session, people.customer(session, yard.customer_id), "mirror.master", None, yard.owner)
            assert authentication.sign_in(session, "admin", "owner@north.example", PASSWORD).outcome == "signed_in"

    def raw() -> None:
        with database.system() as session:
            session.execute(text("update tenants.brands set tagline = 'x'"))

    def host() -> None:
        with database.system() as session:
            company.add_host(session, yard.id, "more.example", OPERATOR)

    def declared_again() -> None:
        with database.system() as session:
            permissions.declare(session, (*PERMISSIONS, *MODULE_PERMISSIONS))

    assert [moves(change) for change in (many, undone, nothing_held, raw, host, declared_again)] == [1, 0, 0, 1, 1, 0]


def test_a_long_transaction_does_not_hold_up_anothers_toggle(yards: tuple[Yard, Yard], database: Database) -> None:
    """The version moves at the commit, so nobody waits for a row of it."""
    north, south = yards
    with database.tenant(north.id) as session:
        products.set_state(session, "mirror", "on", north.owner)
        session.flush()
        done = threading.Event()

        def toggle() -> None:
            with database.tenant(south.id) as other:
                products.set_state(other, "mirror", "on", south.owner)
            done.set()

        thread = threading.Thread(target=toggle)
        thread.start()
        assert done.wait(timeout=5)
        thread.join()


def test_the_version_never_goes_backwards(yard: Yard, database: Database) -> None:
    holder = SnapshotHolder(database)
    old = holder.refresh()
    with database.tenant(yard.id) as session:
        products.set_state(session, "mirror", "on", yard.owner)
    assert holder.current is old, "without a thread it stays until it is refreshed"
    assert holder.refresh().version > old.version
    assert holder.current.state(yard.id, "mirror") == "on"


def test_a_process_is_waited_for_from_before_it_loads(
    yard: Yard, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that commits while a new process is loading must not be missed by both sides."""
    holder = SnapshotHolder(database, poll_s=60)
    waited: list[int] = []

    def loading() -> None:
        with database.tenant(yard.id) as session:
            products.set_state(session, "mirror", "on", yard.owner)
        waited.append(len(wait_acknowledged(database, timeout=0)))
        monkeypatch.undo()
        holder.refresh()

    monkeypatch.setattr(holder, "refresh", loading)
    holder.start("test")
    try:
        assert waited == [1]
        assert wait_acknowledged(database, timeout=20) == []
        assert holder.current.state(yard.id, "mirror") == "on"
    finally:
        holder.stop()


def test_starting_twice_is_refused_and_stopping_twice_is_not(database: Database) -> None:
    holder = SnapshotHolder(database)
    holder.start("test")
    with pytest.raises(RuntimeError):
        holder.start("test")
    holder.stop()
    holder.stop()
    assert not any(thread.name == "snapshot" for thread in threading.enumerate())
    holder.start("test")
    holder.stop()


def test_a_tenant_without_a_brand_looks_as_the_tables_defaults_say() -> None:
    columns = Brand.__table__.columns
    for name in PLAIN_BRAND.__dataclass_fields__:
        default = columns[name].server_default
        assert getattr(PLAIN_BRAND, name) == (None if default is None else default.arg)
