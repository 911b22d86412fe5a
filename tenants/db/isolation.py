"""Row-level security: the policies that keep tenants apart, and the roles they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, Table, text

from tenants.db.base import has_tenant

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")


@dataclass(frozen=True, slots=True)
class Roles:
    """The database's roles: ``app`` is bound to one tenant in each transaction, ``system`` sees all; neither owns a table."""

    app: str
    system: str

    def __post_init__(self) -> None:
        for name in (self.app, self.system):
            if not _NAME.match(name):
                raise ValueError(f"database role {name!r}: use lower-case letters, digits and underscores, at most 63")


def tenant_tables(metadata: MetaData) -> list[Table]:
    """The tables of ``metadata`` whose rows belong to a tenant."""
    return [table for table in metadata.sorted_tables if has_tenant(table)]


def protect_table(connection: Connection, schema: str, table: str, roles: Roles, *, column: str = "tenant_id") -> None:
    """Enable and force row-level security on a table, with the two policies. ``column`` holds the tenant of a row.

    A table that has all this already is not touched: while the product runs, nobody waits for a lock on it.
    """
    if is_protected(connection, schema, table, roles, column=column):
        return
    name = f'"{schema}"."{table}"'
    # The sub-select is evaluated once for a statement and keeps the index usable.
    mine = f"{column} = (select nullif(current_setting('app.tenant_id', true), '')::uuid)"
    others = connection.scalars(
        text("select quote_ident(policyname) from pg_policies where schemaname = :schema and tablename = :table"),
        {"schema": schema, "table": table},
    ).all()
    for statement in (
        *(f"drop policy {policy} on {name}" for policy in others),
        f"alter table {name} enable row level security",
        f"alter table {name} force row level security",
        f"create policy tenant on {name} to {roles.app} using ({mine}) with check ({mine})",
        f"create policy system on {name} to {roles.system} using (true) with check (true)",
    ):
        connection.execute(text(statement))


def is_protected(connection: Connection, schema: str, table: str, roles: Roles, *, column: str = "tenant_id") -> bool:
    """Whether a table has row-level security enabled and forced, and exactly the two policies."""
    mine = (
        f"({column} = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS \"nullif\"))"
    )
    state = connection.execute(
        text(
            "select relrowsecurity and relforcerowsecurity from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = :schema and c.relname = :table"
        ),
        {"schema": schema, "table": table},
    ).scalar_one_or_none()
    policies = connection.execute(
        text(
            "select policyname::text, permissive, roles::text[], cmd, qual, with_check from pg_policies"
            " where schemaname = :schema and tablename = :table order by policyname"
        ),
        {"schema": schema, "table": table},
    ).all()
    return bool(state) and [tuple(policy) for policy in policies] == [
        ("system", "PERMISSIVE", [roles.system], "ALL", "true", "true"),
        ("tenant", "PERMISSIVE", [roles.app], "ALL", mine, mine),
    ]


def grant_schema(connection: Connection, schema: str, roles: Roles, *, append_only: Iterable[str] = ()) -> None:
    """Let both roles use a schema's tables; on ``append_only`` tables neither may change or delete a row."""
    both = f"{roles.app}, {roles.system}"
    for statement in (
        f'grant usage on schema "{schema}" to {both}',
        f'grant select, insert, update, delete on all tables in schema "{schema}" to {both}',
        f'grant usage, select on all sequences in schema "{schema}" to {both}',
        *(f'revoke update, delete, truncate on "{schema}"."{table}" from {both}' for table in append_only),
    ):
        connection.execute(text(statement))
