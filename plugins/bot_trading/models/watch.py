"""Which bots open pages show, so that only those are measured every second."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Base, Timestamp, tenant_key
from plugins.bot_trading.models.bot import SCHEMA


class Watch(Base):
    """A bot that an open page shows."""

    __tablename__ = "watches"
    __table_args__ = (tenant_key("bot_trading.bots", "bot_id"), {"schema": SCHEMA})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    bot_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[Timestamp]


class Publisher(Base):
    """When the tenant's open pages were last served; they are served by one job at a time."""

    __tablename__ = "publishers"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    asked_at: Mapped[Timestamp]
