"""Bot Trading, whole: previews, statistics over time, rulings.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.sdk.migrations import create_table, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is new."""
    _statistics_over_time()
    _bulk_actions()
    _paces()
    _reconciling()
    _preview_runs()


def _statistics_over_time() -> None:
    """Bot Stats at the end of each day."""
    op.create_table(
        "stats_days",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("historical", sa.Integer(), nullable=False),
        sa.Column("invested", sa.Numeric(38, 12), nullable=False),
        sa.Column("invested_now", sa.Numeric(38, 12), nullable=False),
        sa.Column("realised", sa.Numeric(38, 12), nullable=False),
        sa.Column("floating", sa.Numeric(38, 12), nullable=False),
        sa.Column("fees", sa.Numeric(38, 12), nullable=False),
        sa.Column("cycles", sa.Integer(), nullable=False),
        sa.Column("wins", sa.Integer(), nullable=False),
        sa.Column("drawdown", sa.Numeric(12, 6), nullable=False),
        sa.Column("reporting", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(38, 18), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", "strategy", "currency", name=op.f("pk_stats_days")),
        schema="bot_trading",
    )
    protect("stats_days")


def _preview_runs() -> None:
    """Runs over recorded prices for launch previews."""
    create_table(
        "preview_runs",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("result", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_preview_runs_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "symbol_id"],
            ["core.symbols.tenant_id", "core.symbols.id"],
            name=op.f("fk_preview_runs_tenant_id_symbol_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_preview_runs_tenant_id_customer_id"),
        ),
        sa.UniqueConstraint(
            "tenant_id", "customer_id", "digest", name=op.f("uq_preview_runs_tenant_id_customer_id_digest")
        ),
    )
    op.create_index(
        op.f("ix_preview_runs_tenant_id_asked_at"), "preview_runs", ["tenant_id", "asked_at"], schema="bot_trading"
    )


def _bulk_actions() -> None:
    """Commands on many bots at once."""
    op.create_table(
        "batches",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('bulk', 'kill_switch')", name=op.f("ck_batches_kind")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_batches")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_batches_tenant_id_key")),
        schema="bot_trading",
    )
    op.create_index(
        op.f("ix_batches_tenant_id_created_at"), "batches", ["tenant_id", "created_at"], schema="bot_trading"
    )
    protect("batches")
    op.add_column("commands", sa.Column("batch_id", sa.Uuid(), nullable=True), schema="bot_trading")
    op.create_index(
        "ix_commands_batch",
        "commands",
        ["tenant_id", "batch_id", "status"],
        schema="bot_trading",
        postgresql_where=sa.text("batch_id is not null"),
    )


def _paces() -> None:
    """How many cycles bots have ended lately."""
    op.create_table(
        "paces",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("bot_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bot_id"],
            ["bot_trading.bots.tenant_id", "bot_trading.bots.id"],
            name=op.f("fk_paces_tenant_id_bot_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "bot_id", name=op.f("pk_paces")),
        schema="bot_trading",
    )
    protect("paces")


def _reconciling() -> None:
    """Runs of the reconciler, and what they found."""
    create_table(
        "reconciliations",
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bots", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mended", sa.Integer(), server_default="0", nullable=False),
    )
    op.create_index(
        op.f("ix_reconciliations_tenant_id_started_at"),
        "reconciliations",
        ["tenant_id", "started_at"],
        schema="bot_trading",
    )
    create_table(
        "findings",
        sa.Column("bot_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(none_as_null=True),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("mended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bot_id"],
            ["bot_trading.bots.tenant_id", "bot_trading.bots.id"],
            name=op.f("fk_findings_tenant_id_bot_id"),
        ),
    )
    op.create_index(
        op.f("ix_findings_tenant_id_bot_id_at"), "findings", ["tenant_id", "bot_id", "at"], schema="bot_trading"
    )
    op.create_index(
        "ix_findings_open",
        "findings",
        ["tenant_id", "at"],
        schema="bot_trading",
        postgresql_where=sa.text("not mended and settled_at is null"),
    )


def downgrade() -> None:
    """Going back would lose what is in the new tables."""
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
