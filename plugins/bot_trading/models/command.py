"""Commands: stored before they act, so that any worker can finish them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, tenant_key
from plugins.bot_trading.models.bot import SCHEMA


class BotCommand(TenantRow, Base):
    """What somebody wants of a bot. The same key again is the same command."""

    __tablename__ = "commands"
    __table_args__ = (
        UniqueConstraint("tenant_id", "bot_id", "key"),
        Index("ix_commands_stored", "tenant_id", "created_at", postgresql_where=text("status = 'stored'")),
        Index("ix_commands_batch", "tenant_id", "batch_id", "status", postgresql_where=text("batch_id is not null")),
        tenant_key("bot_trading.bots", "bot_id"),
        CheckConstraint("status in ('stored', 'done', 'refused')", name="status"),
        {"schema": SCHEMA},
    )

    bot_id: Mapped[UUID]
    command: Mapped[str]
    """``pause``, ``resume``, ``stop_close``, ``stop_keep``, ``wind_down``, ``halt`` or ``lift`` (of a halt)."""
    reason: Mapped[str]
    """Whose: ``customer``, ``admin``, ``risk``, ``module`` or ``system``; pauses stack by it."""
    actor: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    key: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="stored")
    result: Mapped[str] = mapped_column(server_default="")
    """Code of a refusal, or of what was found done already."""
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    batch_id: Mapped[UUID | None]
    """The bulk action that it is part of."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    done_at: Mapped[Timestamp | None]
