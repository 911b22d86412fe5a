"""What the figures of a master are computed from."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Amount, Base, tenant_key
from plugins.copy_trading.models.master import SCHEMA


class EquityPoint(Base):
    """A master's equity at a moment of the feed, with all money moved in so far: a deposit is no gain."""

    __tablename__ = "equity_points"
    __table_args__ = (tenant_key("copy_trading.masters", "master_id"), {"schema": SCHEMA})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """The feed's time."""
    equity: Mapped[Amount]
    funded: Mapped[Amount]
    """Deposits and corrections less withdrawals, from the beginning."""
    notional: Mapped[Amount]
