"""All tables of the first version.

Revision ID: 0001
"""

from __future__ import annotations

from core.sdk.migrations import create_models
from plugins.bot_trading.models import Bot, BotCommand, Decision, Publisher, StrategyRuling, Watch

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    create_models(Bot, BotCommand, Decision, StrategyRuling, Watch, Publisher)


def downgrade() -> None:
    """There is nothing before the first version."""
    raise RuntimeError("the first revision cannot be undone: restore a backup instead")
