"""Notifications, people's preferences, progress of jobs, settings of the brokerage, the operator's surface.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is new."""
    _security_of_people()
    _notifications()
    _reading_of_notifications()
    _preferences()
    _progress_of_jobs()
    _operators()
    _favourites()
    _waiting_for_a_time()
    _mails_tried_again()
    _lists_in_their_order()


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), server_default="info", nullable=False),
        sa.Column("words", postgresql.JSONB(), nullable=False),
        sa.Column("href", sa.Text(), server_default="", nullable=False),
        sa.Column("mail", sa.Text(), server_default="none", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(staff_id is null) <> (customer_id is null)", name=op.f("ck_notifications_one_person")),
        sa.CheckConstraint("mail in ('none', 'wanted', 'sent')", name=op.f("ck_notifications_mail")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_notifications_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_notifications_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notifications")),
        schema="tenants",
    )
    for name, columns, where in (
        ("ix_notifications_staff", ["tenant_id", "staff_id", "id"], "staff_id is not null"),
        ("ix_notifications_customer", ["tenant_id", "customer_id", "id"], "customer_id is not null"),
        ("ix_notifications_mail", ["tenant_id"], "mail = 'wanted'"),
    ):
        op.create_index(name, "notifications", columns, schema="tenants", postgresql_where=sa.text(where))


def _reading_of_notifications() -> None:
    for kind in ("staff", "customer"):
        op.create_index(
            f"ix_notifications_unread_{kind}",
            "notifications",
            ["tenant_id", f"{kind}_id"],
            schema="tenants",
            postgresql_where=sa.text(f"{kind}_id is not null and read_at is null"),
        )
    op.create_table(
        "mail_choices",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("num_nonnulls(staff_id, customer_id) = 1", name=op.f("ck_mail_choices_one_person")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_mail_choices_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_mail_choices_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mail_choices")),
        sa.UniqueConstraint("tenant_id", "staff_id", "source", name="uq_mail_choices_staff"),
        sa.UniqueConstraint("tenant_id", "customer_id", "source", name="uq_mail_choices_customer"),
        schema="tenants",
    )


def _preferences() -> None:
    op.add_column("staff", sa.Column("language", sa.Text(), nullable=True), schema="tenants")
    for table in ("staff", "customers"):
        op.add_column(table, sa.Column("time_zone", sa.Text(), nullable=True), schema="tenants")


def _progress_of_jobs() -> None:
    op.add_column("alerts", sa.Column("words", postgresql.JSONB(), nullable=True), schema="core")
    for name in ("done", "total"):
        op.add_column("job_runs", sa.Column(name, sa.Integer(), server_default="0", nullable=False), schema="core")
    op.add_column("job_runs", sa.Column("result", postgresql.JSONB(), nullable=True), schema="core")


def _operators() -> None:
    now = sa.text("now()")
    op.create_table(
        "operators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_operators_email_lower")),
        sa.CheckConstraint("status in ('active', 'blocked')", name=op.f("ck_operators_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("email", name=op.f("uq_operators_email")),
        schema="core",
    )
    op.create_table(
        "operator_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.Text(), server_default="full", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("stage in ('full', 'second_factor')", name=op.f("ck_operator_sessions_stage")),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["core.operators.id"],
            name=op.f("fk_operator_sessions_operator_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_operator_sessions_token_hash")),
        schema="core",
    )
    op.create_index(op.f("ix_operator_sessions_operator_id"), "operator_sessions", ["operator_id"], schema="core")
    op.create_table(
        "operator_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_attempts")),
        schema="core",
    )
    op.create_index("ix_operator_attempts_at", "operator_attempts", ["at"], schema="core")
    op.create_table(
        "operator_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("brokerage", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_log")),
        schema="core",
    )
    op.create_index("ix_operator_log_at", "operator_log", ["at"], schema="core")


def _security_of_people() -> None:
    op.add_column("person_tickets", sa.Column("new_email", sa.Text(), nullable=True), schema="tenants")
    op.drop_constraint("ck_person_tickets_purpose", "person_tickets", schema="tenants")
    op.create_check_constraint(
        op.f("ck_person_tickets_purpose"),
        "person_tickets",
        "purpose in ('invitation', 'reset', 'email')",
        schema="tenants",
    )
    op.create_table(
        "recovery_codes",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("num_nonnulls(staff_id, customer_id) = 1", name=op.f("ck_recovery_codes_one_person")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["tenants.staff.tenant_id", "tenants.staff.id"],
            name=op.f("fk_recovery_codes_tenant_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_recovery_codes_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("tenant_id", "code_hash", name=op.f("uq_recovery_codes_tenant_id_code_hash")),
        schema="tenants",
    )


def _favourites() -> None:
    op.create_table(
        "favourite_symbols",
        sa.Column(
            "tenant_id",
            sa.Uuid(),
            server_default=sa.text("nullif(current_setting('app.tenant_id', true), '')::uuid"),
            nullable=False,
        ),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("symbol_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"], name=op.f("fk_favourite_symbols_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["tenants.customers.tenant_id", "tenants.customers.id"],
            name=op.f("fk_favourite_symbols_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "symbol_id"],
            ["core.symbols.tenant_id", "core.symbols.id"],
            name=op.f("fk_favourite_symbols_tenant_id_symbol_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", "symbol_id", name=op.f("pk_favourite_symbols")),
        schema="core",
    )


def _waiting_for_a_time() -> None:
    """Price-driven subjects that nothing concerns before a time."""
    op.add_column("triggers", sa.Column("after_ms", sa.BigInteger(), nullable=True), schema="core")


def _mails_tried_again() -> None:
    op.add_column(
        "notifications", sa.Column("mail_tries", sa.Integer(), server_default="0", nullable=False), schema="tenants"
    )
    op.add_column("notifications", sa.Column("mail_after", sa.DateTime(timezone=True), nullable=True), schema="tenants")
    op.drop_constraint("ck_notifications_mail", "notifications", schema="tenants")
    op.create_check_constraint(
        op.f("ck_notifications_mail"), "notifications", "mail in ('none', 'wanted', 'sent', 'failed')", schema="tenants"
    )


def _lists_in_their_order() -> None:
    op.create_index("ix_customers_created", "customers", ["tenant_id", "created_at", "id"], schema="tenants")
    op.create_index("ix_audit_entries_action", "audit_entries", ["tenant_id", "action"], schema="tenants")


def downgrade() -> None:
    """Going back would lose what is in the new tables."""
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
