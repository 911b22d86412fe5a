"""The tenant's session by itself: as the superuser, whom no policy binds."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from core.sdk.testing.servers import ServersForTests
from core.settings import Settings
from tenants.db import Database, NoTenantError, TenantSession, WrongTenantError, new_id
from tenants.models import Customer
from tests.tenants.conftest import Yard


@pytest.fixture
def unbound(settings: Settings, servers_for_tests: ServersForTests) -> Iterator[Engine]:
    """An engine of the superuser: what holds here, the session does alone."""
    if servers_for_tests.superuser_url is None:
        pytest.skip("only the embedded server's superuser is known")
    url = make_url(servers_for_tests.superuser_url).set(
        drivername="postgresql+psycopg", database=make_url(settings.database_url).database
    )
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.scalar(text("select rolsuper from pg_roles where rolname = current_user"))
    yield engine
    engine.dispose()


def test_there_is_no_session_without_a_tenant(unbound: Engine) -> None:
    with pytest.raises(NoTenantError):
        TenantSession(unbound, None)


def test_new_rows_are_stamped(yard: Yard, unbound: Engine) -> None:
    with TenantSession(unbound, yard.id) as session:
        made = Customer(id=new_id(), email="new@example.com", name="New")
        session.add(made)
        session.commit()
        assert made.tenant_id == yard.id


def test_a_new_row_of_another_tenant_is_refused(yards: tuple[Yard, Yard], unbound: Engine) -> None:
    north, south = yards
    with TenantSession(unbound, north.id) as session:
        session.add(Customer(tenant_id=south.id, id=new_id(), email="new@example.com", name="New"))
        with pytest.raises(WrongTenantError):
            session.flush()


def test_a_row_cannot_be_moved_to_another_tenant(yards: tuple[Yard, Yard], unbound: Engine) -> None:
    north, south = yards
    with TenantSession(unbound, north.id) as session:
        session.get_one(Customer, (north.id, north.customer_id)).tenant_id = south.id
        with pytest.raises(WrongTenantError):
            session.flush()


def test_a_row_of_another_tenant_cannot_be_changed_through_the_session(
    yards: tuple[Yard, Yard], unbound: Engine
) -> None:
    north, south = yards
    with TenantSession(unbound, north.id) as session:
        session.get_one(Customer, (south.id, south.customer_id)).name = "X"
        with pytest.raises(WrongTenantError):
            session.flush()


def test_inserts_outside_the_orm_take_the_tenant_from_the_transaction(yard: Yard, unbound: Engine) -> None:
    with TenantSession(unbound, yard.id) as session:
        assert (
            session.scalar(
                text("insert into tenants.customers (id, email, name) values (:id, 'a@b.c', 'A') returning tenant_id"),
                {"id": new_id()},
            )
            == yard.id
        )


def test_every_transaction_of_a_session_has_the_tenant(yards: tuple[Yard, Yard], database: Database) -> None:
    with database.tenant(yards[0].id) as session:
        for _ in range(3):
            assert session.scalar(text("select count(*) from tenants.customers")) == 1
            session.commit()
        session.execute(text("select 1"))
        session.rollback()
        assert session.scalar(text("select count(*) from tenants.customers")) == 1


def test_a_pooled_connection_carries_no_tenant_over(yards: tuple[Yard, Yard], database: Database) -> None:
    for yard in (*yards, *yards):
        with database.tenant(yard.id) as session:
            assert session.scalar(text("select email from tenants.customers")) == f"carl@{yard.key}.example"
    with database._app.connect() as connection:
        assert connection.scalar(text("select count(*) from tenants.customers")) == 0


def test_the_system_session_sees_all_and_stamps_nothing(yards: tuple[Yard, Yard], database: Database) -> None:
    with database.system() as session:
        assert session.scalar(text("select count(*) from tenants.customers")) == 2
        with pytest.raises(Exception, match="null value in column"):
            session.execute(
                text("insert into tenants.customers (id, email, name) values (:id, 'a@b.c', 'A')"), {"id": new_id()}
            )
        session.rollback()


def test_an_error_rolls_back_and_forgets_what_waits_for_the_commit(yard: Yard, database: Database) -> None:
    called: list[str] = []
    with pytest.raises(ProgrammingError), database.tenant(yard.id) as session:
        session.add(Customer(id=new_id(), email="new@example.com", name="New"))
        session.flush()
        session.after_commit(lambda: called.append("never"))
        session.execute(text("select no_such_column"))
    with database.tenant(yard.id) as session:
        assert session.scalar(text("select count(*) from tenants.customers")) == 1
        session.after_commit(lambda: called.append("after"))
        assert called == []
    assert called == ["after"]


def test_a_failing_wake_up_does_not_undo_or_fail_what_is_committed(
    yard: Yard, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []
    with caplog.at_level(logging.ERROR), database.tenant(yard.id) as session:
        session.add(Customer(id=new_id(), email="new@example.com", name="New"))
        session.after_commit(lambda: [][0])
        session.after_commit(lambda: called.append("the next"))
    assert called == ["the next"]
    assert "after the commit failed" in caplog.text
    with database.tenant(yard.id) as session:
        assert session.scalar(text("select count(*) from tenants.customers")) == 2
