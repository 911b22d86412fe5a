"""The journal's tables.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import create_table, protect, schema, tenant_key

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them. ``create_table`` adds ``tenant_id``, ``id`` and the policies; a table with another key is protected by hand."""
    now = sa.text("now()")
    create_table(
        "notes",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        tenant_key("core.accounts", "account_id"),
        tenant_key("tenants.customers", "customer_id"),
    )
    op.create_index("ix_notes_customer", "notes", ["tenant_id", "customer_id", "written_at"], schema=schema())
    op.create_table(
        "fill_counts",
        sa.Column(
            "tenant_id",
            sa.Uuid,
            primary_key=True,
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
        ),
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("fills", sa.BigInteger, nullable=False),
        sa.Column("last_fill_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        tenant_key("core.accounts", "account_id"),
        schema=schema(),
    )
    protect("fill_counts")


def downgrade() -> None:
    """A plugin is taken out with ``tradeyard plugins drop``, which drops its schema."""
    raise RuntimeError("take the plugin out with: tradeyard plugins drop trade_journal")
