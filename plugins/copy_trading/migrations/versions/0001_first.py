"""All tables of the first version.

Revision ID: 0001
"""

from __future__ import annotations

from alembic import op

from plugins.copy_trading.models import SCHEMA, Master

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    own = [table for table in Master.metadata.sorted_tables if table.schema == SCHEMA]
    Master.metadata.create_all(op.get_bind(), tables=own)


def downgrade() -> None:
    """There is nothing before the first version."""
    raise RuntimeError("the first revision cannot be undone: restore a backup instead")
