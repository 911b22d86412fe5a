"""Which strategies a customer may run."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, tenant_key
from plugins.bot_trading.models.bot import SCHEMA


class StrategyRuling(TenantRow, Base):
    """Staff's word on one customer and one strategy, over what the tenant's settings say for all."""

    __tablename__ = "strategy_rulings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "customer_id", "strategy"),
        tenant_key("tenants.customers", "customer_id"),
        {"schema": SCHEMA},
    )

    customer_id: Mapped[UUID]
    strategy: Mapped[str]
    allowed: Mapped[bool]
    decided_by: Mapped[str]
    decided_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
