"""Paper copies: their money and their positions. None of it is on an account, and none of it is an order."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Amount, Base, Price, TenantRow, Volume, tenant_key
from plugins.copy_trading.models.master import SCHEMA


class MockAccount(Base):
    """The paper money of a mock subscription, in the currency of the account that it stands beside."""

    __tablename__ = "mock_accounts"
    __table_args__ = (tenant_key("copy_trading.subscriptions", "subscription_id"), {"schema": SCHEMA})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    subscription_id: Mapped[UUID] = mapped_column(primary_key=True)
    start: Mapped[Amount]
    balance: Mapped[Amount]


class MockPosition(TenantRow, Base):
    """A position on paper: filled at the executable side with mark-up and commission, in the subscription's currency."""

    __tablename__ = "mock_positions"
    __table_args__ = (
        Index("ix_mock_positions_open", "tenant_id", "subscription_id", postgresql_where=text("closed_ts_ms is null")),
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        tenant_key("core.symbols", "symbol_id"),
        CheckConstraint("side in ('buy', 'sell')", name="side"),
        {"schema": SCHEMA},
    )

    subscription_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    side: Mapped[str]
    volume: Mapped[Volume]
    """Lots open; 0 once closed."""
    opened_volume: Mapped[Volume]
    """Lots that were opened in all."""
    open_price: Mapped[Price]
    """Volume-weighted."""
    close_price: Mapped[Price | None]
    """Of the last close."""
    margin: Mapped[Amount]
    realised: Mapped[Amount] = mapped_column(server_default="0")
    commission: Mapped[Amount] = mapped_column(server_default="0")
    opened_ts_ms: Mapped[int] = mapped_column(BigInteger)
    closed_ts_ms: Mapped[int | None] = mapped_column(BigInteger)
