"""Bots that sell short: lots sold, beside the lots bought.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, where the first revision has not made it with the table already."""
    op.execute("alter table bot_trading.bots add column if not exists short numeric(28, 12) not null default 0")


def downgrade() -> None:
    """Take it away again."""
    op.execute("alter table bot_trading.bots drop column short")
