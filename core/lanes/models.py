"""What a lane keeps in the database: its lease, the current quotes, the triggers, the reactors' states."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, TenantRow, Timestamp, tenant_key
from tenants.db.base import CURRENT_TENANT


class Lane(Base):
    """A lane's lease. Its token grows with each owner; a transaction with an older token is refused."""

    __tablename__ = "lanes"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token: Mapped[int] = mapped_column(BigInteger, server_default="0")
    owner: Mapped[str | None]
    """Process that holds the lease."""
    heartbeat_at: Mapped[Timestamp | None]
    started_at: Mapped[Timestamp | None]


class Quote(Base):
    """The current quote of an instrument: the last one that its lane has worked off. Only the lane writes it."""

    __tablename__ = "quotes"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("core.instruments.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    bid: Mapped[int] = mapped_column(BigInteger)
    ask: Mapped[int] = mapped_column(BigInteger)
    feed_ts_ms: Mapped[int] = mapped_column(BigInteger)
    """The feed's clock, by which the quote's age is told: it goes on while the instrument is silent."""
    updated_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class LaneCursor(Base):
    """Up to which quote of an instrument a tenant's armed triggers have been looked at."""

    __tablename__ = "lane_cursors"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("core.instruments.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class Trigger(Base):
    """A price-driven subject on an instrument: the nearest prices at which something about it would change.

    Thresholds are raw ticks of the instrument, the account's mark-up folded in; null means none.
    """

    __tablename__ = "triggers"
    __table_args__ = (
        CheckConstraint("kind in ('order', 'position', 'reactor', 'account')", name="kind"),
        Index("ix_triggers_instrument", "instrument_id"),
        Index("ix_triggers_unarmed", "instrument_id", postgresql_where=text("not armed")),
        Index("ix_triggers_account", "tenant_id", "account_id"),
        {"schema": SCHEMA},
    )

    # No foreign keys: checked for each of 10,000 rows of a booking they cost as much as the rows themselves.
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    """Id of the order, position, reactor's subject or account."""
    instrument_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    ask_le: Mapped[int | None] = mapped_column(BigInteger)
    """Fires when the ask is at or below it."""
    ask_ge: Mapped[int | None] = mapped_column(BigInteger)
    bid_ge: Mapped[int | None] = mapped_column(BigInteger)
    bid_le: Mapped[int | None] = mapped_column(BigInteger)
    after_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Quotes before this time, by the feed, never fire it; null: any."""
    since_seq: Mapped[int] = mapped_column(BigInteger)
    """Quotes up to this one never fire it."""
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    armed: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the lane has taken this version into its book."""


class ReactorState(TenantRow, Base):
    """A reactor's subject (a bot): state that only its plugin reads, and the time it wants to be called at."""

    __tablename__ = "reactor_states"
    __table_args__ = (
        tenant_key("core.accounts", "account_id"),
        tenant_key("core.symbols", "symbol_id"),
        Index(None, "tenant_id", "account_id"),
        {"schema": SCHEMA},
    )

    plugin: Mapped[str]
    reactor: Mapped[str]
    account_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    state: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")


class ParkedSubject(TenantRow, Base):
    """A subject whose crossing could not be worked off; it rests here with its trace until a person looks."""

    __tablename__ = "parked_subjects"
    __table_args__ = (UniqueConstraint("tenant_id", "kind", "subject_id"), {"schema": SCHEMA})

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    instrument_id: Mapped[UUID]
    plugin: Mapped[str | None]
    seq: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[str]
    parked_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
