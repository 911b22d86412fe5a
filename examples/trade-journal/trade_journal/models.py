"""The journal's tables. They lie in a schema of the plugin's own, and each row belongs to a tenant."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Base, TenantRow, Timestamp, tenant_key

KEY = "trade_journal"


class FillCount(Base):
    """How many fills an account has had while the journal was on."""

    __tablename__ = "fill_counts"
    __table_args__ = (tenant_key("core.accounts", "account_id"), {"schema": KEY})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    fills: Mapped[int] = mapped_column(BigInteger)
    last_fill_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class Note(TenantRow, Base):
    """What a customer has written about an account's trading."""

    __tablename__ = "notes"
    __table_args__ = (
        tenant_key("core.accounts", "account_id"),
        tenant_key("tenants.customers", "customer_id"),
        Index("ix_notes_customer", "tenant_id", "customer_id", "written_at"),
        {"schema": KEY},
    )

    account_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    text: Mapped[str]
    written_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
