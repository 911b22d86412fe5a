"""Orders and positions."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from core.trading.services import (
    ProtectionError,
    Replacement,
    ReplacementError,
    cancel_orders,
    close_positions,
    place_orders,
    preview_order,
    replace_order,
    set_protection,
)
from core.trading.types import OrderRequest, Origin
from core.web.api.accounts import PageNumber, PageSize
from core.web.api.scope import account_of, customer_of, query_of
from core.web.api.shapes import (
    ChangeIn,
    CloseIn,
    ListOf,
    OrderIn,
    OrderOut,
    PlacedOut,
    PositionOut,
    PreviewOut,
    ProtectIn,
    listed,
)
from core.web.page import Page
from core.web.reading import list_orders, list_positions, order_row, position_row, symbols_of_account
from core.web.reasons import reason_text
from core.web.refusals import NotFoundError, RefusedError
from tenants.services import audit

__all__ = ["ROUTES"]


@get("/positions", sync_to_thread=True, tags=["Positions"])
def positions(
    web: Page, page: PageNumber = 1, size: PageSize = 50, account_id: FromQuery[UUID | None] = None, symbol: FromQuery[str] = "",
    origin: FromQuery[str] = "", closed: FromQuery[bool] = False,
) -> ListOf[PositionOut]:  # fmt: skip
    """Open positions (or closed ones), the newest first."""
    query = query_of(page, size, symbol=symbol, origin=origin)
    with web.session() as session:
        found = list_positions(session, query, account=account_id, customer=customer_of(web), closed=closed)
        return listed(PositionOut, found, query)


@get("/positions/{position_id:uuid}", sync_to_thread=True, tags=["Positions"])
def position(web: Page, position_id: FromPath[UUID]) -> PositionOut:
    """One position."""
    with web.session() as session:
        found = position_row(session, position_id, customer=customer_of(web))
    if found is None:
        raise NotFoundError(str(position_id))
    return PositionOut.model_validate(found)


@post("/positions/{position_id:uuid}/close", sync_to_thread=True, status_code=200, tags=["Positions"])
def close(web: Page, position_id: FromPath[UUID], data: JSONBody[CloseIn]) -> PlacedOut:
    """Close a position at the market, whole or in part."""
    with web.session() as session:
        found = position_row(session, position_id, customer=_trader(web))
        if found is None:
            raise NotFoundError(str(position_id))
        result = close_positions(
            session, [(position_id, data.volume, data.client_order_id)], origin=Origin(actor=web.actor)
        )[0]
        if web.visit.kind == "staff":
            audit.record(session, web.who, "position.close", "position", position_id, after={"status": result.status})
    return PlacedOut.model_validate(result)


@put("/positions/{position_id:uuid}/protection", sync_to_thread=True, tags=["Positions"])
def protect(web: Page, position_id: FromPath[UUID], data: JSONBody[ProtectIn]) -> PositionOut:
    """Set stop-loss and take-profit."""
    customer = _trader(web)
    try:
        with web.session() as session:
            if position_row(session, position_id, customer=customer) is None:
                raise NotFoundError(str(position_id))
            set_protection(session, position_id, data.stop_loss, data.take_profit)
            if web.visit.kind == "staff":
                audit.record(session, web.who, "position.protect", "position", position_id, after=data.model_dump())
    except ProtectionError as error:
        raise RefusedError(error.reason, reason_text(error.reason, error.detail), **error.detail) from error
    return position_after(web, position_id)


@get("/orders", sync_to_thread=True, tags=["Orders"])
def orders(
    web: Page, page: PageNumber = 1, size: PageSize = 50, account_id: FromQuery[UUID | None] = None, symbol: FromQuery[str] = "",
    status: FromQuery[str] = "", origin: FromQuery[str] = "",
) -> ListOf[OrderOut]:  # fmt: skip
    """Orders, the newest first. ``status=open`` gives those that still live."""
    query = query_of(page, size, symbol=symbol, status=status, origin=origin)
    with web.session() as session:
        return listed(OrderOut, list_orders(session, query, account=account_id, customer=customer_of(web)), query)


@get("/orders/{order_id:uuid}", sync_to_thread=True, tags=["Orders"])
def order(web: Page, order_id: FromPath[UUID]) -> OrderOut:
    """One order."""
    with web.session() as session:
        found = order_row(session, order_id, customer=customer_of(web))
    if found is None:
        raise NotFoundError(str(order_id))
    return OrderOut.model_validate(found)


@post("/orders", sync_to_thread=True, tags=["Orders"])
def place(web: Page, data: JSONBody[OrderIn]) -> PlacedOut:
    """Place an order. A refusal is an answer, not an error: see ``status`` and ``reason``."""
    wanted = _wanted(web, data)
    with web.session() as session:
        result = place_orders(session, [wanted])[0]
    return PlacedOut.model_validate(result)


@post("/orders/preview", sync_to_thread=True, status_code=200, tags=["Orders"])
def preview(web: Page, data: JSONBody[OrderIn]) -> PreviewOut:
    """What an order would come to now, without placing it."""
    wanted = _wanted(web, data)
    with web.session() as session:
        found = preview_order(session, wanted)
    result = found.result
    return PreviewOut(
        status=result.status, reason=result.reason, detail=result.detail, average_price=result.average_price,
        margin=found.margin, commission=found.commission, free_margin=found.after.free_margin,
    )  # fmt: skip


@put("/orders/{order_id:uuid}", sync_to_thread=True, tags=["Orders"])
def change(web: Page, order_id: FromPath[UUID], data: JSONBody[ChangeIn]) -> PlacedOut:
    """Give a working order by hand another volume, price or protection. It answers with the order that takes its place."""
    customer = _trader(web)
    wanted = Replacement(data.volume, data.price, data.stop_loss, data.take_profit)
    try:
        with web.session() as session:
            if order_row(session, order_id, customer=customer) is None:
                raise NotFoundError(str(order_id))
            result = replace_order(session, order_id, wanted, data.client_order_id, actor=web.actor)
            audit.record(session, web.who, "order.change", "order", order_id, after=data.model_dump())
    except ReplacementError as error:
        raise RefusedError(error.reason, reason_text(error.reason, error.detail), **error.detail) from error
    return PlacedOut.model_validate(result)


@delete("/orders/{order_id:uuid}", sync_to_thread=True, status_code=200, tags=["Orders"])
def cancel(web: Page, order_id: FromPath[UUID]) -> PlacedOut:
    """Cancel an order that waits; one that has ended keeps its result."""
    with web.session() as session:
        found = order_row(session, order_id, customer=_trader(web))
        if found is None:
            raise NotFoundError(str(order_id))
        reason = "by_staff" if web.visit.kind == "staff" else "by_customer"
        result = cancel_orders(session, [order_id], reason)[0]
        if web.visit.kind == "staff":
            audit.record(session, web.who, "order.cancel", "order", order_id, after={"status": result.status})
    return PlacedOut.model_validate(result)


def position_after(web: Page, position_id: UUID) -> PositionOut:
    """The position as it is now."""
    with web.session() as session:
        found = position_row(session, position_id, customer=customer_of(web))
    if found is None:
        raise NotFoundError(str(position_id))
    return PositionOut.model_validate(found)


def _wanted(web: Page, data: OrderIn) -> OrderRequest:
    _trader(web)
    with web.session() as session:
        account_of(web, session, data.account_id, "trading.manage")
        symbol = next((s for s in symbols_of_account(session, data.account_id) if s.code == data.symbol), None)
    if symbol is None:
        raise RefusedError("symbol_not_enabled", reason_text("symbol_not_enabled"))
    return OrderRequest(
        data.client_order_id, data.account_id, symbol.id, data.side, data.volume, kind=data.kind, price=data.price,
        stop_loss=data.stop_loss, take_profit=data.take_profit, origin=Origin(actor=web.actor),
    )  # fmt: skip


def _trader(web: Page) -> UUID | None:
    """Whom the caller may trade for: themselves, or for staff with the permission anybody.

    :raises RefusedError: for a customer who is not verified, or may not trade by hand.
    """
    if web.visit.kind == "customer" and not web.may("trading.trade"):
        raise RefusedError("not_verified", "Trading starts once your identity is verified.")
    return customer_of(web, "trading.manage")


ROUTES = [positions, position, close, protect, orders, order, place, preview, change, cancel]
