"""Commands on many bots at once, and the kill switch."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp
from plugins.bot_trading.models.bot import SCHEMA


class Batch(TenantRow, Base):
    """What somebody wanted of many bots: a stored command for each names it. The same key again is the same batch."""

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(None, "tenant_id", "created_at"),
        CheckConstraint("kind in ('bulk', 'kill_switch')", name="kind"),
        {"schema": SCHEMA},
    )

    kind: Mapped[str]
    command: Mapped[str]
    """As in ``commands``."""
    actor: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    """Why."""
    key: Mapped[str]
    total: Mapped[int]
    """How many bots it is for."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
