"""Applications to become a master, and the codes by which private masters let followers in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, tenant_key
from plugins.copy_trading.models.master import SCHEMA


class Application(TenantRow, Base):
    """One application for one account: what was asked for, the criteria as they stood then, and the answer."""

    __tablename__ = "applications"
    __table_args__ = (
        # One answer at a time: who applies twice in the same moment has applied once.
        Index(
            "uq_applications_pending",
            "tenant_id",
            "account_id",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
        Index(None, "tenant_id", "customer_id"),
        Index(None, "tenant_id", "master_id"),
        tenant_key("copy_trading.masters", "master_id"),
        tenant_key("core.accounts", "account_id"),
        tenant_key("tenants.customers", "customer_id"),
        CheckConstraint("status in ('pending', 'approved', 'rejected', 'withdrawn')", name="status"),
        {"schema": SCHEMA},
    )

    master_id: Mapped[UUID]
    account_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    name: Mapped[str]
    about: Mapped[str] = mapped_column(server_default="")
    public: Mapped[bool] = mapped_column(server_default=text("true"))
    follower_cap: Mapped[int | None]
    fee_percent: Mapped[Decimal] = mapped_column(Numeric(12, 6), server_default="0")
    """The performance fee that the applicant asks for, percent of new profits."""
    status: Mapped[str] = mapped_column(server_default="pending")
    criteria: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """As they stood when it was sent: key, label, needed, found, met."""
    met: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether every criterion was met."""
    reason: Mapped[str] = mapped_column(server_default="")
    """Why it was rejected, as the applicant reads it."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    decided_at: Mapped[Timestamp | None]
    decided_by: Mapped[str | None]


class InviteCode(TenantRow, Base):
    """A code with which a master, private or not, lets followers in."""

    __tablename__ = "invite_codes"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        Index(None, "tenant_id", "master_id"),
        tenant_key("copy_trading.masters", "master_id"),
        CheckConstraint("max_uses is null or uses <= max_uses", name="uses"),
        {"schema": SCHEMA},
    )

    master_id: Mapped[UUID]
    code: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    """For the master alone: whom it is meant for."""
    uses: Mapped[int] = mapped_column(server_default="0")
    max_uses: Mapped[int | None]
    expires_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
