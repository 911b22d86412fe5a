"""The trading page: quotes, a chart, a ticket, and what one account holds and waits for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.trading.services import favourites, quotes, set_favourite
from core.trading.types import QuoteView
from core.web.charts import Chart, Line, Series, levels_of, series_of
from core.web.page import Page, WebPage
from core.web.portal.dock import Dock, dock_of
from core.web.portal.naming import account_and_symbol, digits_of
from core.web.portal.ticket import Ticket
from core.web.reading import AccountRow, SymbolRow, account_row, candles, list_accounts, symbols_of_account, usual_gap_s
from core.web.refusals import NotFoundError
from core.web.tables import TableQuery
from tenants.db import TenantSession
from tenants.text import _

__all__ = ["ROUTES"]

STEPS = {"10s": 10, "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14_400, "1d": 86_400}
NEAR = Decimal("0.1")
"""Lines further from the price than this part of it are left out of the chart, which would flatten its candles."""


@dataclass(frozen=True)
class Choice:
    """What the address asks for: account, symbol, length of a candle, tab of the dock."""

    account: AccountRow
    symbol: SymbolRow | None
    step: str
    tab: str

    def url(self, path: str = "/trade", **changes: Any) -> str:
        """The page with something of it changed."""
        values: dict[str, Any] = {"account": self.account.id, "step": self.step, "tab": self.tab}
        if self.symbol:
            values["symbol"] = self.symbol.code
        return f"{path}?{urlencode({key: value for key, value in (values | changes).items() if value})}"


@get("/trade", sync_to_thread=True)
def trade(web: Page) -> Response[str]:
    """The page of the chosen account and symbol; the first of each where none is chosen."""
    with web.session() as session:
        accounts = list_accounts(session, TableQuery(size=100, sort="number"), customer=web.person_id).rows
        account = _chosen(accounts, web.query.get("account", ""))
        if account is None:
            return web.render("portal/trade_none.html", title=_("Trade"))
        marked = favourites(session, web.person_id)
        symbols = sorted(symbols_of_account(session, account.id), key=lambda item: (item.id not in marked, item.code))
        symbol = next((s for s in symbols if s.code == web.query.get("symbol")), symbols[0] if symbols else None)
        now = quotes(session, account.id, [item.id for item in symbols])
        choice = Choice(account, symbol, _step(web, session, symbol), web.query.get("tab", ""))
        dock = dock_of(web, session, account, choice.tab)
    return web.render(
        "portal/trade.html",
        choice=choice,
        account=account,
        accounts=accounts,
        symbols=symbols,
        favourites=marked,
        symbol=symbol,
        quotes=now,
        quote=now.get(symbol.id) if symbol else None,
        chart=_chart(choice),
        levels=_levels(dock, symbol, now),
        steps=list(STEPS),
        dock=dock,
        ticket=Ticket.fresh(symbol) if symbol else None,
        title=_("{symbol} · Trade", symbol=symbol.code) if symbol else _("Trade"),
    )


@get("/trade/candles", sync_to_thread=True)
def chart_data(web: Page) -> Response[dict[str, Any]]:
    """Candles for the chart."""
    step = STEPS.get(web.query.get("step", ""), 60)
    with web.session() as session:
        _account, symbol = account_and_symbol(web, session, web.query)
        bars = candles(session, symbol, step)
    return Response(
        {"series": [series_of(Series(bars, "candles", symbol.code))], "step": step, "digits": digits_of(symbol)}
    )


@get("/trade/{account_id:uuid}/panels", sync_to_thread=True)
def panels(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """Figures and what the account holds, asked for again while prices move."""
    with web.session() as session:
        account = account_row(session, account_id, customer=web.person_id)
        if account is None:
            raise NotFoundError(str(account_id))
        code = web.query.get("symbol", "")
        symbol = next((item for item in symbols_of_account(session, account.id) if item.code == code), None)
        now = quotes(session, account.id, [symbol.id] if symbol else [])
        step = web.query.get("step", "")
        choice = Choice(account, symbol, step if step in STEPS else "", web.query.get("tab", ""))
        dock = dock_of(web, session, account, choice.tab)
    return web.render(
        "portal/trade_panels.html",
        choice=choice,
        account=account,
        symbol=symbol,
        quote=now.get(symbol.id) if symbol else None,
        dock=dock,
        levels=_levels(dock, symbol, now),
        oob=True,
    )


@post("/trade/favourites", sync_to_thread=True, status_code=200)
def mark(web: Page) -> Response[str]:
    """Mark a symbol, or take the mark away; the star as it is then."""
    sent = {name: values[-1] for name, values in web.form.items() if values}
    marked = sent.get("marked") == "yes"
    with web.session() as session:
        account, symbol = account_and_symbol(web, session, sent)
        set_favourite(session, web.person_id, symbol.id, marked)
    return web.render("portal/trade_star.html", account=account, item=symbol, marked=marked)


def _chosen(accounts: Any, wanted: str) -> AccountRow | None:
    found: AccountRow | None = next((a for a in accounts if str(a.id) == wanted), None)
    return found or next((a for a in accounts if a.status == "active"), accounts[0] if accounts else None)


def _step(web: WebPage, session: TenantSession, symbol: SymbolRow | None) -> str:
    asked = web.query.get("step", "")
    if asked in STEPS:
        return asked
    # A candle should have a few quotes in it, however fast or slow the feed is.
    gap_s = usual_gap_s(session, symbol) if symbol else 0.0
    return next((name for name, length in STEPS.items() if length >= 3 * gap_s), "1d")


def _chart(choice: Choice) -> Chart | None:
    symbol = choice.symbol
    if symbol is None:
        return None
    return Chart(
        "price",
        [Series((), "candles", symbol.code)],
        _("Candles of {symbol}", symbol=symbol.code),
        digits=digits_of(symbol),
        height=400,
        source=choice.url("/trade/candles", tab=""),
        live=symbol.code,
        step_s=STEPS[choice.step],
    )


def _levels(dock: Dock, symbol: SymbolRow | None, now: dict[UUID, QuoteView]) -> str:
    """Entries, protections and working orders of the symbol as lines of the chart, as far as they are near the price."""
    quote = now.get(symbol.id) if symbol else None
    if symbol is None or quote is None:
        return levels_of(())
    lines = []
    for row in dock.positions:
        if row.symbol_id == symbol.id:
            lines.append(Line(row.open_price, "up" if row.side == "buy" else "down", row.side.upper()))
            lines += _protection(row.stop_loss, row.take_profit)
    for order in dock.orders:
        if order.symbol_id == symbol.id and order.price is not None:
            lines.append(Line(order.price, "primary", order.kind.upper(), dashed=True))
    near = [line for line in lines if abs(Decimal(line.price) - quote.bid) <= quote.bid * NEAR]
    return levels_of(near[:30])


def _protection(stop_loss: Decimal | None, take_profit: Decimal | None) -> list[Line]:
    named = ((stop_loss, "down", "SL"), (take_profit, "up", "TP"))
    return [Line(price, tone, label, dashed=True) for price, tone, label in named if price is not None]


ROUTES = [trade, chart_data, panels, mark]
