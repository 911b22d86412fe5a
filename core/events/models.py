"""The outbox, and how far each handler has read it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, TenantRow, Timestamp
from tenants.db.base import CURRENT_TENANT


class EventStream(Base):
    """The last number given out in a stream; its row lock keeps the numbers gapless and in order of commit."""

    __tablename__ = "event_streams"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    stream: Mapped[str] = mapped_column(primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Event(TenantRow, Base):
    """Something that happened, written in the transaction in which it happened."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "stream", "stream_seq"),
        # Retention looks for the oldest; rows lie in the order of time, so a block index of a few kilobytes does.
        Index("ix_events_at", "at", postgresql_using="brin"),
        {"schema": SCHEMA},
    )

    stream: Mapped[str]
    """The ordering key."""
    stream_seq: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class HandlerCursor(Base):
    """How far a handler has worked off a stream, for each of the shards it works in."""

    __tablename__ = "handler_cursors"
    __table_args__ = (
        Index("ix_handler_cursors_stream", "tenant_id", "stream"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    handler: Mapped[str] = mapped_column(primary_key=True)
    """Plugin and name, such as ``copy_trading.closes``."""
    stream: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    """How often in a row the event after ``seq`` has failed, alone."""
    retry_at: Mapped[Timestamp | None]
    """Not before this is it tried again."""
    parked: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the stream waits for a person; see :mod:`core.events.parking`."""
    error: Mapped[str | None]
