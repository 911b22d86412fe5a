"""Performance fees: the high-water mark of each follower's account with each master, and every reckoning."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Amount, Base, TenantRow, Timestamp, tenant_key
from plugins.copy_trading.models.master import SCHEMA


class FeeMark(Base):
    """The mark of one account with one master. It outlives a copy: who stops and follows anew goes on from it.

    Money in the follower's currency.
    """

    __tablename__ = "fee_marks"
    __table_args__ = (
        tenant_key("copy_trading.masters", "master_id"),
        tenant_key("core.accounts", "account_id"),
        Index("ix_fee_marks_owed", "tenant_id", postgresql_where=text("owed > 0")),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark: Mapped[Amount] = mapped_column(server_default="0")
    """The highest cumulative net copied P&L on which a fee has been reckoned."""
    owed: Mapped[Amount] = mapped_column(server_default="0")
    """Reckoned, and not yet charged because it was not free."""
    number: Mapped[int] = mapped_column(server_default="0")
    """Of the last reckoning."""
    period: Mapped[str] = mapped_column(server_default="")
    """The month that is running (``2026-11``), by the tenant's calendar; empty before the first."""


class Fee(TenantRow, Base):
    """One reckoning of a performance fee, or one instalment of what was owed."""

    __tablename__ = "fees"
    __table_args__ = (
        UniqueConstraint("tenant_id", "master_id", "account_id", "number"),
        Index(None, "tenant_id", "subscription_id"),
        tenant_key("copy_trading.masters", "master_id"),
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        tenant_key("core.accounts", "account_id"),
        {"schema": SCHEMA},
    )

    master_id: Mapped[UUID]
    account_id: Mapped[UUID]
    subscription_id: Mapped[UUID]
    number: Mapped[int]
    cause: Mapped[str]
    """``month``, ``stop`` or ``owed``."""
    period: Mapped[str]
    """The month that is reckoned up (``2026-10``)."""
    pnl: Mapped[Amount]
    """Cumulative net realised P&L of the copy at the reckoning, in ``currency``."""
    mark: Mapped[Amount]
    """The high-water mark before it."""
    fee_percent: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    due: Mapped[Amount]
    """What this reckoning has added to what is owed."""
    charged: Mapped[Amount]
    """Taken from the follower's account."""
    owed: Mapped[Amount]
    """What stays owed after it."""
    currency: Mapped[str]
    credited: Mapped[Amount]
    """Paid to the master's account, in ``master_currency``."""
    master_currency: Mapped[str]
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
