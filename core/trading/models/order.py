"""Orders and their fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Amount, Base, Price, TenantRow, Timestamp, Volume, tenant_key

OPEN_STATES = ("pending", "resting", "waiting", "unknown")


class Order(TenantRow, Base):
    """An order of an account. Its client order id is unique in the account."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", "client_order_id"),
        # None to the symbol: whoever books has read it in the same transaction, and checked for each of 10,000 rows, such
        # keys were a quarter of a booking's time. The same for fills and positions.
        tenant_key("core.accounts", "account_id"),
        Index(
            "ix_orders_open",
            "tenant_id",
            "account_id",
            postgresql_where=text("status in ('pending', 'resting', 'waiting', 'unknown')"),
        ),
        Index("ix_orders_origin", "tenant_id", "origin", "origin_id"),
        Index("ix_orders_placed", "tenant_id", "placed_at"),
        CheckConstraint("side in ('buy', 'sell')", name="side"),
        CheckConstraint("kind in ('market', 'limit', 'ioc', 'stop')", name="kind"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    client_order_id: Mapped[str]
    side: Mapped[str]
    kind: Mapped[str]
    volume: Mapped[Volume]
    price: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    """Limit or stop price."""
    stop_loss: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    take_profit: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    position_id: Mapped[UUID | None]
    """The position that the order closes."""
    reduce_only: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str]
    """``pending`` (sent to a venue), ``resting``, ``waiting`` (a close until the market opens), ``filled``, ``partial``
    (ended with a part filled), ``cancelled``, ``rejected`` or ``unknown`` (the venue is silent)."""
    reason: Mapped[str | None]
    """Code of a rejection or cancellation."""
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """The numbers behind the reason."""
    filled: Mapped[Volume] = mapped_column(server_default="0")
    average_price: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    close_reason: Mapped[str | None]
    """Why an order closes a position; it becomes the position's."""
    origin: Mapped[str] = mapped_column(server_default="manual")
    """``manual``, ``copy``, ``bot`` or ``system``."""
    origin_id: Mapped[UUID | None]
    venue: Mapped[str] = mapped_column(server_default="house")
    venue_ref: Mapped[str | None]
    placed_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Sequence of the quote that was current at the placing."""
    placed_ts_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """That quote's time."""
    placed_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    version: Mapped[int] = mapped_column(server_default="1")


class Fill(TenantRow, Base):
    """An execution. A flip makes two: the closing leg, then the opening one."""

    __tablename__ = "fills"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", "fill_no"),
        UniqueConstraint("tenant_id", "order_id", "venue_fill_id"),
        Index(None, "tenant_id", "position_id"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[UUID]
    fill_no: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[UUID]
    venue_fill_id: Mapped[str] = mapped_column(server_default="1")
    symbol_id: Mapped[UUID]
    position_id: Mapped[UUID]
    side: Mapped[str]
    effect: Mapped[str]
    """``open``, ``add``, ``reduce`` or ``close``."""
    volume: Mapped[Volume]
    position_volume: Mapped[Volume]
    """What is open in the position after it."""
    price: Mapped[Price]
    profit: Mapped[Amount]
    """Realised by this fill, in the account's currency, before commission."""
    commission: Mapped[Amount]
    """Charged, positive, in the account's currency."""
    origin: Mapped[str]
    origin_id: Mapped[UUID | None]
    seq: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the quote it filled on."""
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    """That quote's time."""
    booked_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
