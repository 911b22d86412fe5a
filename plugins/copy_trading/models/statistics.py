"""What the figures of masters and followers stand on: running figures, closed days, points of the curve."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Double, Index, Integer, Numeric, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Amount, Base, Timestamp, tenant_key
from plugins.copy_trading.models.master import SCHEMA

_INDEX = Numeric(38, 18)


class EquityPoint(Base):
    """A point of a master's curve, at a moment of the feed. Points are thinned with age; figures do not depend on them."""

    __tablename__ = "equity_points"
    __table_args__ = (tenant_key("copy_trading.masters", "master_id"), {"schema": SCHEMA})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """The feed's time."""
    equity: Mapped[Amount]
    funded: Mapped[Amount]
    """All money moved in less all moved out, from the beginning: everything but trades and swaps."""
    notional: Mapped[Amount]
    index: Mapped[Decimal | None] = mapped_column(_INDEX)
    """Time-weighted; none on points of before the figures were kept as they arise, until they are taken in."""


class MasterStanding(Base):
    """A master's running figures after the last look; see ``rules.statistics``. Lists and pages read this row alone."""

    __tablename__ = "standings"
    __table_args__ = (
        tenant_key("copy_trading.masters", "master_id"),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": 60}},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    point_ms: Mapped[int] = mapped_column(BigInteger)
    """Time of the last point of the curve that was kept."""
    equity: Mapped[Amount]
    funded: Mapped[Amount]
    notional: Mapped[Amount]
    index: Mapped[Decimal] = mapped_column(_INDEX)
    peak: Mapped[Decimal] = mapped_column(_INDEX)
    peak_ms: Mapped[int] = mapped_column(BigInteger)
    fall_depth: Mapped[Decimal] = mapped_column(_INDEX)
    fall_peak: Mapped[Decimal] = mapped_column(_INDEX)
    fall_peak_ms: Mapped[int] = mapped_column(BigInteger)
    fall_trough_ms: Mapped[int] = mapped_column(BigInteger)
    fall_recovered_ms: Mapped[int | None] = mapped_column(BigInteger)
    first_day: Mapped[int]
    """Days are counted from the epoch, in UTC, by the feed's time."""
    day: Mapped[int]
    day_base: Mapped[Decimal] = mapped_column(_INDEX)
    weekday_base: Mapped[Decimal] = mapped_column(_INDEX)
    day_high: Mapped[Decimal] = mapped_column(_INDEX)
    day_low: Mapped[Decimal] = mapped_column(_INDEX)
    day_fall: Mapped[float] = mapped_column(Double)
    day_leverage: Mapped[float] = mapped_column(Double)
    daily_count: Mapped[int] = mapped_column(Integer)
    daily_mean: Mapped[float] = mapped_column(Double)
    daily_squares: Mapped[float] = mapped_column(Double)
    weekday_count: Mapped[int] = mapped_column(Integer)
    weekday_mean: Mapped[float] = mapped_column(Double)
    weekday_squares: Mapped[float] = mapped_column(Double)
    ledger_no: Mapped[int] = mapped_column(BigInteger)
    """Number of the last ledger entry that ``funded`` knows."""
    fill_no: Mapped[int] = mapped_column(BigInteger)
    """Number of the account's last fill that the trades below know."""
    round_the_clock: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether a symbol that trades on every day was ever traded."""
    closed: Mapped[int] = mapped_column(server_default="0")
    won: Mapped[int] = mapped_column(server_default="0")
    gains: Mapped[Amount] = mapped_column(server_default="0")
    losses: Mapped[Amount] = mapped_column(server_default="0")
    losing: Mapped[int] = mapped_column(server_default="0")
    """Losing trades in a row, up to now."""
    volatility: Mapped[float | None] = mapped_column(Double)
    """Yearly, of the daily returns of 90 days, as of the last closed day; so are the two below."""
    year_fall: Mapped[float | None] = mapped_column(Double)
    leverage_95: Mapped[float | None] = mapped_column(Double)
    score: Mapped[int | None] = mapped_column(SmallInteger)
    """The mean of the last seven daily scores, rounded; none before the first day is over."""


class MasterDay(Base):
    """A day of a master that is over; see ``rules.statistics.ClosedDay``."""

    __tablename__ = "master_days"
    __table_args__ = (tenant_key("copy_trading.masters", "master_id"), {"schema": SCHEMA})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    master_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    equity: Mapped[Amount]
    funded: Mapped[Amount]
    index: Mapped[Decimal] = mapped_column(_INDEX)
    high: Mapped[Decimal] = mapped_column(_INDEX)
    low: Mapped[Decimal] = mapped_column(_INDEX)
    fall: Mapped[float] = mapped_column(Double)
    leverage: Mapped[float] = mapped_column(Double)
    change: Mapped[float] = mapped_column(Double)
    weekday_change: Mapped[float | None] = mapped_column(Double)
    score: Mapped[int | None] = mapped_column(SmallInteger)


class FollowerFigure(Base):
    """A follower's figures as of the last round over all of them: what lists are sorted and summed by."""

    __tablename__ = "follower_figures"
    __table_args__ = (
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        Index("ix_follower_figures_warning", "tenant_id", "warning", postgresql_where=text("warning is not null")),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": 70}},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    subscription_id: Mapped[UUID] = mapped_column(primary_key=True)
    equity: Mapped[Amount]
    """Of the follower's account, in its currency."""
    currency: Mapped[str]
    """The account's, which never changes: kept here so that sums over all followers need not read their accounts."""
    leverage: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    """Effective; none for positions on no equity."""
    margin_level: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    warning: Mapped[str | None]
    copied_pnl: Mapped[Amount]
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
