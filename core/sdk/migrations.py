"""Migrations for plugins.

Put Alembic revisions into ``migrations/versions`` beside the plugin's module; the platform runs them after its own, in a
schema named as the plugin's key with a version table of its own. Each table belongs to tenants: make it with
:func:`create_table`, which gives it its key and its policies, or with anything else and :func:`protect`::

    revision, down_revision = "0001", None

    def upgrade() -> None:
        create_table("notes", Column("account_id", Uuid, nullable=False), tenant_key("core.accounts", "account_id"))
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, Uuid, text
from sqlalchemy.schema import SchemaItem

from tenants.db import Roles, protect_table, tenant_key

__all__ = ["create_table", "protect", "schema", "tenant_key"]


def schema() -> str:
    """The schema of the plugin whose revision is running: its key."""
    name: str = _attributes()["schema"]
    return name


def create_table(name: str, *items: SchemaItem) -> None:
    """Make a table of the plugin: ``tenant_id`` and ``id`` (together the primary key) before the given columns, and policies."""
    # The default makes inserts that do not name their tenant take the transaction's.
    default = text("nullif(current_setting('app.tenant_id', true), '')::uuid")
    op.create_table(
        name,
        Column("tenant_id", Uuid, nullable=False, server_default=default),
        Column("id", Uuid, nullable=False),
        *items,
        PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{name}"),
        schema=schema(),
    )
    protect(name)


def protect(table: str) -> None:
    """Enable and force row-level security on a table of the plugin that has a ``tenant_id``."""
    roles: Roles = _attributes()["roles"]
    protect_table(op.get_bind(), schema(), table, roles)


def _attributes() -> dict[str, Any]:
    config = op.get_context().config
    assert config is not None  # noqa: S101 - the platform's environment always has one
    return config.attributes
