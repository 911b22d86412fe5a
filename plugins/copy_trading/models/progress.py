"""What the replication keeps: links with exact targets, orders of the master that are still filling, skip records."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Numeric, UniqueConstraint, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Base, TenantRow, Timestamp, Volume, tenant_key
from plugins.copy_trading.models.master import SCHEMA


class Link(TenantRow, Base):
    """A position of the master and the copy of it: mostly one position of the follower, none while its target is dust."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("tenant_id", "subscription_id", "master_position_id"),
        Index("ix_links_live", "tenant_id", "master_position_id", postgresql_where=text("state = 'live'")),
        Index("ix_links_account", "tenant_id", "account_id", postgresql_where=text("state = 'live'")),
        # Few links have anything to look after; every other index of this table would be slower for it.
        Index(
            "ix_links_unsettled",
            "tenant_id",
            postgresql_where=text("state = 'live' and (flying <> '{}'::uuid[] or (target = 0 and held > 0))"),
        ),
        # The account is the subscription's and the symbol that of the order booked beside it, so both are there. Checking
        # them once more for each of ten thousand followers was a good part of an open's time.
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        CheckConstraint("state in ('live', 'closed', 'left', 'detached')", name="state"),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": 80}},
    )

    subscription_id: Mapped[UUID]
    master_position_id: Mapped[UUID]
    account_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    """The follower's symbol."""
    side: Mapped[int]
    """+1 long, −1 short: the copy's side."""
    target: Mapped[Decimal] = mapped_column(Numeric)
    """Exact lots that the follower should hold, up to 56 decimals."""
    held: Mapped[Volume]
    """Lots by the copy's own orders, with what is in flight."""
    position_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'::uuid[]"))
    """The follower's positions, the oldest first. More than one where a hedging account added to a copy."""
    asked: Mapped[Decimal] = mapped_column(Numeric, server_default="0")
    """Exact lots that the master's opening orders have asked for, before rounding and limits: what fidelity is told by."""
    flying: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'::uuid[]"))
    """Opening orders under way at a venue; what they are for counts as held."""
    state: Mapped[str] = mapped_column(server_default="live")
    """``live``; ``closed`` by the master; ``left`` by the follower's hand or a stop; ``detached`` and kept."""
    opened_no: Mapped[int] = mapped_column(BigInteger)
    """Number of the master's fill that opened it."""
    cut_from: Mapped[Decimal | None] = mapped_column(Numeric)
    """The exact size that the maximum lot has cut."""
    final_pnl: Mapped[Decimal | None] = mapped_column(Numeric(38, 12))
    """What the copy had earned when it was detached; what follows is the follower's own."""


class Opening(Base):
    """An opening order of the master that may still fill, as one follower has judged it so far."""

    __tablename__ = "openings"
    __table_args__ = (
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    """The master's order."""
    subscription_id: Mapped[UUID] = mapped_column(primary_key=True)
    ratio: Mapped[Decimal] = mapped_column(Numeric)
    fixed: Mapped[bool]
    counted: Mapped[Decimal] = mapped_column(Numeric)
    over: Mapped[bool]


class Skip(Base):
    """An open that was not copied: why, the two values compared, and the setting that would have let it through."""

    __tablename__ = "skips"
    __table_args__ = (
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    subscription_id: Mapped[UUID] = mapped_column(primary_key=True)
    fill_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """The master's fill."""
    symbol_id: Mapped[UUID]
    """The master's symbol."""
    side: Mapped[int]
    volume: Mapped[Volume]
    """Of the master's fill."""
    asked: Mapped[Decimal | None] = mapped_column(Numeric)
    """Exact lots that the fill would have asked for; null where that could not be told."""
    reason: Mapped[str]
    found: Mapped[str]
    needed: Mapped[str]
    setting: Mapped[str | None]
    setting_value: Mapped[str | None]
    at_ms: Mapped[int] = mapped_column(BigInteger)
    """The feed's time of the master's fill."""
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
