"""Masters: customers whose trades may be copied."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, tenant_key

SCHEMA = "copy_trading"


class Master(TenantRow, Base):
    """An account that is, or wants to be, a master's."""

    __tablename__ = "masters"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id"),
        Index(None, "tenant_id", "customer_id"),
        Index(None, "tenant_id", "status"),
        tenant_key("core.accounts", "account_id"),
        tenant_key("tenants.customers", "customer_id"),
        CheckConstraint("status in ('pending', 'active', 'paused', 'deactivated', 'rejected')", name="status"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    name: Mapped[str]
    """As followers see it."""
    about: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="pending")
    public: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether anybody may find and follow; else one of the master's invite codes is needed."""
    follower_cap: Mapped[int | None]
    fee_percent: Mapped[Decimal] = mapped_column(Numeric(12, 6), server_default="0")
    """Performance fee that new followers confirm."""
    granted: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether an admin gave the status without an application."""
    criteria: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """The criteria as they stood at the application: label, needed, found, met."""
    decided_at: Mapped[Timestamp | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(server_default="")
    """Given with a rejection, a pause or a deactivation."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    since: Mapped[Timestamp | None]
    """Active first at."""
