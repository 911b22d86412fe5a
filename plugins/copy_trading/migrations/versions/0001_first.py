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
        "confirmations",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("notice_version", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("fee_percent", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_confirmations_tenant_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_confirmations")),
        schema="copy_trading",
    )
    op.create_index(
        op.f("ix_confirmations_tenant_id_customer_id"),
        "confirmations",
        ["tenant_id", "customer_id"],
        unique=False,
        schema="copy_trading",
    )
    op.create_table(
        "masters",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("public", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("invite_code", sa.Text(), nullable=False),
        sa.Column("follower_cap", sa.Integer(), nullable=True),
        sa.Column("granted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "criteria",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('pending', 'active', 'paused', 'deactivated', 'rejected')", name=op.f("ck_masters_status")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_masters_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_masters_tenant_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_masters")),
        sa.UniqueConstraint("tenant_id", "account_id", name=op.f("uq_masters_tenant_id_account_id")),
        sa.UniqueConstraint("tenant_id", "invite_code", name=op.f("uq_masters_tenant_id_invite_code")),
        schema="copy_trading",
    )
    op.create_index(
        op.f("ix_masters_tenant_id_customer_id"),
        "masters",
        ["tenant_id", "customer_id"],
        unique=False,
        schema="copy_trading",
    )
    op.create_index(
        op.f("ix_masters_tenant_id_status"), "masters", ["tenant_id", "status"], unique=False, schema="copy_trading"
    )
    op.create_table(
        "equity_points",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("equity", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("funded", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("notional", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "master_id"],
            ["copy_trading.masters.tenant_id", "copy_trading.masters.id"],
            name=op.f("fk_equity_points_tenant_id_master_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "master_id", "at_ms", name=op.f("pk_equity_points")),
        schema="copy_trading",
    )
    op.create_table(
        "subscriptions",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("shard", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("reasons", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mode", sa.Text(), server_default="proportional", nullable=False),
        sa.Column("copy_ratio", sa.Numeric(precision=18, scale=8), server_default="1", nullable=False),
        sa.Column("fixed_size", sa.Numeric(precision=38, scale=12), server_default="0.01", nullable=False),
        sa.Column("fixed_basis", sa.Text(), server_default="lots", nullable=False),
        sa.Column("max_open_trades", sa.Integer(), server_default="10", nullable=False),
        sa.Column("minimum_equity", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("slippage_tolerance", sa.Numeric(precision=12, scale=6), nullable=True),
        sa.Column("round_up", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("maximum_lot", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("existing_positions", sa.Text(), server_default="ignore", nullable=False),
        sa.Column("stop_loss_percent", sa.Numeric(precision=12, scale=6), nullable=True),
        sa.Column("symbols", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column(
            "symbol_map",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("reverse", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("start_equity", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("stop_choice", sa.Text(), nullable=True),
        sa.Column("notice_version", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("fixed_basis in ('lots', 'margin', 'notional')", name=op.f("ck_subscriptions_fixed_basis")),
        sa.CheckConstraint(
            "status in ('active', 'paused', 'stopping', 'stopped')", name=op.f("ck_subscriptions_status")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_subscriptions_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_subscriptions_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "master_id"],
            ["copy_trading.masters.tenant_id", "copy_trading.masters.id"],
            name=op.f("fk_subscriptions_tenant_id_master_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subscriptions")),
        schema="copy_trading",
    )
    op.create_index(
        "ix_subscriptions_shard",
        "subscriptions",
        ["tenant_id", "master_id", "shard"],
        unique=False,
        schema="copy_trading",
        postgresql_where=sa.text("status <> 'stopped'"),
    )
    op.create_index(
        op.f("ix_subscriptions_tenant_id_account_id"),
        "subscriptions",
        ["tenant_id", "account_id"],
        unique=False,
        schema="copy_trading",
    )
    op.create_index(
        op.f("ix_subscriptions_tenant_id_customer_id"),
        "subscriptions",
        ["tenant_id", "customer_id"],
        unique=False,
        schema="copy_trading",
    )
    op.create_index(
        "uq_subscriptions_live",
        "subscriptions",
        ["tenant_id", "master_id", "account_id"],
        unique=True,
        schema="copy_trading",
        postgresql_where=sa.text("status <> 'stopped'"),
    )
    op.create_table(
        "cursors",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("last_close", sa.BigInteger(), nullable=False),
        sa.Column("last_open", sa.BigInteger(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_after", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["copy_trading.subscriptions.tenant_id", "copy_trading.subscriptions.id"],
            name=op.f("fk_cursors_tenant_id_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", name=op.f("pk_cursors")),
        schema="copy_trading",
        postgresql_with={"fillfactor": 60},
    )
    op.create_index(
        "ix_cursors_parked",
        "cursors",
        ["tenant_id"],
        unique=False,
        schema="copy_trading",
        postgresql_where=sa.text("parked_at is not null"),
    )
    op.create_table(
        "links",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("master_position_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.Column("target", sa.Numeric(), nullable=False),
        sa.Column("held", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("position_ids", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column("opened_no", sa.BigInteger(), nullable=False),
        sa.Column("cut_from", sa.Numeric(), nullable=True),
        sa.Column("final_pnl", sa.Numeric(precision=38, scale=12), nullable=True),
        sa.CheckConstraint("state in ('live', 'closed', 'left', 'detached')", name=op.f("ck_links_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_links_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["copy_trading.subscriptions.tenant_id", "copy_trading.subscriptions.id"],
            name=op.f("fk_links_tenant_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "symbol_id"],
            ["core.symbols.tenant_id", "core.symbols.id"],
            name=op.f("fk_links_tenant_id_symbol_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_links")),
        sa.UniqueConstraint(
            "tenant_id",
            "subscription_id",
            "master_position_id",
            name=op.f("uq_links_tenant_id_subscription_id_master_position_id"),
        ),
        schema="copy_trading",
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_links_account",
        "links",
        ["tenant_id", "account_id"],
        unique=False,
        schema="copy_trading",
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_index(
        "ix_links_live",
        "links",
        ["tenant_id", "master_position_id"],
        unique=False,
        schema="copy_trading",
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "openings",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("ratio", sa.Numeric(), nullable=False),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Numeric(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["copy_trading.subscriptions.tenant_id", "copy_trading.subscriptions.id"],
            name=op.f("fk_openings_tenant_id_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "order_id", "subscription_id", name=op.f("pk_openings")),
        schema="copy_trading",
    )
    op.create_table(
        "skips",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("fill_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("needed", sa.Text(), nullable=False),
        sa.Column("setting", sa.Text(), nullable=True),
        sa.Column("setting_value", sa.Text(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["copy_trading.subscriptions.tenant_id", "copy_trading.subscriptions.id"],
            name=op.f("fk_skips_tenant_id_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", "fill_no", name=op.f("pk_skips")),
        schema="copy_trading",
    )
    for table in (
        "confirmations",
        "masters",
        "equity_points",
        "subscriptions",
        "cursors",
        "links",
        "openings",
        "skips",
    ):
        protect(table)


def downgrade() -> None:
    """There is nothing before the first version."""
    raise RuntimeError("the first revision cannot be undone: restore a backup instead")
