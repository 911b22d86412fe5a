"""Bot Trading, whole: previews, statistics over time, rulings.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.sdk.migrations import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is new."""
    _statistics_over_time()


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


def downgrade() -> None:
    """Going back would lose what is in the new tables."""
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
