"""All tables of the first version.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.sdk.migrations import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "publishers",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_publishers")),
        schema="bot_trading",
    )
    op.create_table(
        "strategy_rulings",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_strategy_rulings_tenant_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_strategy_rulings")),
        sa.UniqueConstraint(
            "tenant_id", "customer_id", "strategy", name=op.f("uq_strategy_rulings_tenant_id_customer_id_strategy")
        ),
        schema="bot_trading",
    )
    op.create_table(
        "bots",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("market", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("launch_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "pauses",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("halt", sa.Text(), server_default="", nullable=False),
        sa.Column("stop", sa.Text(), server_default="", nullable=False),
        sa.Column("end_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("investment", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("cash", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("base", sa.Numeric(precision=28, scale=12), server_default="0", nullable=False),
        sa.Column("short", sa.Numeric(precision=28, scale=12), server_default="0", nullable=False),
        sa.Column("invested", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("cycle_profit", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("inventory_realised", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("fees", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("fills", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cycles", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wins", sa.Integer(), server_default="0", nullable=False),
        sa.Column("blocked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_floating", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("peak", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("drawdown", sa.Numeric(precision=12, scale=6), server_default="0", nullable=False),
        sa.Column("last_code", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "last_facts",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("last_ts_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("launched_ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('waiting_trigger', 'running', 'paused', 'stopping', 'stopped', 'halted', 'error')",
            name=op.f("ck_bots_status"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_bots_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_bots_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "symbol_id"],
            ["core.symbols.tenant_id", "core.symbols.id"],
            name=op.f("fk_bots_tenant_id_symbol_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bots")),
        sa.UniqueConstraint("tenant_id", "launch_key", name=op.f("uq_bots_tenant_id_launch_key")),
        schema="bot_trading",
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_bots_live",
        "bots",
        ["tenant_id", "status"],
        unique=False,
        schema="bot_trading",
        postgresql_where=sa.text("status <> 'stopped'"),
    )
    op.create_index(
        op.f("ix_bots_tenant_id_account_id_symbol_id"),
        "bots",
        ["tenant_id", "account_id", "symbol_id"],
        unique=False,
        schema="bot_trading",
    )
    op.create_index(
        op.f("ix_bots_tenant_id_customer_id"), "bots", ["tenant_id", "customer_id"], unique=False, schema="bot_trading"
    )
    op.create_table(
        "commands",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bot_id", sa.Uuid(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="stored", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "detail",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('stored', 'done', 'refused')", name=op.f("ck_commands_status")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bot_id"],
            ["bot_trading.bots.tenant_id", "bot_trading.bots.id"],
            name=op.f("fk_commands_tenant_id_bot_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_commands")),
        sa.UniqueConstraint("tenant_id", "bot_id", "key", name=op.f("uq_commands_tenant_id_bot_id_key")),
        schema="bot_trading",
    )
    op.create_index(
        "ix_commands_stored",
        "commands",
        ["tenant_id", "created_at"],
        unique=False,
        schema="bot_trading",
        postgresql_where=sa.text("status = 'stored'"),
    )
    op.create_table(
        "decisions",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bot_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("alert", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("alerted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bot_id"],
            ["bot_trading.bots.tenant_id", "bot_trading.bots.id"],
            name=op.f("fk_decisions_tenant_id_bot_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_decisions")),
        schema="bot_trading",
    )
    op.create_index(
        "ix_decisions_alert",
        "decisions",
        ["tenant_id", "id"],
        unique=False,
        schema="bot_trading",
        postgresql_where=sa.text("alert and not alerted"),
    )
    op.create_index(
        op.f("ix_decisions_tenant_id_bot_id_id"),
        "decisions",
        ["tenant_id", "bot_id", "id"],
        unique=False,
        schema="bot_trading",
    )
    op.create_table(
        "watches",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("bot_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bot_id"],
            ["bot_trading.bots.tenant_id", "bot_trading.bots.id"],
            name=op.f("fk_watches_tenant_id_bot_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "bot_id", name=op.f("pk_watches")),
        schema="bot_trading",
    )
    for table in ("publishers", "strategy_rulings", "bots", "commands", "decisions", "watches"):
        protect(table)


def downgrade() -> None:
    """There is nothing before the first version."""
    raise RuntimeError("the first revision cannot be undone: restore a backup instead")
