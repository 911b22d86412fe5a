"""The decision log: what a bot did, and why it did not act."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, tenant_key
from plugins.bot_trading.models.bot import SCHEMA


class Decision(TenantRow, Base):
    """An entry of a bot's decision log."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "tenant_id", "bot_id", "id"),
        Index("ix_decisions_alert", "tenant_id", "id", postgresql_where=text("alert and not alerted")),
        tenant_key("bot_trading.bots", "bot_id"),
        {"schema": SCHEMA},
    )

    bot_id: Mapped[UUID]
    code: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    alert: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether a person should be told."""
    alerted: Mapped[bool] = mapped_column(server_default=text("false"))
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Number of the quote."""
    ts_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The feed's time."""
    actor: Mapped[str] = mapped_column(server_default="")
    """Who commanded it; empty for the strategy's own decisions."""
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
