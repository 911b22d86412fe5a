"""Rows that a booking reads, makes and changes, in memory. Field names are those of the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.trading.rules.money import ZERO
from core.trading.types import FillResult


@dataclass(slots=True)
class AccountRow:
    """An account under its lock."""

    id: UUID
    account_type_id: UUID
    currency: str
    mode: str
    balance: Decimal
    margin: Decimal
    reserved: Decimal
    fill_no: int
    ledger_no: int
    margin_called: bool
    watched: bool
    status: str
    customer_status: str


@dataclass(slots=True)
class OrderRow:
    """An order; `fresh` when this booking makes it."""

    id: UUID
    account_id: UUID
    symbol_id: UUID
    client_order_id: str
    side: str
    kind: str
    volume: Decimal
    price: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    position_id: UUID | None
    reduce_only: bool
    status: str
    origin: str
    origin_id: UUID | None
    venue: str
    placed_seq: int
    placed_ts_ms: int
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    filled: Decimal = ZERO
    average_price: Decimal | None = None
    venue_ref: str | None = None
    close_reason: str | None = None
    fresh: bool = False
    changed: bool = False
    fills: list[FillResult] = field(default_factory=list)


@dataclass(slots=True)
class PositionRow:
    """An open position (or one that this booking closes)."""

    id: UUID
    account_id: UUID
    symbol_id: UUID
    side: str
    volume: Decimal
    opened_volume: Decimal
    open_price: Decimal
    margin: Decimal
    leverage: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    realised: Decimal
    commission: Decimal
    swap: Decimal
    origin: str
    origin_id: UUID | None
    opened_ts_ms: int
    closed_ts_ms: int | None = None
    close_reason: str | None = None
    fresh: bool = False
    changed: bool = False
    protection_changed: bool = False


@dataclass(slots=True)
class FillRow:
    """An execution."""

    id: UUID
    account_id: UUID
    fill_no: int
    order_id: UUID
    venue_fill_id: str
    symbol_id: UUID
    position_id: UUID
    side: str
    effect: str
    volume: Decimal
    position_volume: Decimal
    price: Decimal
    profit: Decimal
    commission: Decimal
    origin: str
    origin_id: UUID | None
    seq: int
    ts_ms: int


@dataclass(slots=True)
class EntryRow:
    """A ledger entry."""

    id: UUID
    account_id: UUID
    entry_no: int
    kind: str
    amount: Decimal
    commission: Decimal
    swap: Decimal
    balance: Decimal
    fill_id: UUID | None
    key: str | None
    origin: str
    origin_id: UUID | None
    actor: str | None
    note: str | None
    ts_ms: int


@dataclass(slots=True)
class ReservationRow:
    """Money of an account set aside for an owner."""

    owner_kind: str
    owner_id: UUID
    amount: Decimal
    changed: bool = False
