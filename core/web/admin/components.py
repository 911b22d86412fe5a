"""Developers → Components: every part that pages are made of, drawn from the very text that is shown beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Annotated, Any

from litestar import get, post
from litestar.response import Response
from markupsafe import Markup
from pydantic import BaseModel, Field

from core.web.charts import Chart, Series
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.tables import Action, Column, Empty, Filter, Table, TableQuery
from core.web.templating import TEMPLATES

__all__ = ["ROUTES"]

_OPT: dict[str, Any] = {"permission": "developers.view"}


class Mode(StrEnum):
    """How sizes are chosen, in the example form."""

    PROPORTIONAL = "proportional"
    FIXED = "fixed"


class ExampleSettings(BaseModel):
    """A model that uses most of what forms can do."""

    title: Annotated[str, Field(max_length=60, description="As your customers read it.")] = "Balanced growth"
    mode: Annotated[Mode, Field(json_schema_extra={"widget": "radio"})] = Mode.PROPORTIONAL
    ratio: Annotated[
        Decimal, Field(title="Copy ratio", gt=0, le=10, json_schema_extra={"unit": "×", "step": "0.1"})
    ] = Decimal("1.0")
    slippage: Annotated[
        Decimal,
        Field(title="Slippage tolerance", ge=0, le=5, description="Opens only.", json_schema_extra={"unit": "%"}),
    ] = Decimal("0.1")
    max_trades: Annotated[int, Field(title="Max open trades", ge=1, le=100)] = 10
    notify: Annotated[bool, Field(title="Tell me about skipped trades", description="By e-mail, once a day.")] = True
    symbols: Annotated[
        list[str], Field(description="Empty: all of them.", json_schema_extra={"section": "Symbols"})
    ] = ["EURUSD", "XAUUSD"]
    mapping: Annotated[
        dict[str, str],
        Field(title="Other names", description="One on each line.", json_schema_extra={"section": "Symbols"}),
    ] = {"GOLD": "XAUUSD"}


@dataclass(frozen=True)
class Example:
    """A part: its name, what it is for, the template's text and what that draws."""

    name: str
    text: str
    source: str
    drawn: Markup


@get("/developers/components", opt=_OPT, sync_to_thread=True)
def gallery(web: Page) -> Response[str]:
    """All parts on one page."""
    environment = web.kit.templates.environment
    values = _values(web)
    topics: list[str] = []
    groups: list[tuple[str, list[Example]]] = []
    for group, names in _GROUPS:
        examples = []
        for name, text in names:
            source = (TEMPLATES / "admin" / "components" / f"{name}.html").read_text("utf-8").strip()
            template = environment.get_template(f"admin/components/{name}.html")
            with_view = {**values, "view": SimpleNamespace(csrf=web.visit.csrf, topics=topics), "web": web}
            drawn = Markup(template.render(with_view))  # noqa: S704 - drawn by Jinja, which has escaped it
            examples.append(Example(name.replace("_", " ").capitalize(), text, source, drawn))
        groups.append((group, examples))
    return web.render("admin/components.html", groups=groups, topics=topics, title="Components")


@get("/developers/components/dialog", opt=_OPT, sync_to_thread=True)
def dialog(web: Page) -> Response[str]:
    """The example of a dialog; it changes nothing."""
    return web.render("admin/components_dialog.html", title="Stop copying")


@post("/developers/components/dialog", opt=_OPT, sync_to_thread=True, status_code=200)
def confirmed(web: Page) -> Response[str]:
    """What a confirmed dialog answers on a live page."""
    return web.done("This example changes nothing.")


def _values(web: Page) -> dict[str, Any]:
    now = datetime.now(UTC)
    columns = (
        Column("symbol", "Symbol", "symbol", sort=True, heading=True),
        Column("side", "Side", "side"),
        Column("volume", "Lots", "volume", sort=True),
        Column("price", "Price", "price", digits=5, sort=True),
        Column("profit", "P&L", "pnl", currency="USD", sort=True),
        Column("status", "Status", "status"),
        Column("at", "Opened", "ago"),
    )
    filters = (
        Filter("search", "Symbol", "search"),
        Filter("side", "Side", "select", (("buy", "Buy"), ("sell", "Sell"))),
    )
    query = TableQuery.read(web.query, columns, filters)
    trades = (
        ("1", "EURUSD", "buy", "0.31", "1.09604", "128.40", "active", timedelta(minutes=4)),
        ("2", "XAUUSD", "sell", "0.05", "2418.20", "-42.17", "paused", timedelta(hours=3)),
        ("3", "BTCUSD", "buy", "0.01", "64210.5", "0", "rejected", timedelta(days=2)),
    )
    rows: list[dict[str, Any]] = [
        {"id": key, "symbol": symbol, "side": side, "volume": Decimal(volume), "price": Decimal(price),
         "profit": Decimal(profit), "status": status, "at": now - age}
        for key, symbol, side, volume, price, profit, status, age in trades
    ]  # fmt: skip
    shown = [
        row
        for row in rows
        if query.get("side") in ("", row["side"]) and query.get("search").upper() in str(row["symbol"])
    ]
    key = query.sort
    if key:
        shown.sort(key=lambda row: str(row[key]) if isinstance(row[key], str) else row[key], reverse=query.descending)
    table = Table(
        "examples", columns, shown, query, len(shown), web.path, filters=filters, caption="Examples", select="id",
        bulk=(Action("Pause selected", "/admin/developers/components/dialog", "player-pause"),),
        actions=lambda _row: (Action("Stop", "/admin/developers/components/dialog", "player-stop", dialog=True, danger=True),),
    )  # fmt: skip
    start = int(now.timestamp() * 1000) - 90 * 86_400_000
    curve = [(start + day * 86_400_000, 10_000 + 40 * day + 420 * math.sin(day / 6)) for day in range(90)]
    bars = []
    for day in range(90):
        opened, closed = 100 + 8 * math.sin(day / 9), 100 + 8 * math.sin((day + 1) / 9)
        bars.append((start + day * 86_400_000, opened, max(opened, closed) + 1.2, min(opened, closed) - 1.1, closed))
    return {
        "table": table,
        "empty": Empty(
            "No bots yet",
            "Customers start bots in the portal; they appear here at once.",
            "robot",
            Action("See strategies", "#", "arrow-right"),
        ),
        "form": form_for(ExampleSettings),
        "wrong": _wrong(),
        "equity": Chart(
            "example-equity", [Series(curve, "area", "Equity")], "Equity of ninety days", unit="USD", height=180
        ),
        "candles": Chart("example-candles", [Series(bars, "candles", "Price")], "Daily candles of ninety days"),
        "now": now,
        "Action": Action,
    }


def _wrong() -> Form:
    parsed = parse_form(
        ExampleSettings,
        {"title": ["Growth"], "mode": ["fixed"], "ratio": ["25"], "slippage": ["a lot"], "max_trades": ["0"]},
    )
    return Form(parsed.form.only("ratio", "slippage", "max_trades").fields)


_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Pages",
        (
            (
                "page_header",
                "The head of every page. crumbs lead back, actions are Action objects, a call block adds anything else.",
            ),
            ("tabs", "Tabs are addresses: they work without scripts and can be linked to."),
            ("card", "A card with a title. flush=true lets tables and charts touch its edges."),
            ("stats", "Tiles with one figure each; change colours the figure by its sign."),
            ("facts", "Labels and values."),
        ),
    ),
    (
        "Values",
        (
            (
                "values",
                "How money, prices, sizes, times and people are written. All follow the brokerage's language and time zone.",
            ),
            ("badges", "A status is always a word; the colour only helps. status knows the usual ones."),
        ),
    ),
    (
        "Tables and forms",
        (
            (
                "table",
                "Made in Python with Column, Filter, TableQuery and Table; sorted, filtered and paged by the server, cards on a phone.",
            ),
            (
                "form",
                "Made from a pydantic model by form_for; parse_form reads what was sent. Labels, help and limits come from the model.",
            ),
            ("form_errors", "What a form looks like when it comes back with status 422."),
        ),
    ),
    (
        "Dialogs and messages",
        (
            (
                "dialog",
                "A link with dialog=True opens the answer of its address in a dialog; that answer uses ui.confirm or ui.dialog.",
            ),
            ("alert", "A note in the flow of the page."),
            ("progress", "How far along long work is. ui.poll(address) asks for it again every second."),
        ),
    ),
    (
        "States",
        (
            ("empty", "Nothing here: why, and what to do about it."),
            ("loading", "While something is on its way."),
            ("failure", "One part of a page could not be loaded; the rest goes on."),
        ),
    ),
    (
        "Charts and live parts",
        (
            (
                "chart",
                "Area, line, baseline, histogram and candles. Add ui.chart_notice() once to each page with charts.",
            ),
            (
                "live",
                "One stream for each page: ui.stream(view, topics). Quotes fill ui.quote; other topics are events for hx-trigger.",
            ),
        ),
    ),
)

ROUTES = [gallery, dialog, confirmed]
