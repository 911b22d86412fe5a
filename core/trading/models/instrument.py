"""What is traded: the platform's instruments, and a tenant's symbols on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Amount, Base, Price, TenantRow, Volume, new_id


class Instrument(Base):
    """A stream of quotes of the platform: one symbol of one feed, numbered without gaps."""

    __tablename__ = "instruments"
    __table_args__ = (UniqueConstraint("feed", "feed_symbol"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    feed: Mapped[str]
    """The feed's key, such as ``demo``, ``synthetic`` or ``replay``."""
    feed_symbol: Mapped[str]
    title: Mapped[str] = mapped_column(server_default="")
    tick: Mapped[Price]
    """The smallest price step; stored quotes and triggers count in it."""
    lane: Mapped[int] = mapped_column(server_default="0")
    """Number of the lane that owns the instrument."""
    lockstep: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the lane waits after each quote until its consequences are settled."""
    label: Mapped[str] = mapped_column(server_default="")
    """What people must know of the prices' origin, such as "synthetic prices" or "replay of 2000–2013"."""


class Symbol(TenantRow, Base):
    """A tenant's symbol."""

    __tablename__ = "symbols"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        Index(None, "instrument_id"),
        CheckConstraint("class in ('fx', 'metal', 'crypto', 'index', 'stock')", name="class"),
        {"schema": SCHEMA},
    )

    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("core.instruments.id"))
    code: Mapped[str]
    """As customers see it, for example ``EURUSD``."""
    title: Mapped[str] = mapped_column(server_default="")
    asset_class: Mapped[str] = mapped_column("class")
    base: Mapped[str]
    quote: Mapped[str]
    """Currency of the price."""
    contract_size: Mapped[Volume]
    """Units of the base in one lot."""
    tick: Mapped[Price]
    """Equal to the instrument's."""
    pip: Mapped[Price]
    lot_step: Mapped[Volume]
    min_lot: Mapped[Volume]
    max_lot: Mapped[Volume]
    min_notional: Mapped[Amount] = mapped_column(server_default="0")
    """Least value of an opening order, in the quote currency."""
    hours: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Trading hours by weekday; empty: around the clock."""
    staleness_ms: Mapped[int] = mapped_column(server_default="10000")
    """A quote older than this, in the feed's time, trades no more."""
    swap_long: Mapped[Price] = mapped_column(server_default="0")
    """Points (ticks) for a night, paid to (negative: by) a long lot."""
    swap_short: Mapped[Price] = mapped_column(server_default="0")
    venue: Mapped[str] = mapped_column(server_default="house")
    status: Mapped[str] = mapped_column(server_default="active")
    """``active``, ``close_only`` or ``disabled``."""
