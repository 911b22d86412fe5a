"""How many cycles bots have ended lately."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Base, Timestamp, tenant_key
from plugins.bot_trading.models.bot import SCHEMA


class Pace(Base):
    """A bot's number of cycles at two looks, half an hour apart or more."""

    __tablename__ = "paces"
    __table_args__ = (tenant_key("bot_trading.bots", "bot_id"), {"schema": SCHEMA})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    bot_id: Mapped[UUID] = mapped_column(primary_key=True)
    before: Mapped[int]
    latest: Mapped[int]
    counted_at: Mapped[Timestamp]
