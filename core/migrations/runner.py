"""Bringing a database to the newest schema: roles, revisions, policies and grants, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from core.addresses import Addresses, role_password
from core.runtime import Runtime, load_runtime
from core.runtime.migrating import migrate_plugins
from core.schema import APPEND_ONLY, OPERATORS_OWN, OWN_SCHEMAS, SCHEMA
from core.settings import Settings, SettingsError
from tenants.db import Roles, ddl, grant_schema, protect_table
from tenants.models.tenant import SCHEMA as TENANTS_SCHEMA

LOCK = 0x7472_6164
"""Advisory lock of migrations, so that two starts at once do not run into each other."""
_KEEP_OPERATOR_LOG = """
do $do$ begin
  if not exists (select from pg_trigger where tgrelid = 'core.operator_log'::regclass and tgname = 'append_only') then
    create trigger append_only before update or delete or truncate on core.operator_log
      for each statement execute function tenants.refuse_change();
  end if;
end $do$
"""


def migrate(settings: Settings, addresses: Addresses, runtime: Runtime | None = None) -> Runtime:
    """Bring the database to the newest revision, then the schemas of the installed plugins (or of `runtime`'s) to theirs.

    Safe to call at each start and from several processes at once. Returns the plugins without those whose tables do not fit.
    """
    plugins = load_runtime() if runtime is None else runtime
    engine = create_engine(addresses.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        if not settings.database_app_url:
            make_role(connection, addresses.roles.app, role_password(settings, addresses.roles.app))
        if not settings.database_system_url:
            make_role(connection, addresses.roles.system, role_password(settings, addresses.roles.system))
        upgrade(connection)
        secure(connection, addresses.roles)
        plugins = migrate_plugins(connection, addresses.roles, plugins)
    engine.dispose()
    return plugins


def upgrade(connection: Connection) -> None:
    """Run the core's revisions."""
    for schema in OWN_SCHEMAS:
        connection.execute(text(f'create schema if not exists "{schema}"'))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def make_role(connection: Connection, name: str, password: str) -> None:
    """Make a runtime role, or give it its password anew."""
    known = connection.execute(
        text("select rolsuper or rolbypassrls from pg_roles where rolname = :name"), {"name": name}
    ).scalar_one_or_none()
    if known:
        raise SettingsError(
            f"the database role {name} bypasses row-level security: take SUPERUSER and BYPASSRLS from it"
        )
    # Neither statement takes parameters; the password is hexadecimal digits of ours and the name is validated.
    verb, limits = ("create", "nosuperuser nobypassrls") if known is None else ("alter", "")
    connection.execute(text(f"{verb} role {name} login {limits} password '{password}'"))


def secure(connection: Connection, roles: Roles, schemas: tuple[str, ...] = OWN_SCHEMAS) -> None:
    """Put the policies on every table of the schemas that has a tenant, and the grants on all; whatever a revision forgot."""
    for schema in schemas:
        tables = connection.scalars(
            text(
                "select table_name from information_schema.columns join information_schema.tables using (table_schema, table_name)"
                " where table_schema = :schema and column_name = 'tenant_id' and table_type = 'BASE TABLE' order by 1"
            ),
            {"schema": schema},
        ).all()
        for table in tables:
            protect_table(connection, schema, table, roles)
        if schema == TENANTS_SCHEMA:
            # A tenant sees its own row only: here the id is the tenant.
            protect_table(connection, schema, "tenants", roles, column="id")
        grant_schema(connection, schema, roles, append_only=APPEND_ONLY if schema == SCHEMA else ())
    if SCHEMA in schemas:
        for statement in (*_platform_tables(connection, roles), *ddl.statements(roles), _KEEP_OPERATOR_LOG):
            connection.execute(text(statement))


def _platform_tables(connection: Connection, roles: Roles) -> list[str]:
    """Grants on the core's tables that belong to no tenant: a tenant's session reads them and writes none of them."""
    tables = connection.scalars(
        text(
            "select table_name from information_schema.tables t where table_schema = :schema and table_type = 'BASE TABLE'"
            " and not exists (select from information_schema.columns c where c.table_schema = t.table_schema"
            " and c.table_name = t.table_name and c.column_name = 'tenant_id') order by 1"
        ),
        {"schema": SCHEMA},
    ).all()
    return [
        *(f'revoke insert, update, delete, truncate on "{SCHEMA}"."{table}" from {roles.app}' for table in tables),
        *(f'revoke all on "{SCHEMA}"."{table}" from {roles.app}' for table in OPERATORS_OWN),
        # PostgreSQL asks for the right to update a column of a row before it lets a transaction lock it: the lanes' fence.
        f"grant update (heartbeat_at) on {SCHEMA}.lanes to {roles.app}",
    ]
