"""Decisions about one order: refused, filled at once, resting, or waiting for the market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.trading.booking.account import AccountWork
from core.trading.booking.rows import OrderRow, PositionRow
from core.trading.booking.views import Terms
from core.trading.rules.conversion import Rate
from core.trading.rules.fills import at_placing
from core.trading.rules.money import ZERO, add, subtract
from core.trading.rules.pnl import notional
from core.trading.rules.quotes import opposite
from core.trading.rules.risk import standing
from core.trading.rules.steps import on_step
from core.trading.types import OrderRequest
from core.venues.port import HOUSE
from tenants.db import new_id

OPENING_LEG = ":open"
"""Ends the venue fill id of a flip's second leg, so that both legs of one fill have ids of their own."""


@dataclass(frozen=True, slots=True)
class Gates:
    """What may hold orders of a whole batch: the tenant, modules' states, and what checks have refused."""

    tenant_active: bool = True
    modules: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[tuple[UUID, str], str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - a decision, not an error
    """Why an order is not carried out, with the numbers behind it."""

    def __init__(self, reason: str, **detail: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = {key: str(value) for key, value in detail.items()}


def place(account: AccountWork, request: OrderRequest, gates: Gates) -> OrderRow:
    """Carry out a new order as far as it goes now. The row is new in the batch, whatever became of it."""
    terms = account.terms(request.symbol_id)
    quote = terms.quote
    order = OrderRow(
        new_id(), account.row.id, request.symbol_id, request.client_order_id, request.side, request.kind,
        request.volume, request.price, request.stop_loss, request.take_profit, request.position_id,
        request.reduce_only or request.position_id is not None, "pending", request.origin.kind, request.origin.id,
        terms.symbol.venue, quote.seq if quote else 0, quote.ts_ms if quote else 0,
        close_reason=request.reason, fresh=True,
    )  # fmt: skip
    account.batch.orders.append(order)
    try:
        _place(account, order, request, terms, gates)
    except Refusal as refusal:
        # An immediate-or-cancel order that finds no price is cancelled, everything else refused is rejected.
        order.status = "cancelled" if refusal.reason == "not_within_limit" else "rejected"
        order.reason, order.detail = refusal.reason, refusal.detail
    return order


def _place(account: AccountWork, order: OrderRow, request: OrderRequest, terms: Terms, gates: Gates) -> None:
    state = gates.modules.get(request.origin.module) if request.origin.module else "on"
    if state == "halted":
        raise Refusal("module_halted")
    _check_shape(order, request, terms)
    held, closing = closing_part(account, order)
    opening = ZERO if order.reduce_only else subtract(order.volume, closing)
    if order.reduce_only:
        if held is None or not closing:
            raise Refusal("nothing_to_close")
        order.volume = closing
    if opening:
        if state != "on":
            raise Refusal("module_off")
        check_parties(account, order, terms, gates)
        _check_open(account, order, request, terms, opening)
    if order.kind == "market" and terms.closed and request.fill_price is None:
        # Only a close comes here: opens have been refused.
        order.status, order.reason = "waiting", terms.closed
        account.orders[order.id] = order
        return
    if order.venue != HOUSE:
        _send(account, order, terms, opening, request.fund_from)
        return
    price = request.fill_price or _price_now(order, terms)
    if price is None:
        _rest(account, order, terms, opening, request.fund_from)
    else:
        execute(account, order, price, fund=request.fund_from)


def _send(account: AccountWork, order: OrderRow, terms: Terms, opening: Decimal, fund: UUID | None) -> None:
    """Leave an order for its venue; what it would open is set aside at its own price, or at the quote."""
    if opening:
        reference = order.price
        if reference is None:
            assert terms.prices is not None  # noqa: S101 - opens without a quote have been refused
            reference = terms.prices.executable(order.side)
        _set_aside(account, order, terms, opening, reference, fund)
    order.status = "pending"
    account.orders[order.id] = order


def carry_out(account: AccountWork, order: OrderRow, price: Decimal) -> None:
    """Fill an order that a quote has fired, or leave it for its venue."""
    if order.venue == HOUSE:
        execute(account, order, price)
        return
    order.status = "pending"
    account.orders[order.id] = order
    account.batch.change_order(order)


def _price_now(order: OrderRow, terms: Terms) -> Decimal | None:
    """The price at which an order fills on the current quote; none when it rests. Refuses what cannot fill."""
    if terms.prices is None or (terms.closed and order.kind == "ioc"):
        raise Refusal(terms.closed or "quote_stale")
    outcome = at_placing(order.kind, order.side, order.price, terms.prices)
    if outcome.action == "cancel":
        raise Refusal("not_within_limit", limit=order.price, quote=terms.prices.executable(order.side))
    return None if terms.closed else outcome.price


def closing_part(account: AccountWork, order: OrderRow) -> tuple[PositionRow | None, Decimal]:
    """The position that an order would reduce now, and by how much."""
    held: PositionRow | None = None
    if order.position_id is not None:
        held = account.positions.get(order.position_id)
        if held is not None and held.symbol_id != order.symbol_id:
            raise Refusal("wrong_symbol")
        if held is not None and held.side == order.side:
            raise Refusal("wrong_side", position=held.side)
    elif account.row.mode == "netting":
        held = account.netted(order.symbol_id)
        if held is not None and held.side == order.side:
            held = None
    elif order.reduce_only:
        raise Refusal("position_required")
    return held, min(order.volume, held.volume) if held is not None else ZERO


def _check_shape(order: OrderRow, request: OrderRequest, terms: Terms) -> None:
    symbol = terms.symbol
    if order.volume <= ZERO or not on_step(order.volume, symbol.lot_step):
        raise Refusal("off_step", volume=order.volume, step=symbol.lot_step)
    if order.kind != "market" and order.price is None and request.fill_price is None:
        raise Refusal("price_missing")
    for price in (order.price, order.stop_loss, order.take_profit, request.fill_price):
        if price is not None and (price <= ZERO or not on_step(price, symbol.tick)):
            raise Refusal("price_off_tick", price=price, tick=symbol.tick)


def check_parties(account: AccountWork, order: OrderRow, terms: Terms, gates: Gates) -> None:
    """Whether everybody who has a say lets the account open this symbol at all."""
    symbol, row = terms.symbol, account.row
    if not gates.tenant_active:
        raise Refusal("tenant_suspended")
    if row.customer_status == "blocked":
        raise Refusal("customer_blocked")
    if row.status != "active":
        raise Refusal("account_close_only" if row.status == "close_only" else "account_disabled")
    if symbol.status != "active":
        raise Refusal("symbol_close_only" if symbol.status == "close_only" else "symbol_disabled")
    if not terms.enabled:
        raise Refusal("symbol_not_enabled")
    refused = gates.refused.get((row.id, order.client_order_id))
    if refused is not None:
        raise Refusal(refused)


def _check_open(account: AccountWork, order: OrderRow, request: OrderRequest, terms: Terms, opening: Decimal) -> None:
    """Whether the market is there, and the order sits within the symbol's limits."""
    symbol = terms.symbol
    if terms.closed or terms.prices is None:
        raise Refusal(terms.closed or "quote_stale")
    if order.side == "sell" and not account.type.may_short:
        raise Refusal("short_not_allowed")
    if opening < symbol.min_lot:
        raise Refusal("below_min_lot", volume=opening, minimum=symbol.min_lot)
    if opening > symbol.max_lot:
        raise Refusal("above_max_lot", volume=opening, maximum=symbol.max_lot)
    reference = request.fill_price or order.price or terms.prices.executable(order.side)
    value = notional(opening, symbol.contract_size, reference)
    if value < symbol.min_notional:
        raise Refusal("below_min_notional", notional=value, minimum=symbol.min_notional)
    if order.origin == "manual":
        check_protection(order.side, order.stop_loss, order.take_profit, _entry(order, terms))


def _entry(order: OrderRow, terms: Terms) -> Decimal:
    """The price from which a new order's stop and target are looked at: its own, or what it would be closed at now."""
    if order.kind in ("limit", "stop") and order.price is not None:
        return order.price
    assert terms.prices is not None  # noqa: S101 - opens without a quote have been refused
    return terms.prices.closing(order.side)


def check_protection(side: str, stop_loss: Decimal | None, take_profit: Decimal | None, price: Decimal) -> None:
    """Refuse a stop or target on the wrong side of `price`: it would close the position at once."""
    lower, upper = (stop_loss, take_profit) if side == "buy" else (take_profit, stop_loss)
    names = ("stop_loss", "take_profit") if side == "buy" else ("take_profit", "stop_loss")
    if lower is not None and lower >= price:
        raise Refusal(f"invalid_{names[0]}", given=lower, price=price)
    if upper is not None and upper <= price:
        raise Refusal(f"invalid_{names[1]}", given=upper, price=price)


def _rate(terms: Terms) -> Rate:
    if terms.rate is None:
        raise Refusal("no_conversion", currency=terms.symbol.quote)
    return terms.rate


def _funds(account: AccountWork, order: OrderRow, margin: Decimal, charge: Decimal, fund: UUID | None) -> Decimal:
    """What an opening needs, after checking that it is free. Refuses below the margin call level too."""
    held = account.netted(order.symbol_id) if account.row.mode == "netting" else None
    if held is not None and (held.origin, held.origin_id) != (order.origin, order.origin_id):
        raise Refusal("symbol_owned", owner=held.origin)
    equity = account.equity()
    if equity is None:
        raise Refusal("no_conversion")
    if standing(equity, account.row.margin, account.type.levels) != "sound":
        raise Refusal("margin_call", equity=equity, margin=account.row.margin)
    needed = add(account.bound_after(order.symbol_id, order.side, margin), charge)
    free = subtract(subtract(equity, account.row.margin), account.row.reserved)
    free = add(free, account.reservation(order.id))
    # What was set aside for this owner is its own: another's floating loss, or that of what it holds, does not take it.
    free = add(max(free, ZERO) if fund is not None else free, account.reservation(fund))
    if needed > free:
        raise Refusal("insufficient_margin", needed=needed, free=free)
    return needed


def _rest(account: AccountWork, order: OrderRow, terms: Terms, opening: Decimal, fund: UUID | None) -> None:
    if opening:
        assert order.price is not None  # noqa: S101 - only orders with a price rest
        _set_aside(account, order, terms, opening, order.price, fund)
    order.status = "resting"
    account.orders[order.id] = order


def _set_aside(
    account: AccountWork, order: OrderRow, terms: Terms, opening: Decimal, price: Decimal, fund: UUID | None
) -> None:
    """Reserve what an order would bind and be charged at `price`."""
    rate = _rate(terms)
    margin = account.margin_of(terms, opening, price, rate)
    charge = account.commission(terms, opening, price, rate)
    needed = _funds(account, order, margin, charge, fund)
    _spend(account, fund, needed)
    account.reserve("order", order.id, needed)


def _spend(account: AccountWork, fund: UUID | None, needed: Decimal) -> None:
    """Take what an opening binds out of the reservation that pays for it."""
    reserved = account.reservation(fund)
    if fund is not None and reserved:
        account.reserve(account.reservations[fund].owner_kind, fund, subtract(reserved, min(reserved, needed)))


def execute(
    account: AccountWork,
    order: OrderRow,
    price: Decimal,
    *,
    volume: Decimal | None = None,
    fund: UUID | None = None,
    venue_fill_id: str = "1",
    checked: bool = False,
) -> None:
    """Fill an order at `price`: first what it closes, then what it opens.

    :param volume: what fills; none: all of the rest.
    :param checked: a venue has filled it: it is booked whatever the account has left.

    Raises `Refusal` before anything is booked, except that a flip whose opening leg is refused keeps its close.
    """
    terms = account.terms(order.symbol_id)
    rate = _rate(terms)
    account.begin()
    left = subtract(order.volume, order.filled) if volume is None else volume
    held, closing = closing_part(account, order)
    closing = min(closing, left)
    opening = ZERO if order.reduce_only else subtract(left, closing)
    if held is not None and closing:
        account.fill_close(order, held, closing, price, rate, venue_fill_id)
        if not held.volume:
            cancel_orders_of(account, held, order)
    if opening:
        margin = account.margin_of(terms, opening, price, rate)
        charge = account.commission(terms, opening, price, rate)
        try:
            needed = ZERO if checked else _funds(account, order, margin, charge, fund)
        except Refusal as refusal:
            if not closing:
                raise
            finish(account, order, "partial", refusal.reason, refusal.detail)
            return
        _spend(account, fund, needed)
        account.fill_open(
            order, opening, price, margin, charge, venue_fill_id + OPENING_LEG if closing else venue_fill_id
        )
    if order.reduce_only and not closing:
        raise Refusal("nothing_to_close")
    if order.filled >= order.volume:
        finish(account, order, "filled")
    elif volume is None:
        # A close was clamped to what is left of the position.
        finish(account, order, "partial", "position_closed")
    else:
        account.batch.change_order(order)


def finish(
    account: AccountWork, order: OrderRow, status: str, reason: str | None = None, detail: dict[str, Any] | None = None
) -> None:
    """End an order: its reservation is free again, nothing triggers it any more."""
    order.status = "partial" if status == "cancelled" and order.filled else status
    order.reason = reason
    order.detail = detail or {}
    account.reserve("order", order.id, ZERO)
    account.orders.pop(order.id, None)
    account.batch.change_order(order)


def cancel_orders_of(account: AccountWork, held: PositionRow, closing: OrderRow) -> None:
    """Cancel the other orders that would close a position which `closing` has closed."""
    for order in [order for order in account.orders.values() if order.position_id == held.id]:
        if order is not closing and order.status in ("resting", "waiting"):
            finish(account, order, "cancelled", "position_closed")


def is_closing(account: AccountWork, held: PositionRow) -> bool:
    """Whether an order for all of a position is on its way at a venue."""
    return any(
        order.position_id == held.id and order.status in ("pending", "unknown") and order.volume >= held.volume
        for order in account.orders.values()
    )


def closing_order(
    account: AccountWork, held: PositionRow, client_order_id: str, volume: Decimal, reason: str, kind: str = "market"
) -> OrderRow:
    """An order of the platform itself that closes a position; new in the batch, not yet carried out."""
    terms = account.terms(held.symbol_id)
    quote = terms.quote
    order = OrderRow(
        new_id(), account.row.id, held.symbol_id, client_order_id, opposite(held.side), kind, volume, None, None, None,
        held.id, True, "pending", held.origin, held.origin_id, terms.symbol.venue,
        quote.seq if quote else 0, quote.ts_ms if quote else 0, close_reason=reason, fresh=True,
    )  # fmt: skip
    account.batch.orders.append(order)
    return order
