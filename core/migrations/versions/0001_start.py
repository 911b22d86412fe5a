"""All tables of the first version.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account_types",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("leverage", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("may_short", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("min_deposit", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("commission_kind", sa.Text(), server_default="per_lot", nullable=False),
        sa.Column("commission", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("markup", sa.Numeric(precision=28, scale=12), server_default="0", nullable=False),
        sa.Column("margin_call_level", sa.Numeric(precision=12, scale=4), server_default="100", nullable=False),
        sa.Column("stop_out_level", sa.Numeric(precision=12, scale=4), server_default="50", nullable=False),
        sa.Column("negative_balance_protection", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("swap_free", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("copy_allowed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.CheckConstraint("mode in ('hedging', 'netting')", name=op.f("ck_account_types_mode")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account_types")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_account_types_tenant_id_name")),
        schema="core",
    )
    op.create_table(
        "alerts",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column(
            "detail",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_alerts")),
        schema="core",
    )
    op.create_index(
        "ix_alerts_open",
        "alerts",
        ["tenant_id"],
        unique=False,
        schema="core",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "events",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("stream_seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_events")),
        sa.UniqueConstraint("tenant_id", "stream", "stream_seq", name=op.f("uq_events_tenant_id_stream_stream_seq")),
        schema="core",
    )
    op.create_index("ix_events_at", "events", ["at"], unique=False, schema="core", postgresql_using="brin")
    op.create_table(
        "fills",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("fill_no", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("venue_fill_id", sa.Text(), server_default="1", nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("volume", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("position_volume", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("price", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("profit", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("commission", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_fills")),
        sa.UniqueConstraint("tenant_id", "account_id", "fill_no", name=op.f("uq_fills_tenant_id_account_id_fill_no")),
        sa.UniqueConstraint(
            "tenant_id", "order_id", "venue_fill_id", name=op.f("uq_fills_tenant_id_order_id_venue_fill_id")
        ),
        schema="core",
    )
    op.create_index(
        op.f("ix_fills_tenant_id_position_id"), "fills", ["tenant_id", "position_id"], unique=False, schema="core"
    )
    op.create_table(
        "instruments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("feed_symbol", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("tick", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("lane", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lockstep", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruments")),
        sa.UniqueConstraint("feed", "feed_symbol", name=op.f("uq_instruments_feed_feed_symbol")),
        schema="core",
    )
    op.create_table(
        "known_handlers",
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("handler", name=op.f("pk_known_handlers")),
        schema="core",
    )
    op.create_table(
        "lanes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lanes")),
        schema="core",
    )
    op.create_table(
        "parked_subjects",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_parked_subjects")),
        sa.UniqueConstraint(
            "tenant_id", "kind", "subject_id", name=op.f("uq_parked_subjects_tenant_id_kind_subject_id")
        ),
        schema="core",
    )
    op.create_table(
        "positions",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("volume", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("opened_volume", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("open_price", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("margin", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("leverage", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("stop_loss", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("take_profit", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("realised", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("commission", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("swap", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("swap_ts_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("origin", sa.Text(), server_default="manual", nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("opened_ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ts_ms", sa.BigInteger(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("side in ('buy', 'sell')", name=op.f("ck_positions_side")),
        sa.CheckConstraint("volume >= 0", name=op.f("ck_positions_volume")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_positions")),
        schema="core",
    )
    op.create_index(
        "ix_positions_account", "positions", ["tenant_id", "account_id", "opened_ts_ms"], unique=False, schema="core"
    )
    op.create_index(
        "ix_positions_open",
        "positions",
        ["tenant_id", "account_id"],
        unique=False,
        schema="core",
        postgresql_where=sa.text("closed_ts_ms is null"),
    )
    op.create_index(
        "ix_positions_origin", "positions", ["tenant_id", "origin", "origin_id"], unique=False, schema="core"
    )
    op.create_index(
        "ix_positions_released",
        "positions",
        ["tenant_id", "released_by"],
        unique=False,
        schema="core",
        postgresql_where=sa.text("released_by is not null"),
    )
    op.create_table(
        "triggers",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ask_le", sa.BigInteger(), nullable=True),
        sa.Column("ask_ge", sa.BigInteger(), nullable=True),
        sa.Column("bid_ge", sa.BigInteger(), nullable=True),
        sa.Column("bid_le", sa.BigInteger(), nullable=True),
        sa.Column("since_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("armed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("kind in ('order', 'position', 'reactor', 'account')", name=op.f("ck_triggers_kind")),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "subject_id", "instrument_id", name=op.f("pk_triggers")),
        schema="core",
    )
    op.create_index("ix_triggers_account", "triggers", ["tenant_id", "account_id"], unique=False, schema="core")
    op.create_index("ix_triggers_instrument", "triggers", ["instrument_id"], unique=False, schema="core")
    op.create_index(
        "ix_triggers_unarmed",
        "triggers",
        ["instrument_id"],
        unique=False,
        schema="core",
        postgresql_where=sa.text("not armed"),
    )
    op.create_table(
        "permissions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("audience", sa.Text(), server_default="staff", nullable=False),
        sa.Column(
            "default_groups",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("customer_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("audience in ('staff', 'customer')", name=op.f("ck_permissions_audience")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_permissions")),
        schema="tenants",
    )
    op.create_table(
        "processes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("snapshot_version", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
        schema="tenants",
    )
    op.create_table(
        "snapshot_state",
        sa.Column("id", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("id", name=op.f("ck_snapshot_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_state")),
        schema="tenants",
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column(
            "currencies",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[\"USD\"]'::jsonb"),
            nullable=False,
        ),
        sa.Column("registration", sa.Text(), server_default="open", nullable=False),
        sa.Column("staff_second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9-]{0,39}$'", name=op.f("ck_tenants_key")),
        sa.CheckConstraint("registration in ('open', 'invited')", name=op.f("ck_tenants_registration")),
        sa.CheckConstraint("status in ('active', 'suspended')", name=op.f("ck_tenants_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("key", name=op.f("uq_tenants_key")),
        schema="tenants",
    )
    op.create_table(
        "event_streams",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_event_streams_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "stream", name=op.f("pk_event_streams")),
        schema="core",
    )
    op.create_table(
        "handler_cursors",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_handler_cursors_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "handler", "stream", "shard", name=op.f("pk_handler_cursors")),
        schema="core",
    )
    op.create_index(
        "ix_handler_cursors_stream", "handler_cursors", ["tenant_id", "stream"], unique=False, schema="core"
    )
    op.create_table(
        "job_runs",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column(
            "payload",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status in ('queued', 'running', 'done', 'failed', 'parked')", name=op.f("ck_job_runs_status")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_job_runs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_job_runs")),
        schema="core",
    )
    op.create_index(
        "ix_job_runs_due",
        "job_runs",
        ["due_at"],
        unique=False,
        schema="core",
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "ix_job_runs_open",
        "job_runs",
        ["tenant_id", "job"],
        unique=False,
        schema="core",
        postgresql_where=sa.text("status in ('queued', 'running', 'parked')"),
    )
    op.create_index(
        "ix_job_runs_queued_at", "job_runs", ["queued_at"], unique=False, schema="core", postgresql_using="brin"
    )
    op.create_table(
        "lane_cursors",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["core.instruments.id"], name=op.f("fk_lane_cursors_instrument_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_lane_cursors_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "instrument_id", name=op.f("pk_lane_cursors")),
        schema="core",
    )
    op.create_table(
        "module_periods",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("first_on_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("on_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_module_periods_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "module", name=op.f("pk_module_periods")),
        schema="core",
    )
    op.create_table(
        "plugin_faults",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("contribution", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_plugin_faults_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_faults")),
        schema="core",
    )
    op.create_index("ix_plugin_faults_recent", "plugin_faults", ["plugin", "at"], unique=False, schema="core")
    op.create_table(
        "quarantines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.CheckConstraint("(lifted_at is null) = (lifted_by is null)", name=op.f("ck_quarantines_lifted")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_quarantines_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantines")),
        schema="core",
    )
    op.create_index(
        "uq_quarantines_standing",
        "quarantines",
        ["plugin", sa.literal_column("coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)")],
        unique=True,
        schema="core",
        postgresql_where=sa.text("lifted_at is null"),
    )
    op.create_table(
        "quotes",
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("bid", sa.BigInteger(), nullable=False),
        sa.Column("ask", sa.BigInteger(), nullable=False),
        sa.Column("feed_ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["core.instruments.id"], name=op.f("fk_quotes_instrument_id")),
        sa.PrimaryKeyConstraint("instrument_id", name=op.f("pk_quotes")),
        schema="core",
    )
    op.create_table(
        "replays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("quotes", sa.BigInteger(), nullable=False),
        sa.Column("shift_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instrument_id"], ["core.instruments.id"], name=op.f("fk_replays_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
        schema="core",
    )
    op.create_index(op.f("ix_replays_instrument_id"), "replays", ["instrument_id"], unique=False, schema="core")
    op.create_table(
        "schedules",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_schedules_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "job", name=op.f("pk_schedules")),
        schema="core",
    )
    op.create_table(
        "symbols",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("contract_size", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("tick", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("pip", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("lot_step", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("min_lot", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("max_lot", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("min_notional", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column(
            "hours",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("staleness_ms", sa.Integer(), server_default="10000", nullable=False),
        sa.Column("swap_long", sa.Numeric(precision=28, scale=12), server_default="0", nullable=False),
        sa.Column("swap_short", sa.Numeric(precision=28, scale=12), server_default="0", nullable=False),
        sa.Column("venue", sa.Text(), server_default="house", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.CheckConstraint("class in ('fx', 'metal', 'crypto', 'index', 'stock')", name=op.f("ck_symbols_class")),
        sa.ForeignKeyConstraint(["instrument_id"], ["core.instruments.id"], name=op.f("fk_symbols_instrument_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_symbols")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_symbols_tenant_id_code")),
        schema="core",
    )
    op.create_index(op.f("ix_symbols_instrument_id"), "symbols", ["instrument_id"], unique=False, schema="core")
    op.create_table(
        "ticks",
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("bid", sa.BigInteger(), nullable=False),
        sa.Column("ask", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["core.instruments.id"], name=op.f("fk_ticks_instrument_id")),
        sa.PrimaryKeyConstraint("instrument_id", "seq", name=op.f("pk_ticks")),
        schema="core",
    )
    op.create_table(
        "audit_entries",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), server_default="", nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "actor_kind in ('staff', 'customer', 'operator', 'system')", name=op.f("ck_audit_entries_actor_kind")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_audit_entries_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_audit_entries")),
        schema="tenants",
    )
    op.create_index(
        "ix_audit_entries_actor", "audit_entries", ["tenant_id", "actor_id"], unique=False, schema="tenants"
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["tenant_id", "at"], unique=False, schema="tenants")
    op.create_index(
        "ix_audit_entries_object",
        "audit_entries",
        ["tenant_id", "object_kind", "object_id"],
        unique=False,
        schema="tenants",
    )
    op.create_table(
        "brands",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("primary_light", sa.Text(), server_default="#1f5fbf", nullable=False),
        sa.Column("primary_dark", sa.Text(), server_default="#6ea8fe", nullable=False),
        sa.Column("accent_light", sa.Text(), server_default="#0f766e", nullable=False),
        sa.Column("accent_dark", sa.Text(), server_default="#2dd4bf", nullable=False),
        sa.Column("theme", sa.Text(), server_default="auto", nullable=False),
        sa.Column("tagline", sa.Text(), server_default="", nullable=False),
        sa.Column("support_email", sa.Text(), server_default="", nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_dark", sa.LargeBinary(), nullable=True),
        sa.Column("favicon", sa.LargeBinary(), nullable=True),
        sa.Column("logo_digest", sa.Text(), nullable=True),
        sa.Column("logo_dark_digest", sa.Text(), nullable=True),
        sa.Column("favicon_digest", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("accent_dark ~ '^#[0-9a-f]{6}$'", name=op.f("ck_brands_accent_dark")),
        sa.CheckConstraint("accent_light ~ '^#[0-9a-f]{6}$'", name=op.f("ck_brands_accent_light")),
        sa.CheckConstraint("primary_dark ~ '^#[0-9a-f]{6}$'", name=op.f("ck_brands_primary_dark")),
        sa.CheckConstraint("primary_light ~ '^#[0-9a-f]{6}$'", name=op.f("ck_brands_primary_light")),
        sa.CheckConstraint("theme in ('auto', 'light', 'dark')", name=op.f("ck_brands_theme")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_brands_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_brands")),
        schema="tenants",
    )
    op.create_table(
        "customers",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="new", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("country", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invited", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status in ('new', 'verified', 'blocked')", name=op.f("ck_customers_status")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_customers_email_lower")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_customers_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customers")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_customers_tenant_id_email")),
        schema="tenants",
    )
    op.create_index("ix_customers_status", "customers", ["tenant_id", "status"], unique=False, schema="tenants")
    op.create_table(
        "groups",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_groups_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_groups")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_groups_tenant_id_key")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_groups_tenant_id_name")),
        schema="tenants",
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("main", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("host = lower(host)", name=op.f("ck_hosts_host_lower")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_hosts_tenant_id")),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
        schema="tenants",
    )
    op.create_index(op.f("ix_hosts_tenant_id"), "hosts", ["tenant_id"], unique=False, schema="tenants")
    op.create_table(
        "login_attempts",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_login_attempts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_login_attempts")),
        schema="tenants",
    )
    op.create_index(
        "ix_login_attempts_address", "login_attempts", ["tenant_id", "address", "at"], unique=False, schema="tenants"
    )
    op.create_index(
        "ix_login_attempts_email",
        "login_attempts",
        ["tenant_id", "surface", "email", "at"],
        unique=False,
        schema="tenants",
    )
    op.create_table(
        "product_configs",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="off", nullable=False),
        sa.Column("allowed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "settings",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("leave", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('off', 'on', 'draining', 'halted')", name=op.f("ck_product_configs_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_product_configs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "module", name=op.f("pk_product_configs")),
        schema="tenants",
    )
    op.create_table(
        "staff",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="invited", nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status in ('invited', 'active', 'blocked')", name=op.f("ck_staff_status")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_staff_email_lower")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_staff_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_staff")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_staff_tenant_id_email")),
        schema="tenants",
    )
    op.create_table(
        "account_type_symbols",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_type_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("leverage", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("markup", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_type_id"],
            ["core.account_types.tenant_id", "core.account_types.id"],
            name=op.f("fk_account_type_symbols_tenant_id_account_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "symbol_id"],
            ["core.symbols.tenant_id", "core.symbols.id"],
            name=op.f("fk_account_type_symbols_tenant_id_symbol_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account_type_symbols")),
        sa.UniqueConstraint(
            "tenant_id",
            "account_type_id",
            "symbol_id",
            name=op.f("uq_account_type_symbols_tenant_id_account_type_id_symbol_id"),
        ),
        schema="core",
    )
    op.create_table(
        "accounts",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("account_type_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("balance", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("margin", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("reserved", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("fill_no", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ledger_no", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("margin_called", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("watched", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_type_id"],
            ["core.account_types.tenant_id", "core.account_types.id"],
            name=op.f("fk_accounts_tenant_id_account_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_accounts_tenant_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_accounts_tenant_id_number")),
        schema="core",
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        op.f("ix_accounts_tenant_id_customer_id"), "accounts", ["tenant_id", "customer_id"], unique=False, schema="core"
    )
    op.create_table(
        "api_tokens",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("num_nonnulls(staff_id, customer_id) = 1", name=op.f("ck_api_tokens_one_person")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_api_tokens_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_api_tokens_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("tenant_id", "token_hash", name=op.f("uq_api_tokens_tenant_id_token_hash")),
        schema="tenants",
    )
    op.create_index(
        "ix_api_tokens_customer_id", "api_tokens", ["tenant_id", "customer_id"], unique=False, schema="tenants"
    )
    op.create_index("ix_api_tokens_staff_id", "api_tokens", ["tenant_id", "staff_id"], unique=False, schema="tenants")
    op.create_table(
        "group_members",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["tenants.groups.tenant_id", "tenants.groups.id"],
            name=op.f("fk_group_members_tenant_id_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_group_members_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "staff_id", name=op.f("pk_group_members")),
        schema="tenants",
    )
    op.create_index(
        "ix_group_members_staff_id", "group_members", ["tenant_id", "staff_id"], unique=False, schema="tenants"
    )
    op.create_table(
        "group_permissions",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["tenants.groups.tenant_id", "tenants.groups.id"],
            name=op.f("fk_group_permissions_tenant_id_group_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "permission", name=op.f("pk_group_permissions")),
        schema="tenants",
    )
    op.create_table(
        "person_tickets",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("purpose in ('invitation', 'reset')", name=op.f("ck_person_tickets_purpose")),
        sa.CheckConstraint("num_nonnulls(staff_id, customer_id) = 1", name=op.f("ck_person_tickets_one_person")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_person_tickets_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_person_tickets_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person_tickets")),
        sa.UniqueConstraint("tenant_id", "token_hash", name=op.f("uq_person_tickets_tenant_id_token_hash")),
        schema="tenants",
    )
    op.create_table(
        "rulings",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("effect in ('grant', 'deny')", name=op.f("ck_rulings_effect")),
        sa.CheckConstraint("num_nonnulls(staff_id, customer_id) = 1", name=op.f("ck_rulings_one_person")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_rulings_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_rulings_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rulings")),
        sa.UniqueConstraint("tenant_id", "customer_id", "permission", name="uq_rulings_customer"),
        sa.UniqueConstraint(
            "tenant_id", "staff_id", "permission", name=op.f("uq_rulings_tenant_id_staff_id_permission")
        ),
        schema="tenants",
    )
    op.create_table(
        "web_sessions",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), server_default="full", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("stage in ('full', 'second_factor', 'enrol')", name=op.f("ck_web_sessions_stage")),
        sa.CheckConstraint("surface in ('admin', 'portal')", name=op.f("ck_web_sessions_surface")),
        sa.CheckConstraint("num_nonnulls(staff_id, customer_id) = 1", name=op.f("ck_web_sessions_one_person")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_web_sessions_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_web_sessions_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("tenant_id", "token_hash", name=op.f("uq_web_sessions_tenant_id_token_hash")),
        schema="tenants",
    )
    op.create_index(
        "ix_web_sessions_customer_id", "web_sessions", ["tenant_id", "customer_id"], unique=False, schema="tenants"
    )
    op.create_index(
        "ix_web_sessions_staff_id", "web_sessions", ["tenant_id", "staff_id"], unique=False, schema="tenants"
    )
    op.create_table(
        "account_watches",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_account_watches_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account_watches")),
        sa.UniqueConstraint(
            "tenant_id", "account_id", "plugin", name=op.f("uq_account_watches_tenant_id_account_id_plugin")
        ),
        schema="core",
    )
    op.create_table(
        "ledger_entries",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entry_no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("commission", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("swap", sa.Numeric(precision=38, scale=12), server_default="0", nullable=False),
        sa.Column("balance", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("fill_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), server_default="manual", nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_ledger_entries_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint(
            "tenant_id", "account_id", "entry_no", name=op.f("uq_ledger_entries_tenant_id_account_id_entry_no")
        ),
        schema="core",
    )
    op.create_index(
        "uq_ledger_entries_key",
        "ledger_entries",
        ["tenant_id", "account_id", "key"],
        unique=True,
        schema="core",
        postgresql_where=sa.text("key is not null"),
    )
    op.create_table(
        "orders",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("volume", sa.Numeric(precision=28, scale=12), nullable=False),
        sa.Column("price", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("stop_loss", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("take_profit", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("position_id", sa.Uuid(), nullable=True),
        sa.Column("reduce_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "detail",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("filled", sa.Numeric(precision=28, scale=12), server_default="0", nullable=False),
        sa.Column("average_price", sa.Numeric(precision=28, scale=12), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), server_default="manual", nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("venue", sa.Text(), server_default="house", nullable=False),
        sa.Column("venue_ref", sa.Text(), nullable=True),
        sa.Column("placed_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("placed_ts_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind in ('market', 'limit', 'ioc', 'stop')", name=op.f("ck_orders_kind")),
        sa.CheckConstraint("side in ('buy', 'sell')", name=op.f("ck_orders_side")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_orders_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint(
            "tenant_id", "account_id", "client_order_id", name=op.f("uq_orders_tenant_id_account_id_client_order_id")
        ),
        schema="core",
    )
    op.create_index(
        "ix_orders_open",
        "orders",
        ["tenant_id", "account_id"],
        unique=False,
        schema="core",
        postgresql_where=sa.text("status in ('pending', 'resting', 'waiting', 'unknown')"),
    )
    op.create_index("ix_orders_origin", "orders", ["tenant_id", "origin", "origin_id"], unique=False, schema="core")
    op.create_index("ix_orders_placed", "orders", ["tenant_id", "placed_at"], unique=False, schema="core")
    op.create_table(
        "reactor_states",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("reactor", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.Column("state", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_reactor_states_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "symbol_id"],
            ["core.symbols.tenant_id", "core.symbols.id"],
            name=op.f("fk_reactor_states_tenant_id_symbol_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reactor_states")),
        schema="core",
    )
    op.create_index(
        op.f("ix_reactor_states_tenant_id_account_id"),
        "reactor_states",
        ["tenant_id", "account_id"],
        unique=False,
        schema="core",
    )
    op.create_table(
        "reservations",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_reservations_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["core.accounts.tenant_id", "core.accounts.id"],
            name=op.f("fk_reservations_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reservations")),
        sa.UniqueConstraint(
            "tenant_id",
            "account_id",
            "owner_kind",
            "owner_id",
            name=op.f("uq_reservations_tenant_id_account_id_owner_kind_owner_id"),
        ),
        schema="core",
    )


def downgrade() -> None:
    """There is nothing before the first version."""
    raise RuntimeError("the first revision cannot be undone: restore a backup instead")
