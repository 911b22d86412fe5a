"""Bot Stats over time: what there was at the end of each day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Amount, Base, Timestamp
from plugins.bot_trading.models.bot import SCHEMA


class StatsDay(Base):
    """Bots of one strategy and currency on one day (UTC), as they were at its last look. Money in ``currency``."""

    __tablename__ = "stats_days"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    day: Mapped[date] = mapped_column(primary_key=True)
    strategy: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    active: Mapped[int]
    historical: Mapped[int]
    invested: Mapped[Amount]
    invested_now: Mapped[Amount]
    realised: Mapped[Amount]
    floating: Mapped[Amount]
    fees: Mapped[Amount]
    cycles: Mapped[int]
    wins: Mapped[int]
    drawdown: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    """Worst of any bot so far, in percent."""
    reporting: Mapped[str]
    """The brokerage's main currency on that day."""
    rate: Mapped[Decimal | None] = mapped_column(Numeric(38, 18))
    """Worth of one unit of ``currency`` in ``reporting`` on that day; none where no symbol led there."""
    taken_at: Mapped[Timestamp]
