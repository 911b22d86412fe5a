"""Positions."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Amount, Base, Price, TenantRow, Volume


class Position(TenantRow, Base):
    """An open or closed position: in a hedging account one for each opening order, in a netting one for each symbol."""

    __tablename__ = "positions"
    __table_args__ = (
        # No foreign key to the account: whoever books holds its row's lock (see Order for the price of such keys).
        Index("ix_positions_open", "tenant_id", "account_id", postgresql_where=text("closed_ts_ms is null")),
        Index("ix_positions_origin", "tenant_id", "origin", "origin_id"),
        Index("ix_positions_account", "tenant_id", "account_id", "opened_ts_ms"),
        Index("ix_positions_released", "tenant_id", "released_by", postgresql_where=text("released_by is not null")),
        CheckConstraint("side in ('buy', 'sell')", name="side"),
        CheckConstraint("volume >= 0", name="volume"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    side: Mapped[str]
    volume: Mapped[Volume]
    """What is open now; 0 when closed."""
    opened_volume: Mapped[Volume]
    """What was opened in all."""
    open_price: Mapped[Price]
    """Volume-weighted average of the opening fills."""
    margin: Mapped[Amount]
    """In the account's currency, converted at the opening."""
    leverage: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    stop_loss: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    take_profit: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    realised: Mapped[Amount] = mapped_column(server_default="0")
    """Profit of its closing fills, account currency, before commission and swap."""
    commission: Mapped[Amount] = mapped_column(server_default="0")
    swap: Mapped[Amount] = mapped_column(server_default="0")
    swap_ts_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Feed's time up to which swaps are charged; 0: since the opening."""
    origin: Mapped[str] = mapped_column(server_default="manual")
    origin_id: Mapped[UUID | None]
    released_by: Mapped[UUID | None]
    """The bot that opened it and has handed it over to the customer (origin ``manual`` since)."""
    opened_ts_ms: Mapped[int] = mapped_column(BigInteger)
    closed_ts_ms: Mapped[int | None] = mapped_column(BigInteger)
    close_reason: Mapped[str | None]
    """``manual``, ``stop_loss``, ``take_profit``, ``stop_out``, ``copy``, ``bot`` or ``module_off``."""
    version: Mapped[int] = mapped_column(server_default="1")
