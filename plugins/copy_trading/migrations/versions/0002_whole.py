"""Copy Trading, whole: fees, mock copies, invitations, daily statistics.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from typing import Any

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
    _money_path()
    _becoming_a_master()
    _what_copies_were_asked_for()
    _running_figures()


# --- fees, mock copies, stops that are tried again, the reconciler -----------------------------------------------------


def _money_path() -> None:
    _columns_of_the_money_path()
    _fees()
    _mock_copies()
    _drifts()


def _columns_of_the_money_path() -> None:
    percent = sa.Numeric(precision=12, scale=6)
    op.add_column(
        "masters", sa.Column("fee_percent", percent, server_default="0", nullable=False), schema="copy_trading"
    )
    for column in (
        sa.Column("mock", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "mode_settings",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("fee_percent", percent, server_default="0", nullable=False),
        sa.Column("fee_settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("stop_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stop_retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_error", sa.Text(), nullable=True),
    ):
        op.add_column("subscriptions", column, schema="copy_trading")
    op.add_column(
        "links",
        sa.Column("flying", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False),
        schema="copy_trading",
    )
    op.create_index(
        "ix_links_unsettled",
        "links",
        ["tenant_id"],
        schema="copy_trading",
        postgresql_where=sa.text("state = 'live' and (flying <> '{}'::uuid[] or (target = 0 and held > 0))"),
    )
    op.add_column(
        "cursors",
        sa.Column("short_of_equity", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="copy_trading",
    )
    # Checked for each follower of each open, and sure already: see the model.
    for name in ("account_id", "symbol_id"):
        op.drop_constraint(f"fk_links_tenant_id_{name}", "links", schema="copy_trading", type_="foreignkey")
    # A paper copy may stand beside the live one of the same account.
    op.drop_index("uq_subscriptions_live", "subscriptions", schema="copy_trading")
    op.create_index(
        "uq_subscriptions_live",
        "subscriptions",
        ["tenant_id", "master_id", "account_id", "mock"],
        unique=True,
        schema="copy_trading",
        postgresql_where=sa.text("status <> 'stopped'"),
    )


def _tenant() -> sa.Column[Any]:
    return sa.Column(
        "tenant_id",
        sa.Uuid(),
        server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
        nullable=False,
    )


def _belongs(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{other}.tenant_id", f"{other}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
    )


def _amount(name: str, *, zero: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(precision=38, scale=12), server_default="0" if zero else None, nullable=False)


def _volume(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(precision=28, scale=12), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _fees() -> None:
    op.create_table(
        "fee_marks",
        _tenant(),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _amount("mark", zero=True),
        _amount("owed", zero=True),
        sa.Column("number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("period", sa.Text(), server_default="", nullable=False),
        _belongs("fee_marks", "master_id", "copy_trading.masters"),
        _belongs("fee_marks", "account_id", "core.accounts"),
        sa.PrimaryKeyConstraint("tenant_id", "master_id", "account_id", name=op.f("pk_fee_marks")),
        schema="copy_trading",
    )
    op.create_index(
        "ix_fee_marks_owed",
        "fee_marks",
        ["tenant_id"],
        schema="copy_trading",
        postgresql_where=sa.text("owed > 0"),
    )
    protect("fee_marks")
    create_table(
        "fees",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        _amount("pnl"),
        _amount("mark"),
        sa.Column("fee_percent", sa.Numeric(precision=12, scale=6), nullable=False),
        _amount("due"),
        _amount("charged"),
        _amount("owed"),
        sa.Column("currency", sa.Text(), nullable=False),
        _amount("credited"),
        sa.Column("master_currency", sa.Text(), nullable=False),
        _at("at"),
        _belongs("fees", "master_id", "copy_trading.masters"),
        _belongs("fees", "subscription_id", "copy_trading.subscriptions"),
        _belongs("fees", "account_id", "core.accounts"),
        sa.UniqueConstraint(
            "tenant_id", "master_id", "account_id", "number",
            name=op.f("uq_fees_tenant_id_master_id_account_id_number"),
        ),
    )  # fmt: skip
    op.create_index(
        op.f("ix_fees_tenant_id_subscription_id"), "fees", ["tenant_id", "subscription_id"], schema="copy_trading"
    )


def _mock_copies() -> None:
    op.create_table(
        "mock_accounts",
        _tenant(),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        _amount("start"),
        _amount("balance"),
        _belongs("mock_accounts", "subscription_id", "copy_trading.subscriptions"),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", name=op.f("pk_mock_accounts")),
        schema="copy_trading",
    )
    protect("mock_accounts")
    create_table(
        "mock_positions",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        _volume("volume"),
        _volume("opened_volume"),
        _volume("open_price"),
        _volume("close_price", nullable=True),
        _amount("margin"),
        _amount("realised", zero=True),
        _amount("commission", zero=True),
        sa.Column("opened_ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ts_ms", sa.BigInteger(), nullable=True),
        _belongs("mock_positions", "subscription_id", "copy_trading.subscriptions"),
        _belongs("mock_positions", "symbol_id", "core.symbols"),
        sa.CheckConstraint("side in ('buy', 'sell')", name=op.f("ck_mock_positions_side")),
    )
    op.create_index(
        "ix_mock_positions_open",
        "mock_positions",
        ["tenant_id", "subscription_id"],
        schema="copy_trading",
        postgresql_where=sa.text("closed_ts_ms is null"),
    )


def _drifts() -> None:
    create_table(
        "drifts",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _volume("expected"),
        _volume("found"),
        _volume("flying"),
        sa.Column("snapshots", sa.Integer(), server_default="1", nullable=False),
        _at("first_seen"),
        _at("last_seen"),
        _at("ended_at", nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        _belongs("drifts", "subscription_id", "copy_trading.subscriptions"),
        _belongs("drifts", "symbol_id", "core.symbols"),
    )
    op.create_index(
        "uq_drifts_open",
        "drifts",
        ["tenant_id", "subscription_id", "subject_id", "kind"],
        unique=True,
        schema="copy_trading",
        postgresql_where=sa.text("ended_at is null"),
    )


# --- applications and invite codes -------------------------------------------------------------------------------------


def _becoming_a_master() -> None:
    create_table(
        "applications",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("public", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("follower_cap", sa.Integer(), nullable=True),
        sa.Column("fee_percent", sa.Numeric(precision=12, scale=6), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column(
            "criteria",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("met", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        _at("created_at"),
        _at("decided_at", nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        _belongs("applications", "master_id", "copy_trading.masters"),
        _belongs("applications", "account_id", "core.accounts"),
        _belongs("applications", "customer_id", "tenants.customers"),
        sa.CheckConstraint(
            "status in ('pending', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_applications_status")
        ),
    )
    op.create_index(
        "uq_applications_pending",
        "applications",
        ["tenant_id", "account_id"],
        unique=True,
        schema="copy_trading",
        postgresql_where=sa.text("status = 'pending'"),
    )
    for column in ("customer_id", "master_id"):
        op.create_index(
            op.f(f"ix_applications_tenant_id_{column}"), "applications", ["tenant_id", column], schema="copy_trading"
        )
    create_table(
        "invite_codes",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        _at("expires_at", nullable=True),
        _at("revoked_at", nullable=True),
        _at("created_at"),
        _belongs("invite_codes", "master_id", "copy_trading.masters"),
        sa.CheckConstraint("max_uses is null or uses <= max_uses", name=op.f("ck_invite_codes_uses")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_invite_codes_tenant_id_code")),
    )
    op.create_index(
        op.f("ix_invite_codes_tenant_id_master_id"), "invite_codes", ["tenant_id", "master_id"], schema="copy_trading"
    )
    # Each master had one code for ever; those that are out there keep working. The owner reads and writes all tenants'
    # rows only while the policies are not forced.
    for table in ("masters", "invite_codes"):
        op.execute(f"alter table copy_trading.{table} no force row level security")
    op.execute(
        "insert into copy_trading.invite_codes (tenant_id, id, master_id, code)"
        " select tenant_id, gen_random_uuid(), id, invite_code from copy_trading.masters"
    )
    for table in ("masters", "invite_codes"):
        op.execute(f"alter table copy_trading.{table} force row level security")
    op.drop_column("masters", "invite_code", schema="copy_trading")


# --- figures kept as they arise ------------------------------------------------------------------------------------------


def _running_figures() -> None:
    op.add_column("equity_points", _index_column("index", nullable=True), schema="copy_trading")
    _standings()
    _master_days()
    _follower_figures()


def _index_column(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(precision=38, scale=18), nullable=nullable)


def _standings() -> None:
    amount = sa.Numeric(precision=38, scale=12)
    op.create_table(
        "standings",
        _tenant(),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("point_ms", sa.BigInteger(), nullable=False),
        sa.Column("equity", amount, nullable=False),
        sa.Column("funded", amount, nullable=False),
        sa.Column("notional", amount, nullable=False),
        _index_column("index"),
        _index_column("peak"),
        sa.Column("peak_ms", sa.BigInteger(), nullable=False),
        _index_column("fall_depth"),
        _index_column("fall_peak"),
        sa.Column("fall_peak_ms", sa.BigInteger(), nullable=False),
        sa.Column("fall_trough_ms", sa.BigInteger(), nullable=False),
        sa.Column("fall_recovered_ms", sa.BigInteger(), nullable=True),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        _index_column("day_base"),
        _index_column("weekday_base"),
        _index_column("day_high"),
        _index_column("day_low"),
        sa.Column("day_fall", sa.Double(), nullable=False),
        sa.Column("day_leverage", sa.Double(), nullable=False),
        sa.Column("daily_count", sa.Integer(), nullable=False),
        sa.Column("daily_mean", sa.Double(), nullable=False),
        sa.Column("daily_squares", sa.Double(), nullable=False),
        sa.Column("weekday_count", sa.Integer(), nullable=False),
        sa.Column("weekday_mean", sa.Double(), nullable=False),
        sa.Column("weekday_squares", sa.Double(), nullable=False),
        sa.Column("ledger_no", sa.BigInteger(), nullable=False),
        sa.Column("fill_no", sa.BigInteger(), nullable=False),
        sa.Column("round_the_clock", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("closed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("won", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gains", amount, server_default="0", nullable=False),
        sa.Column("losses", amount, server_default="0", nullable=False),
        sa.Column("losing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("volatility", sa.Double(), nullable=True),
        sa.Column("year_fall", sa.Double(), nullable=True),
        sa.Column("leverage_95", sa.Double(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        _belongs("standings", "master_id", "copy_trading.masters"),
        sa.PrimaryKeyConstraint("tenant_id", "master_id", name=op.f("pk_standings")),
        schema="copy_trading",
        postgresql_with={"fillfactor": 60},
    )
    protect("standings")


def _master_days() -> None:
    op.create_table(
        "master_days",
        _tenant(),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        _amount("equity"),
        _amount("funded"),
        _index_column("index"),
        _index_column("high"),
        _index_column("low"),
        sa.Column("fall", sa.Double(), nullable=False),
        sa.Column("leverage", sa.Double(), nullable=False),
        sa.Column("change", sa.Double(), nullable=False),
        sa.Column("weekday_change", sa.Double(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        _belongs("master_days", "master_id", "copy_trading.masters"),
        sa.PrimaryKeyConstraint("tenant_id", "master_id", "day", name=op.f("pk_master_days")),
        schema="copy_trading",
    )
    protect("master_days")


def _follower_figures() -> None:
    op.create_table(
        "follower_figures",
        _tenant(),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        _amount("equity"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("leverage", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("margin_level", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("warning", sa.Text(), nullable=True),
        _amount("copied_pnl"),
        _at("at"),
        _belongs("follower_figures", "subscription_id", "copy_trading.subscriptions"),
        sa.PrimaryKeyConstraint("tenant_id", "subscription_id", name=op.f("pk_follower_figures")),
        schema="copy_trading",
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_follower_figures_warning",
        "follower_figures",
        ["tenant_id", "warning"],
        unique=False,
        schema="copy_trading",
        postgresql_where=sa.text("warning is not null"),
    )
    protect("follower_figures")


# --- fidelity ----------------------------------------------------------------------------------------------------------


def _what_copies_were_asked_for() -> None:
    op.add_column("links", sa.Column("asked", sa.Numeric(), server_default="0", nullable=False), schema="copy_trading")
    op.add_column("skips", sa.Column("asked", sa.Numeric(), nullable=True), schema="copy_trading")


def downgrade() -> None:
    """Going back would lose what is in the new tables."""
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
