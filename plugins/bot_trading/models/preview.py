"""Runs over recorded prices that launch previews show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, tenant_key
from plugins.bot_trading.models.bot import SCHEMA


class PreviewRun(TenantRow, Base):
    """A customer's run of a strategy over recorded prices: asked for by a page, done by a job, kept for a while."""

    __tablename__ = "preview_runs"
    __table_args__ = (
        UniqueConstraint("tenant_id", "customer_id", "digest"),
        Index(None, "tenant_id", "asked_at"),
        tenant_key("core.accounts", "account_id"),
        tenant_key("core.symbols", "symbol_id"),
        tenant_key("tenants.customers", "customer_id"),
        {"schema": SCHEMA},
    )

    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    strategy: Mapped[str]
    """Key of the strategy."""
    request: Mapped[dict[str, Any]]
    """``settings``, ``market`` and ``days``, as they were when it was asked for."""
    digest: Mapped[str]
    """Of everything that the result follows from but the prices: the same again within minutes is the same run."""
    run_id: Mapped[UUID | None]
    """The job's run."""
    result: Mapped[dict[str, Any] | None]
    """None until it is done."""
    asked_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
