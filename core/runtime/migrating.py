"""Plugins' tables: each plugin has a schema of its own, revisions of its own, and is rejected where they do not fit."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from core.addresses import Addresses
from core.runtime.facade import RejectionError
from core.runtime.records import LoadedPlugin, Rejected
from core.runtime.runtime import Runtime
from core.schema import SCHEMA
from tenants.db import Roles, grant_schema

ANCHORS: Final = (
    "core.accounts",
    "core.symbols",
    "core.account_types",
    "core.positions",
    "tenants.customers",
    "tenants.tenants",
)
"""Tables that plugins' foreign keys may refer to, besides the plugin's own."""
VERSIONS: Final = "alembic_version"
_ENVIRONMENT: Final = Path(__file__).parent / "plugin_migrations"

# Tables of a schema with what is wrong with them: no tenant, or no policies for both roles.
_UNPROTECTED: Final = text("""
select c.relname as name,
  not exists (
    select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull and not a.attisdropped
  ) as without_tenant,
  not (c.relrowsecurity and c.relforcerowsecurity and exists (
    select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant' and p.polpermissive and p.polcmd = '*'
      and pg_get_expr(p.polqual, c.oid) like '%app.tenant_id%' and pg_get_expr(p.polwithcheck, c.oid) like '%app.tenant_id%'
  ) and 2 = (select count(*) from pg_policy p where p.polrelid = c.oid)) as without_policies
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = :schema and c.relkind in ('r', 'p') and c.relname <> :versions order by 1
""")
_FOREIGN: Final = text("""
select k.conname as name, c.relname as "table", fn.nspname || '.' || f.relname as target
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
where k.contype = 'f' and n.nspname = :schema and fn.nspname <> :schema
  and not fn.nspname || '.' || f.relname = any(cast(:anchors as text[])) order by 1
""")


def migrate_plugins(connection: Connection, roles: Roles, runtime: Runtime) -> Runtime:
    """Bring each plugin's schema to its newest revision, in this transaction; the runtime without those that do not fit.

    Each is behind a savepoint: a plugin that fails leaves nothing behind and holds nobody up.
    """
    rejected = []
    for plugin in _ordered(runtime):
        if plugin.migrations is None:
            continue
        try:
            with connection.begin_nested():
                _migrate(connection, roles, plugin)
        except RejectionError as rejection:
            rejected.append(Rejected(plugin.source, rejection.reason, rejection.trace))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a revision raises, its plugin alone is rejected
            rejected.append(
                Rejected(
                    plugin.source, f"its migrations raised {type(error).__name__}: {error}", traceback.format_exc()
                )
            )
    return runtime.without(rejected)


def fitting(addresses: Addresses, runtime: Runtime) -> Runtime:
    """The runtime without the plugins whose tables are not as their installed version needs them."""
    rejected = []
    engine = create_engine(addresses.system, poolclass=NullPool)
    with engine.begin() as connection:
        for plugin in runtime.plugins.values():
            if plugin.migrations is not None:
                try:
                    _check_revision(connection, plugin)
                    check_tables(connection, plugin.key)
                except RejectionError as rejection:
                    rejected.append(Rejected(plugin.source, rejection.reason))
    engine.dispose()
    return runtime.without(rejected)


def check_tables(connection: Connection, schema: str) -> None:
    """Refuse a schema with a table that is no tenant's, lacks its policies, or refers to what is not an anchor.

    :raises RejectionError: naming the table and the remedy.
    """
    for row in connection.execute(_UNPROTECTED, {"schema": schema, "versions": VERSIONS}):
        if row.without_tenant:
            raise RejectionError(
                f"its table {schema}.{row.name} has no tenant_id that is not null: each row belongs to a tenant"
            )
        if row.without_policies:
            raise RejectionError(
                f"its table {schema}.{row.name} lacks the policies that keep tenants apart, or has others besides:"
                " make it with core.sdk.migrations.create_table, or call protect"
            )
    for row in connection.execute(_FOREIGN, {"schema": schema, "anchors": list(ANCHORS)}):
        raise RejectionError(
            f"the foreign key {row.name} of {schema}.{row.table} refers to {row.target}; plugins may refer to {', '.join(ANCHORS)}"
        )


def drop_plugin(connection: Connection, schema: str) -> None:
    """Take a plugin's tables out, with all that is in them."""
    if schema in ("core", "tenants", "public") or schema.startswith("pg_"):
        raise ValueError(f"{schema} is no plugin's schema")
    connection.execute(text(f'drop schema if exists "{schema}" cascade'))


def _migrate(connection: Connection, roles: Roles, plugin: LoadedPlugin) -> None:
    _check_core(connection, plugin)
    connection.execute(text(f'create schema if not exists "{plugin.key}"'))
    try:
        command.upgrade(_config(plugin, connection, roles), "head")
    except CommandError as error:
        raise RejectionError(f"its migrations do not fit together: {error}") from error
    check_tables(connection, plugin.key)
    grant_schema(connection, plugin.key, roles)
    # Only migrations move it; the application reads it to see whether it has the tables that it needs.
    both = f"{roles.app}, {roles.system}"
    connection.execute(text(f'revoke insert, update, delete, truncate on "{plugin.key}".{VERSIONS} from {both}'))


def _config(plugin: LoadedPlugin, connection: Connection | None = None, roles: Roles | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str((plugin.migrations or Path()) / "versions").replace("%", "%%"))
    config.attributes.update(connection=connection, schema=plugin.key, roles=roles)
    return config


def _check_core(connection: Connection, plugin: LoadedPlugin) -> None:
    """The core's schema must have come to the revision that the plugin needs at least."""
    needed = plugin.manifest.core_revision
    if needed is None:
        return
    from core.migrations import runner  # the runner calls us

    script = ScriptDirectory(str(Path(runner.__file__).parent))
    current = connection.scalar(text(f"select version_num from {SCHEMA}.{VERSIONS}"))  # noqa: S608 - two constants
    passed = {revision.revision for revision in script.iterate_revisions(current, "base")}
    if needed not in passed:
        raise RejectionError(
            f"it needs revision {needed} of the core's schema and this is {current}: update the platform"
        )


def _check_revision(connection: Connection, plugin: LoadedPlugin) -> None:
    heads = set(ScriptDirectory.from_config(_config(plugin)).get_heads())
    try:
        with connection.begin_nested():
            current = set(connection.scalars(text(f'select version_num from "{plugin.key}".{VERSIONS}')).all())  # noqa: S608 - a validated key
    except SQLAlchemyError:
        current = set()
    if heads != current:
        raise RejectionError("its tables are not at its newest revision: run `tradeyard migrate`")


def _ordered(runtime: Runtime) -> Iterator[LoadedPlugin]:
    """Plugins after those that they require."""
    done: set[str] = set()

    def visit(plugin: LoadedPlugin) -> Iterator[LoadedPlugin]:
        if plugin.key not in done:
            done.add(plugin.key)
            for key in plugin.manifest.requires:
                if key in runtime.plugins:
                    yield from visit(runtime.plugins[key])
            yield plugin

    for plugin in runtime.plugins.values():
        yield from visit(plugin)
