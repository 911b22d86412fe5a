"""The words in which trading is asked for and answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

Side = Literal["buy", "sell"]
OrderKind = Literal["market", "limit", "ioc", "stop"]
OriginKind = Literal["manual", "copy", "bot", "system"]
OrderStatus = Literal["pending", "resting", "waiting", "filled", "partial", "cancelled", "rejected", "unknown"]
Effect = Literal["open", "add", "reduce", "close"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who caused an order. ``module`` is the plugin whose state the order path checks; none for orders by hand."""

    kind: OriginKind = "manual"
    id: UUID | None = None
    module: str | None = None
    actor: str | None = None


MANUAL = Origin()


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order to place.

    :ivar client_order_id: unique in the account; sending it again returns the first order's result.
    :ivar volume: lots.
    :ivar price: limit or stop price; none for a market order.
    :ivar position_id: the position to close or reduce; the order is then reduce-only and clamped to what is held.
    :ivar fill_price: only for orders of a reactor that rested before the quote: the price at which it fills.
    :ivar fund_from: the owner of a reservation whose money the order may use besides the free margin.
    :ivar reason: why a close happens, kept as the position's ``close_reason``.
    """

    client_order_id: str
    account_id: UUID
    symbol_id: UUID
    side: Side
    volume: Decimal
    kind: OrderKind = "market"
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    position_id: UUID | None = None
    reduce_only: bool = False
    fill_price: Decimal | None = None
    fund_from: UUID | None = None
    origin: Origin = MANUAL
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FillResult:
    """An execution, as booked. Money in the account's currency."""

    id: UUID
    fill_no: int
    position_id: UUID
    side: Side
    effect: Effect
    volume: Decimal
    price: Decimal
    profit: Decimal
    commission: Decimal
    position_volume: Decimal
    """What is open in the position after it."""


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What became of an order.

    :ivar reason: code of a rejection or cancellation, such as ``insufficient_margin``, ``quote_stale``, ``market_closed``,
        ``below_min_lot``, ``off_step``, ``symbol_disabled``, ``module_off``, ``nothing_to_close``.
    :ivar detail: the numbers behind it.
    :ivar repeated: whether the order had been placed before and this is its earlier result.
    """

    order_id: UUID
    client_order_id: str
    status: OrderStatus
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fills: tuple[FillResult, ...] = ()
    repeated: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the order lives or has filled at least in part."""
        return self.status not in ("rejected", "cancelled") or self.filled > 0


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account at the current quotes. Money in its currency; ``level`` in percent, none without margin."""

    account_id: UUID
    currency: str
    balance: Decimal
    floating: Decimal
    equity: Decimal
    margin: Decimal
    reserved: Decimal
    free_margin: Decimal
    level: Decimal | None
    notional: Decimal
    """Sum of the open positions' value."""


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote as an account sees it, mark-up included."""

    symbol_id: UUID
    seq: int
    ts_ms: int
    bid: Decimal
    ask: Decimal
    tradable: bool
    reason: str | None = None
    """``market_closed`` or ``quote_stale`` when not tradable."""
