"""The trading page: quotes, a chart, a ticket, positions and orders of one account."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.trading.services import place_orders, quotes
from core.trading.types import OrderRequest, Origin
from core.web.charts import Chart, Series, series_of
from core.web.page import Page
from core.web.portal.accounts import orders_table, positions_table
from core.web.reading import AccountRow, SymbolRow, account_row, candles, list_accounts, symbols_of_account, usual_gap_s
from core.web.reasons import reason_text
from core.web.refusals import NotFoundError
from core.web.tables import TableQuery
from tenants.db import TenantSession, new_id

__all__ = ["ROUTES"]

STEPS = {"10s": 10, "1m": 60, "5m": 300, "1h": 3600, "1d": 86_400}
KINDS: dict[str, Literal["market", "limit", "stop"]] = {"market": "market", "limit": "limit", "stop": "stop"}


@get("/trade", sync_to_thread=True)
def trade(web: Page) -> Response[str]:
    """The page of the chosen account and symbol; the first of each where none is chosen."""
    with web.session() as session:
        accounts = list_accounts(session, TableQuery(size=100, sort="number"), customer=web.person_id).rows
        account = _chosen(accounts, web.query.get("account", ""))
        if account is None:
            return web.render("portal/trade_none.html", title="Trade")
        symbols = symbols_of_account(session, account.id)
        symbol = next((s for s in symbols if s.code == web.query.get("symbol")), symbols[0] if symbols else None)
        now = quotes(session, account.id, [item.id for item in symbols])
        positions = positions_table(web, session, account.id, f"/accounts/{account.id}")
        orders = orders_table(web, session, account.id, f"/accounts/{account.id}", open_only=True)
        gap_s = usual_gap_s(session, symbol) if symbol else 0.0
    asked = web.query.get("step", "")
    # A candle should have a few quotes in it, however fast or slow the feed is.
    step = asked if asked in STEPS else next((name for name, length in STEPS.items() if length >= 3 * gap_s), "1d")
    chart = None
    if symbol is not None:
        source = f"/trade/candles?account={account.id}&symbol={symbol.code}&step={step}"
        chart = Chart(
            "price",
            [Series((), "candles", symbol.code)],
            f"Candles of {symbol.code}",
            digits=_digits(symbol),
            height=400,
            source=source,
            live=symbol.code,
        )
    return web.render(
        "portal/trade.html", account=account, accounts=accounts, symbols=symbols, symbol=symbol, quotes=now, chart=chart,
        step=step, steps=list(STEPS), positions=positions, orders=orders, key=str(new_id()),
        ticket=_ticket(symbol), error="", title=f"{symbol.code} · Trade" if symbol else "Trade",
    )  # fmt: skip


@get("/trade/candles", sync_to_thread=True)
def chart_data(web: Page) -> Response[dict[str, Any]]:
    """Candles for the chart."""
    step = STEPS.get(web.query.get("step", ""), 60)
    with web.session() as session:
        _, symbol = _account_and_symbol(web, session)
        bars = candles(session, symbol, step)
    return Response(
        {"series": [series_of(Series(bars, "candles", symbol.code))], "step": step, "digits": _digits(symbol)}
    )


@get("/trade/{account_id:uuid}/panels", sync_to_thread=True)
def panels(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """Figures, positions and orders, asked for again while prices move."""
    with web.session() as session:
        account = account_row(session, account_id, customer=web.person_id)
        if account is None:
            raise NotFoundError(str(account_id))
        positions = positions_table(web, session, account.id, f"/accounts/{account.id}")
        orders = orders_table(web, session, account.id, f"/accounts/{account.id}", open_only=True)
    return web.render("portal/trade_panels.html", account=account, positions=positions, orders=orders)


@post("/trade/order", sync_to_thread=True, status_code=200)
def order(web: Page) -> Response[Any]:
    """Place the ticket's order. The ticket's key makes a second click the same order."""
    values = {name: (sent[-1] if sent else "") for name, sent in web.form.items()}
    with web.session() as session:
        account, symbol = _account_and_symbol(web, session, values)
    if not web.may("trading.trade"):
        return _again(web, values, account, symbol, "Trading starts once your identity is verified.", status=409)
    try:
        request = _request(web, values, account, symbol)
    except ValueError as error:
        return _again(web, values, account, symbol, str(error), status=422)
    with web.session() as session:
        result = place_orders(session, [request])[0]
    if not result.accepted:
        return _again(web, values, account, symbol, reason_text(result.reason, result.detail), status=422)
    lots, price = web.formatter.number(request.volume), web.formatter.price(result.average_price, symbol.tick)
    word = "bought" if request.side == "buy" else "sold"
    text = (
        f"{lots} lots of {symbol.code} {word} at {price}."
        if result.status == "filled"
        else f"Your {values['kind']} order for {lots} lots of {symbol.code} waits for its price."
    )
    if not web.fragment:
        return web.leave_for(f"/trade?account={account.id}&symbol={symbol.code}", notice=text)
    return _again(web, {}, account, symbol, "", said=text)


def _request(web: Page, values: dict[str, str], account: AccountRow, symbol: SymbolRow) -> OrderRequest:
    side: Literal["buy", "sell"] = "buy" if values.get("side") == "buy" else "sell"
    if values.get("side") not in ("buy", "sell"):
        raise ValueError("Choose to buy or to sell.")
    kind = KINDS.get(values.get("kind", ""))
    if kind is None:
        raise ValueError("Choose a kind of order.")
    volume = _number(values, "volume", "lots")
    if volume is None or volume <= 0:
        raise ValueError("Enter how many lots.")
    price = _number(values, "price", "the price") if kind != "market" else None
    if kind != "market" and price is None:
        raise ValueError("Enter the price of the order.")
    return OrderRequest(
        f"portal-{values.get('key') or new_id()}"[:100],
        account.id,
        symbol.id,
        side,
        volume,
        kind=kind,
        price=price,
        stop_loss=_number(values, "stop_loss", "the stop-loss"),
        take_profit=_number(values, "take_profit", "the take-profit"),
        origin=Origin(actor=web.actor),
    )


def _again(
    web: Page,
    values: dict[str, str],
    account: AccountRow,
    symbol: SymbolRow,
    error: str,
    *,
    status: int = 200,
    said: str = "",
) -> Response[Any]:
    with web.session() as session:
        now = quotes(session, account.id, [symbol.id])
    answer = web.render(
        "portal/ticket.html", status=status, account=account, symbol=symbol, quotes=now, ticket=_ticket(symbol) | values,
        key=str(new_id()), error=error, said=said, title=f"{symbol.code} · Trade",
    )  # fmt: skip
    if said:
        answer.headers["hx-trigger"] = web.message(said, event="account-changed")
    return answer


def _ticket(symbol: SymbolRow | None) -> dict[str, str]:
    lots = format(symbol.min_lot.normalize(), "f") if symbol else ""
    return {"side": "buy", "kind": "market", "volume": lots, "price": "", "stop_loss": "", "take_profit": ""}


def _account_and_symbol(
    web: Page, session: TenantSession, values: dict[str, str] | None = None
) -> tuple[AccountRow, SymbolRow]:
    given = web.query if values is None else values
    try:
        account = account_row(session, UUID(str(given.get("account", ""))), customer=web.person_id)
    except ValueError:
        account = None
    if account is None:
        raise NotFoundError("account")
    symbol = next((s for s in symbols_of_account(session, account.id) if s.code == given.get("symbol")), None)
    if symbol is None:
        raise NotFoundError("symbol")
    return account, symbol


def _chosen(accounts: Any, wanted: str) -> AccountRow | None:
    found: AccountRow | None = next((a for a in accounts if str(a.id) == wanted), None)
    return found or next((a for a in accounts if a.status == "active"), accounts[0] if accounts else None)


def _digits(symbol: SymbolRow) -> int:
    exponent = symbol.tick.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _number(values: dict[str, str], name: str, what: str) -> Decimal | None:
    sent = values.get(name, "").strip().replace(",", ".")
    if not sent:
        return None
    try:
        found = Decimal(sent)
    except InvalidOperation:
        raise ValueError(f"{what[:1].upper()}{what[1:]}: please enter a number.") from None
    if not found.is_finite():
        raise ValueError(f"{what[:1].upper()}{what[1:]}: please enter a number.")
    return found


ROUTES = [trade, chart_data, panels, order]
