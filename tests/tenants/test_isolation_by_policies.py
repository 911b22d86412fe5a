"""Row-level security by itself: raw SQL as the application's role."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, make_url

from core.addresses import Addresses, resolve
from core.migrations.runner import OWN_SCHEMAS
from core.preparation import prepare
from core.sdk.testing.servers import ServersForTests
from core.settings import Settings
from tenants.db import Database
from tenants.db.isolation import is_protected
from tests.tenants.conftest import Yard


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


@pytest.fixture
def addresses(settings: Settings) -> Addresses:
    return resolve(settings)


def test_without_a_tenant_no_row_is_seen_and_none_is_written(yards: tuple[Yard, Yard], addresses: Addresses) -> None:
    with _connect(addresses.app) as connection:
        for table in ("customers", "staff", "tenants", "hosts", "audit_entries", "brands", "product_configs"):
            assert connection.execute(
                sql.SQL("select count(*) from tenants.{}").format(sql.Identifier(table))
            ).fetchone() == (0,), table
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.NotNullViolation)):
            connection.execute(
                "insert into tenants.customers (id, email, name) values (gen_random_uuid(), 'a@b.c', 'A')"
            )


def test_an_empty_setting_is_no_tenant(yards: tuple[Yard, Yard], addresses: Addresses) -> None:
    with _connect(addresses.app) as connection:
        connection.execute("select set_config('app.tenant_id', '', false)")
        assert connection.execute("select count(*) from tenants.customers").fetchone() == (0,)


def test_one_tenant_sees_changes_and_deletes_only_its_own_rows(yards: tuple[Yard, Yard], addresses: Addresses) -> None:
    north, south = yards
    with _connect(addresses.app) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(north.id),))
        assert connection.execute("select id from tenants.tenants").fetchall() == [(north.id,)]
        assert connection.execute("select email from tenants.customers").fetchall() == [("carl@north.example",)]
        assert (
            connection.execute("update tenants.customers set name = 'X' where id = %s", (south.customer_id,)).rowcount
            == 0
        )
        assert connection.execute("delete from tenants.customers where id = %s", (south.customer_id,)).rowcount == 0
    with _connect(addresses.app) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(south.id),))
        assert connection.execute("select name from tenants.customers").fetchall() == [("Carl Customer",)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into tenants.customers (tenant_id, id, email, name) values (%(other)s, gen_random_uuid(), 'a@b.c', 'A')",
        "update tenants.customers set tenant_id = %(other)s",
    ],
)
def test_a_row_of_another_tenant_is_refused(yards: tuple[Yard, Yard], addresses: Addresses, statement: str) -> None:
    north, south = yards
    with _connect(addresses.app) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(north.id),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(statement, {"other": south.id})


def test_a_tenants_row_takes_its_tenant_from_the_transaction(yard: Yard, addresses: Addresses) -> None:
    with _connect(addresses.app) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(yard.id),))
        made = connection.execute(
            "insert into tenants.customers (id, email, name) values (gen_random_uuid(), 'a@b.c', 'A') returning tenant_id"
        ).fetchone()
        assert made == (yard.id,)


@pytest.mark.parametrize(
    "statement",
    [
        "update tenants.tenants set status = 'active'",
        "update tenants.tenants set key = 'mine'",
        "insert into tenants.tenants (id, key, name) values (gen_random_uuid(), 'mine', 'Mine')",
        "delete from tenants.tenants",
        "insert into tenants.hosts (host) values ('mine.example')",
        "update tenants.product_configs set allowed = true",
        "insert into tenants.product_configs (module, allowed) values ('mirror', true)",
        "delete from tenants.product_configs",
        "insert into tenants.permissions (key, module, title) values ('a', 'b', 'c')",
        "select * from tenants.processes",
        "update tenants.snapshot_state set version = 0",
        "alter table tenants.customers disable row level security",
        "drop policy tenant on tenants.customers",
    ],
)
def test_what_is_the_platforms_is_not_a_tenants_to_write(yard: Yard, addresses: Addresses, statement: str) -> None:
    with _connect(addresses.app) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(yard.id),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_foreign_key_cannot_name_another_tenants_row(yards: tuple[Yard, Yard], addresses: Addresses) -> None:
    north, south = yards
    with _connect(addresses.app) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(north.id),))
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(
                "insert into tenants.group_members (group_id, staff_id) values (%s, %s)",
                (north.groups["risk"], south.owner_id),
            )


def test_the_runtime_roles_own_nothing_and_bypass_nothing(database: Database, addresses: Addresses) -> None:
    with _connect(addresses.owner) as connection:
        roles = [addresses.roles.app, addresses.roles.system]
        rows = connection.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = any(%s)",
            (roles,),
        ).fetchall()
        assert sorted(rows) == sorted((role, False, False, False, False) for role in roles)
        assert (
            connection.execute(
                "select c.relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = any(%s)",
                (roles,),
            ).fetchall()
            == []
        )
        assert (
            connection.execute(
                "select a.roleid from pg_auth_members a join pg_roles r on r.oid = a.member where r.rolname = any(%s)",
                (roles,),
            ).fetchall()
            == []
        ), "a member of another role could act as that role"


def test_every_tenant_table_has_forced_policies_and_keys_that_carry_the_tenant(
    settings: Settings, addresses: Addresses
) -> None:
    """Walks the catalogue: it finds the tables of the core and of every module, also those made later."""
    modules = prepare(settings).plugins
    with _connect(addresses.owner) as connection:
        tables = connection.execute(
            """
            select n.nspname, c.relname, c.oid, c.relrowsecurity, c.relforcerowsecurity
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
            and (exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
                 or (n.nspname, c.relname) = ('tenants', 'tenants'))
            order by 1, 2
            """
        ).fetchall()
        assert {schema for schema, *_ in tables} >= {
            *OWN_SCHEMAS,
            *(key for key, found in modules.items() if found.migrations),
        }
        faults = []
        for schema, table, oid, enabled, forced in tables:
            name = f"{schema}.{table}"
            if not (enabled and forced):
                faults.append(f"{name}: row-level security is not enabled and forced")
            policies = connection.execute(
                "select polname, polcmd, polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid),"
                " array(select rolname::text from pg_roles where oid = any(polroles)) from pg_policy where polrelid = %s order by 1",
                (oid,),
            ).fetchall()
            if [(policy[0], policy[1], policy[2], policy[5]) for policy in policies] != [
                ("system", "*", True, [addresses.roles.system]),
                ("tenant", "*", True, [addresses.roles.app]),
            ]:
                faults.append(f"{name}: not exactly the two policies, {policies}")
                continue
            column = "id" if name == "tenants.tenants" else "tenant_id"
            for expression in policies[1][3:5]:
                compact = " ".join(str(expression).split())
                if (
                    f"({column} = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid"
                    not in compact
                ):
                    faults.append(f"{name}: policy says {compact}")
            faults += _key_faults(connection, name, oid)
        assert not faults, "\n".join(faults)


def test_what_belongs_to_no_tenant_is_known_by_name(settings: Settings, addresses: Addresses) -> None:
    """A table that somebody forgot to give a tenant would be everybody's: each one without is named here."""
    prepare(settings)
    with _connect(addresses.owner) as connection:
        rows = connection.execute(
            """
            select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
            and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
            and c.relname <> 'alembic_version'
            """
        ).fetchall()
    assert {str(name) for (name,) in rows} == {
        "tenants.tenants",  # its id is the tenant, and its policy says so
        "tenants.permissions",
        "tenants.processes",
        "tenants.snapshot_state",
        "core.instruments",
        "core.ticks",
        "core.quotes",
        "core.lanes",
        "core.replays",  # of an instrument, for whoever trades it
        "core.known_handlers",
        # The platform's operators, whom a tenant's session cannot even read.
        "core.operators",
        "core.operator_sessions",
        "core.operator_attempts",
        "core.operator_log",
    }


def _key_faults(connection: psycopg.Connection[tuple[object, ...]], name: str, oid: object) -> list[str]:
    """Foreign keys between tenant tables must carry the tenant, and ON DELETE SET NULL must name its columns."""
    rows = connection.execute(
        """
        select conname, pg_get_constraintdef(k.oid),
               exists (select from pg_attribute a where a.attrelid = confrelid and a.attname = 'tenant_id'),
               (select a.attnum from pg_attribute a where a.attrelid = conrelid and a.attname = 'tenant_id') = any(conkey),
               confdeltype in ('n', 'd') and confdelsetcols is null
        from pg_constraint k where contype = 'f' and conrelid = %s
        """,
        (oid,),
    ).fetchall()
    return [
        f"{name}: {key} {definition}"
        for key, definition, to_tenant_table, carries, nulls_all in rows
        if (to_tenant_table and not carries) or nulls_all
    ]


def test_the_superuser_is_not_what_tests_run_as(servers_for_tests: ServersForTests, addresses: Addresses) -> None:
    """Otherwise the tests above would prove nothing."""
    with _connect(addresses.app) as connection:
        assert connection.execute(
            "select current_user, usesuper from pg_user where usename = current_user"
        ).fetchone() == (
            addresses.roles.app,
            False,
        )


def test_preparing_a_database_again_waits_for_nobody(settings: Settings, addresses: Addresses) -> None:
    """A command that makes sure of the schema while the product runs must not need its tables for itself."""
    prepare(settings)
    with _connect(addresses.system) as reader:
        for table in ("tenants.tenants", "tenants.staff", "tenants.audit_entries", "core.accounts", "core.quotes"):
            reader.execute(f"lock table {table} in row exclusive mode")
        with _connect(addresses.owner) as owner:
            owner.execute("alter role current_user set lock_timeout = '500ms'")
            owner.commit()
        try:
            prepare(settings)
        finally:
            with _connect(addresses.owner) as owner:
                owner.execute("alter role current_user reset lock_timeout")


@pytest.mark.parametrize(
    "spoil",
    [
        "alter table core.accounts no force row level security",
        "alter table core.accounts disable row level security",
        "drop policy tenant on core.accounts",
        "create policy more on core.accounts using (true)",
        "alter policy tenant on core.accounts using (true)",
        "alter policy system on core.accounts to public",
    ],
)
def test_preparing_a_database_again_puts_right_what_was_spoilt(
    settings: Settings, addresses: Addresses, spoil: str
) -> None:
    engine = create_engine(addresses.owner)
    with engine.begin() as connection:
        assert is_protected(connection, "core", "accounts", addresses.roles)
        connection.exec_driver_sql(spoil)
        assert not is_protected(connection, "core", "accounts", addresses.roles)
    prepare(settings)
    with engine.connect() as connection:
        assert is_protected(connection, "core", "accounts", addresses.roles)
    engine.dispose()
