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
    """Enable and force row-level security on a table, with the two policies. ``column`` holds the tenant of a row."""
    name = f'"{schema}"."{table}"'
    # The sub-select is evaluated once for a statement and keeps the index usable.
    mine = f"{column} = (select nullif(current_setting('app.tenant_id', true), '')::uuid)"
    for statement in (
        f"alter table {name} enable row level security",
        f"alter table {name} force row level security",
        f"drop policy if exists tenant on {name}",
        f"create policy tenant on {name} to {roles.app} using ({mine}) with check ({mine})",
        f"drop policy if exists system on {name}",
        f"create policy system on {name} to {roles.system} using (true) with check (true)",
    ):
        connection.execute(text(statement))


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
