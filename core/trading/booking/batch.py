"""What one booking has decided so far and will write."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.trading.booking.rows import EntryRow, FillRow, OrderRow, PositionRow
from core.trading.booking.views import World
from core.trading.rules.money import ZERO, add, divide, multiply, round_amount

if TYPE_CHECKING:
    from core.trading.booking.account import AccountWork


@dataclass(slots=True)
class WatchedFill:
    """A fill of an account that somebody watches, with what was true before its order filled."""

    order: OrderRow
    fill: FillRow
    equity_before: Decimal
    balance_before: Decimal
    order_opened: Decimal
    order_price: Decimal


@dataclass(slots=True)
class Notice:
    """Something about an account that people or plugins must hear of."""

    account_id: UUID
    type: str
    payload: dict[str, Any]


@dataclass(slots=True)
class Batch:
    """The rows of a booking. Lists grow in the order in which things happened."""

    world: World
    accounts: dict[UUID, AccountWork] = field(default_factory=dict)
    orders: list[OrderRow] = field(default_factory=list)
    changed_orders: list[OrderRow] = field(default_factory=list)
    positions: list[PositionRow] = field(default_factory=list)
    changed_positions: list[PositionRow] = field(default_factory=list)
    fills: list[FillRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    touched: dict[UUID, AccountWork] = field(default_factory=dict)
    watched: list[WatchedFill] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    alerts: list[tuple[str, UUID, dict[str, Any]]] = field(default_factory=list)
    """Code, account and the numbers, for the tenant's staff."""
    _opened: dict[UUID, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def forget(self) -> None:
        """All of it is written: what follows in the same transaction is decided on the same accounts, and written anew."""
        for order in (*self.orders, *self.changed_orders):
            order.fresh = order.changed = False
        for position in (*self.positions, *self.changed_positions):
            position.fresh = position.changed = position.protection_changed = False
        for account in self.touched.values():
            account.written()
        for rows in (
            self.orders, self.changed_orders, self.positions, self.changed_positions, self.fills, self.entries,
            self.watched, self.notices, self.alerts,
        ):  # fmt: skip
            rows.clear()
        self.touched.clear()

    def touch(self, account: AccountWork) -> None:
        """Note that an account's row must be written."""
        self.touched[account.row.id] = account

    def change_order(self, order: OrderRow) -> None:
        """Note that a stored order must be written again."""
        if not order.fresh and not order.changed:
            order.changed = True
            self.changed_orders.append(order)

    def change_position(self, position: PositionRow) -> None:
        """Note that a stored position must be written again."""
        if not position.fresh and not position.changed:
            position.changed = True
            self.changed_positions.append(position)

    def watch(self, order: OrderRow, fill: FillRow, before: tuple[Decimal, Decimal]) -> None:
        """Keep a fill for the account's own stream."""
        volume, value = self._opened.get(order.id, (ZERO, ZERO))
        if fill.effect in ("open", "add"):
            volume, value = add(volume, fill.volume), add(value, multiply(fill.volume, fill.price))
            self._opened[order.id] = (volume, value)
        price = round_amount(divide(value, volume)) if volume and fill.effect in ("open", "add") else fill.price
        self.watched.append(WatchedFill(order, fill, before[0], before[1], volume, price))
