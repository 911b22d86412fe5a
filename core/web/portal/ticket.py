"""The ticket: what is typed, what it would come to, and the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from litestar import post
from litestar.response import Response

from core.trading.services import OrderPreview, place_orders, preview_order, profits_at, quotes
from core.trading.types import OrderRequest, OrderResult, Origin
from core.web.page import Page, WebPage
from core.web.portal.naming import account_and_symbol
from core.web.reading import AccountRow, SymbolRow
from core.web.reasons import field_of, reason_text
from tenants.db import new_id
from tenants.text import _

__all__ = ["ROUTES", "Ticket"]

_KINDS: dict[str, Literal["market", "limit", "stop"]] = {"market": "market", "limit": "limit", "stop": "stop"}
_PRICES = ("price", "stop_loss", "take_profit")


class TicketError(ValueError):
    """Something typed that cannot be read; ``field`` names where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Ticket:
    """A ticket as it is shown. Texts as they were typed; ``errors`` by field, ``error`` on the whole.

    :ivar key: makes a second click the same order.
    """

    side: str = "buy"
    kind: str = "market"
    volume: str = ""
    price: str = ""
    stop_loss: str = ""
    take_profit: str = ""
    key: str = field(default_factory=lambda: str(new_id()))
    errors: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    said: str = ""

    @classmethod
    def fresh(cls, symbol: SymbolRow) -> Ticket:
        """An empty ticket for the smallest order."""
        return cls(volume=format(symbol.min_lot.normalize(), "f"))

    @classmethod
    def typed(cls, values: Mapping[str, str]) -> Ticket:
        """A ticket as it was sent, with a key for the next try: a refused order keeps its own."""
        side, kind, volume = (values.get(name, "") for name in ("side", "kind", "volume"))
        price, stop_loss, take_profit = (values.get(name, "") for name in _PRICES)
        return cls(side, kind, volume, price, stop_loss, take_profit)

    def wrong(self, field: str, message: str) -> Ticket:
        """The same with a message at a field, or on the whole."""
        return replace(self, errors={field: message}) if field else replace(self, error=message)


@post("/trade/preview", sync_to_thread=True, status_code=200)
def preview(web: Page) -> Response[str]:
    """What the ticket's order would come to now: tried by the same engine, and left without a trace."""
    values = _values(web)
    with web.session() as session:
        account, symbol = account_and_symbol(web, session, values)
    try:
        request = _request(web, values, account, symbol)
    except TicketError as error:
        return web.render(
            "portal/ticket_preview.html", field=error.field, problem=str(error), quiet=not values.get(error.field)
        )
    with web.session() as session:
        found = preview_order(session, request)
    result = found.result
    if not result.accepted:
        given = {name: getattr(request, name) for name in _PRICES}
        return web.render(
            "portal/ticket_preview.html",
            field=field_of(result.reason, result.detail, given),
            problem=reason_text(result.reason, result.detail),
            quiet=result.reason in ("market_closed", "quote_stale"),
        )
    return web.render(
        "portal/ticket_preview.html",
        field="",
        problem="",
        found=found,
        account=account,
        symbol=symbol,
        outcomes=_outcomes(web, account, symbol, request, found),
    )


@post("/trade/order", sync_to_thread=True, status_code=200)
def order(web: Page) -> Response[Any]:
    """Place the ticket's order. The ticket's key makes a second click the same order."""
    values = _values(web)
    with web.session() as session:
        account, symbol = account_and_symbol(web, session, values)
    ticket = Ticket.typed(values)
    if not web.may("trading.trade"):
        return _again(web, ticket.wrong("", _("Trading starts once your identity is verified.")), account, symbol, 409)
    try:
        request = _request(web, values, account, symbol)
    except TicketError as error:
        return _again(web, ticket.wrong(error.field, str(error)), account, symbol, 422)
    with web.session() as session:
        result = place_orders(session, [request])[0]
    if not result.accepted:
        given = {name: getattr(request, name) for name in _PRICES}
        field = field_of(result.reason, result.detail, given)
        return _again(web, ticket.wrong(field, reason_text(result.reason, result.detail)), account, symbol, 422)
    text = _said(web, request, result, symbol)
    if not web.fragment:
        return web.leave_for(f"/trade?account={account.id}&symbol={symbol.code}", notice=text)
    # The next order is often like the last one, but for its prices.
    return _again(web, Ticket(ticket.side, ticket.kind, ticket.volume, said=text), account, symbol)


def _values(web: WebPage) -> dict[str, str]:
    names = ("account", "symbol", "side", "kind", "volume", *_PRICES, "key")
    return {name: str((web.form.get(name) or [""])[-1]).strip() for name in names}


def _request(web: WebPage, values: Mapping[str, str], account: AccountRow, symbol: SymbolRow) -> OrderRequest:
    kind = _KINDS.get(values["kind"])
    side: Literal["buy", "sell"] = "sell" if values["side"] == "sell" else "buy"
    if kind is None or values["side"] not in ("buy", "sell"):
        raise TicketError("", _("Choose what to do."))
    volume = _number(values, "volume")
    if volume is None or volume <= 0:
        raise TicketError("volume", _("Enter how many lots."))
    price = _number(values, "price") if kind != "market" else None
    if kind != "market" and price is None:
        raise TicketError("price", _("Enter the price of the order."))
    return OrderRequest(
        f"portal-{values['key'] or new_id()}"[:100],
        account.id,
        symbol.id,
        side,
        volume,
        kind=kind,
        price=price,
        stop_loss=_number(values, "stop_loss"),
        take_profit=_number(values, "take_profit"),
        origin=Origin(actor=web.actor),
    )


def _number(values: Mapping[str, str], name: str) -> Decimal | None:
    sent = values[name].replace(",", ".").replace("\u2212", "-")
    if not sent:
        return None
    try:
        found = Decimal(sent)
    except InvalidOperation:
        raise TicketError(name, _("Please enter a number.")) from None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        raise TicketError(name, _("Please enter a number."))
    return found


def _outcomes(
    web: WebPage, account: AccountRow, symbol: SymbolRow, request: OrderRequest, found: OrderPreview
) -> Mapping[str, Decimal]:
    """What the order makes or loses at its stop-loss and its take-profit, and by one pip."""
    entry = found.result.average_price or request.price
    if entry is None:
        return {}
    prices = {"pip": entry + symbol.pip if request.side == "buy" else entry - symbol.pip}
    for name in ("stop_loss", "take_profit"):
        at = getattr(request, name)
        if at is not None:
            prices[name] = at
    with web.session() as session:
        return profits_at(session, symbol.id, account.currency, request.side, request.volume, entry, prices)


def _said(web: WebPage, request: OrderRequest, result: OrderResult, symbol: SymbolRow) -> str:
    if result.status != "filled":
        return _(
            "Your order for {lots} lots of {symbol} waits for its price.",
            lots=web.formatter.number(request.volume),
            symbol=symbol.code,
        )
    values = {
        "lots": web.formatter.number(result.filled),
        "symbol": symbol.code,
        "price": web.formatter.price(result.average_price, symbol.tick),
    }
    if request.side == "buy":
        return _("{lots} lots of {symbol} bought at {price}.", **values)
    return _("{lots} lots of {symbol} sold at {price}.", **values)


def _again(web: WebPage, ticket: Ticket, account: AccountRow, symbol: SymbolRow, status: int = 200) -> Response[Any]:
    with web.session() as session:
        now = quotes(session, account.id, [symbol.id])
    answer = web.render(
        "portal/ticket.html", status=status, account=account, symbol=symbol, quote=now.get(symbol.id), ticket=ticket,
        title=_("{symbol} · Trade", symbol=symbol.code),
    )  # fmt: skip
    if ticket.said:
        answer.headers["hx-trigger"] = web.message(ticket.said, event="account-changed")
    return answer


ROUTES = [preview, order]
