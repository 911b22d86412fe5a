"""What the API answers with, and what it takes. Money and prices are strings, so that no digit is lost on the way."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from core.web.reading import Rows
from core.web.tables import TableQuery

__all__ = [
    "AccountOut",
    "ChangeIn",
    "LedgerOut",
    "ListOf",
    "Me",
    "OrderIn",
    "OrderOut",
    "PlacedOut",
    "PositionOut",
    "PreviewOut",
    "ProductOut",
    "QuoteOut",
    "SymbolOut",
    "listed",
]

T = TypeVar("T", bound=BaseModel)


def _written(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")


Exact = Annotated[Decimal, PlainSerializer(_written, return_type=str, when_used="json")]
"""A decimal as text, every digit that means something and no zeros behind them."""


class Shape(BaseModel):
    """Read from objects as well as from data."""

    model_config = ConfigDict(from_attributes=True)


class ListOf(BaseModel, Generic[T]):
    """A page of a list. ``total`` counts all rows; ask for the next ``page`` while there are more."""

    items: list[T]
    total: int
    page: int
    size: int


def listed(shape: type[T], rows: Rows[Any], query: TableQuery) -> ListOf[T]:
    """Rows in the API's shape."""
    items = [shape.model_validate(row, from_attributes=True) for row in rows.rows]
    return ListOf[shape](items=items, total=rows.total, page=query.page, size=query.size)  # type: ignore[valid-type]  # made for the shape


class Me(Shape):
    """Who the token stands for."""

    kind: Literal["staff", "customer"]
    email: str
    name: str
    token: str
    scopes: list[str]
    permissions: list[str]


class AccountOut(Shape):
    """An account at the current quotes."""

    id: UUID
    number: str
    type: str
    currency: str
    mode: str
    status: str
    demo: bool
    customer_id: UUID
    customer: str
    balance: Exact
    equity: Exact
    floating: Exact
    margin: Exact
    reserved: Exact
    free_margin: Exact
    level: Annotated[Exact | None, Field(description="Equity ÷ margin in percent; null without margin.")]
    created_at: datetime


class PositionOut(Shape):
    """A position; ``price`` and ``floating`` are null while there is no quote, and for closed ones."""

    id: UUID
    account_id: UUID
    symbol: str
    side: str
    volume: Exact
    opened_volume: Exact
    open_price: Exact
    price: Exact | None
    floating: Exact | None
    currency: str
    margin: Exact
    stop_loss: Exact | None
    take_profit: Exact | None
    realised: Exact
    commission: Exact
    swap: Exact
    origin: str
    origin_id: UUID | None
    released_by: UUID | None
    """The bot that has handed it over to the customer."""
    opened_ts_ms: int
    closed_ts_ms: int | None
    close_reason: str | None


class OrderOut(Shape):
    """An order."""

    id: UUID
    account_id: UUID
    client_order_id: str
    symbol: str
    side: str
    kind: str
    volume: Exact
    price: Exact | None
    stop_loss: Exact | None
    take_profit: Exact | None
    position_id: UUID | None
    status: str
    reason: str | None
    filled: Exact
    average_price: Exact | None
    origin: str
    origin_id: UUID | None
    placed_at: datetime


class OrderIn(BaseModel):
    """An order to place. The same ``client_order_id`` on the same account gives the first order's result again."""

    account_id: UUID
    client_order_id: Annotated[str, Field(min_length=1, max_length=80)]
    symbol: str
    side: Literal["buy", "sell"]
    kind: Literal["market", "limit", "ioc", "stop"] = "market"
    volume: Annotated[Decimal, Field(gt=0, description="Lots.")]
    price: Annotated[Decimal | None, Field(gt=0, description="Of limit and stop orders.")] = None
    stop_loss: Annotated[Decimal | None, Field(gt=0)] = None
    take_profit: Annotated[Decimal | None, Field(gt=0)] = None


class ChangeIn(BaseModel):
    """What a working order is to become: a new order takes its place. Null takes a protection away."""

    client_order_id: Annotated[str, Field(min_length=1, max_length=80)]
    volume: Annotated[Decimal, Field(gt=0, description="Lots, of what is left of it.")]
    price: Annotated[Decimal, Field(gt=0)]
    stop_loss: Annotated[Decimal | None, Field(gt=0)] = None
    take_profit: Annotated[Decimal | None, Field(gt=0)] = None


class PreviewOut(BaseModel):
    """What an order would come to now; nothing was placed. Money in the account's currency."""

    status: str
    reason: str | None
    detail: dict[str, object]
    average_price: Exact | None
    margin: Annotated[Exact, Field(description="What it would bind or set aside; negative where it frees some.")]
    commission: Exact
    free_margin: Annotated[Exact, Field(description="What would be free then.")]


class CloseIn(BaseModel):
    """How much of a position to close; without a volume all of it."""

    client_order_id: Annotated[str, Field(min_length=1, max_length=80)]
    volume: Annotated[Decimal | None, Field(gt=0)] = None


class ProtectIn(BaseModel):
    """The prices at which a position closes by itself; null takes one away."""

    stop_loss: Annotated[Decimal | None, Field(gt=0)] = None
    take_profit: Annotated[Decimal | None, Field(gt=0)] = None


class PlacedOut(Shape):
    """What became of an order."""

    order_id: UUID
    client_order_id: str
    status: str
    reason: str | None
    detail: dict[str, object]
    filled: Exact
    average_price: Exact | None
    repeated: bool


class LedgerOut(Shape):
    """A ledger entry."""

    id: UUID
    account_id: UUID
    entry_no: int
    kind: str
    amount: Exact
    commission: Exact
    swap: Exact
    balance: Exact
    currency: str
    origin: str
    note: str | None
    ts_ms: int
    booked_at: datetime


class SymbolOut(Shape):
    """A symbol; ``label`` is what people must know of its prices."""

    id: UUID
    code: str
    title: str
    asset_class: str
    base: str
    quote: str
    contract_size: Exact
    tick: Exact
    pip: Exact
    lot_step: Exact
    min_lot: Exact
    max_lot: Exact
    status: str
    label: str


class QuoteOut(Shape):
    """A quote as an account sees it, mark-up included. Times are the feed's, epoch milliseconds."""

    symbol: str
    seq: int
    ts_ms: int
    bid: Exact
    ask: Exact
    tradable: bool
    reason: str | None


class ProductOut(Shape):
    """A module of the brokerage."""

    key: str
    title: str
    summary: str
    version: str
    state: str
    allowed: bool
    changed_at: datetime | None
    changed_by: str | None
