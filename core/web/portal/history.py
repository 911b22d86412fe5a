"""Everything that was closed on a customer's accounts, searched and as a file."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from litestar import get
from litestar.response import Response

from core.web import trading_tables
from core.web.origins import origin_link
from core.web.page import Page, WebPage
from core.web.reading import list_accounts, list_positions
from core.web.tables import Column, Empty, Filter, Table, TableQuery
from tenants.db import TenantSession
from tenants.text import _

__all__ = ["ROUTES"]

_EVERY = 100_000
"""Rows of a file at most."""
_FILE = (
    Column("account", _("Account")),
    Column("currency", _("Currency")),
    Column("symbol", _("Symbol")),
    Column("side", _("Side")),
    Column("opened_volume", _("Lots"), "volume"),
    Column("opened_at", _("Opened"), "time"),
    Column("open_price", _("Opened at"), "price"),
    Column("closed_at", _("Closed"), "time"),
    Column("realised", _("Profit"), "money"),
    Column("commission", _("Commission"), "money"),
    Column("swap", _("Swap"), "money"),
    Column("net", _("Result"), "money"),
    Column("close_reason", _("Closed by")),
    Column("origin", _("Origin")),
    Column("id", _("Position")),
)


@get("/history", sync_to_thread=True)
def history(web: Page) -> Response[str]:
    """Closed positions on all accounts, the latest first."""
    columns = trading_tables.closed_columns(customer=True, base="", link=origin_link(web))
    with web.session() as session:
        filters = _filters(web, session)
        query = TableQuery.read(web.query, columns, filters)
        found = list_positions(session, query, customer=web.person_id, closed=True)
    export = "/history.csv" + (f"?{urlencode(dict(query.filters))}" if query.filters else "")
    table = Table(
        "history",
        columns,
        found.rows,
        query,
        found.total,
        web.path,
        filters=filters,
        caption=_("Closed positions"),
        export=export,
        empty=Empty(_("Nothing closed yet"), _("Your closed positions appear here with their results."), "history"),
    )
    return web.render("portal/history.html", table=table, title=_("History"))


@get("/history.csv", sync_to_thread=True)
def export(web: Page) -> Response[str]:
    """The same positions as a file, under the same filters."""
    with web.session() as session:
        query = replace(TableQuery.read(web.query, (), _filters(web, session)), size=_EVERY)
        found = list_positions(session, query, customer=web.person_id, closed=True)
    return web.csv("history", _FILE, found.rows)


def _filters(web: WebPage, session: TenantSession) -> tuple[Filter, ...]:
    accounts = list_accounts(session, TableQuery(size=100, sort="number"), customer=web.person_id).rows
    numbers = tuple((item.number, f"{item.number} · {item.type}") for item in accounts)
    return (
        Filter("account", _("Account"), "select", numbers),
        *trading_tables.filters(session),
        Filter("since", _("From"), "date"),
        Filter("until", _("To"), "date"),
    )


ROUTES = [history, export]
