"""Runs of the reconciler, and what they found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, tenant_key
from plugins.bot_trading.models.bot import SCHEMA


class Reconciliation(TenantRow, Base):
    """One look at all bots that have not ended."""

    __tablename__ = "reconciliations"
    __table_args__ = (Index(None, "tenant_id", "started_at"), {"schema": SCHEMA})

    started_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    finished_at: Mapped[Timestamp | None]
    bots: Mapped[int] = mapped_column(server_default="0")
    """How many were looked at."""
    found: Mapped[int] = mapped_column(server_default="0")
    mended: Mapped[int] = mapped_column(server_default="0")


class Finding(TenantRow, Base):
    """Something about a bot that was not as it has to be."""

    __tablename__ = "findings"
    __table_args__ = (
        Index(None, "tenant_id", "bot_id", "at"),
        Index("ix_findings_open", "tenant_id", "at", postgresql_where=text("not mended and settled_at is null")),
        tenant_key("bot_trading.bots", "bot_id"),
        {"schema": SCHEMA},
    )

    bot_id: Mapped[UUID]
    code: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    mended: Mapped[bool] = mapped_column(server_default=text("false"))
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    settled_at: Mapped[Timestamp | None]
    """When it was found no more, for one that was not mended."""
