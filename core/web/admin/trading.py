"""Trading → Accounts, Positions, Orders: what customers have, and what staff can close and cancel.

These pages belong to no module, so they also show what a module that is off or winding down has left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from sqlalchemy import text

from core.web import acting, trading_tables
from core.web.page import Page
from core.web.reading import account_row, list_accounts, list_ledger, list_orders, list_positions
from core.web.refusals import NotFoundError
from core.web.slots import available_slots, render_slots
from core.web.tables import Action, Column, Empty, Filter, Table, TableQuery
from tenants.db import TenantSession
from tenants.text import _

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "trading.view"}
_EVERY: Final = 1_000_000
"""Rows of a file: all of them."""
_STATUSES = (("active", _("Active")), ("close_only", _("Close only")), ("disabled", _("Disabled")))
_ACCOUNTS = (
    Column("number", _("Account"), sort=True, href=lambda row: f"/admin/accounts/{row.id}", heading=True),
    Column("customer", _("Customer"), sort=True, sub="email", href=lambda row: f"/admin/customers/{row.customer_id}"),
    Column("type", _("Type"), "custom", sort=True),
    Column("balance", _("Balance"), "money", sort=True, currency="currency"),
    Column("equity", _("Equity"), "money", currency="currency"),
    Column("floating", _("Floating P&L"), "pnl", currency="currency", wide="lg"),
    Column("margin", _("Margin"), "money", sort=True, currency="currency", wide="xl"),
    Column("level", _("Margin level"), "percent", wide="lg", hint=_("Equity divided by margin")),
    Column("status", _("Status"), "status"),
)


@get("/accounts", opt=_VIEW, sync_to_thread=True)
def accounts(web: Page) -> Response[str]:
    """All accounts."""
    with web.session() as session:
        filters = _account_filters(session)
        query = TableQuery.read(web.query, _ACCOUNTS, filters)
        found = list_accounts(session, query)
    table = Table(
        "accounts", _ACCOUNTS, found.rows, query, found.total, web.path, filters=filters, caption=_("Accounts"),
        export=_export("accounts", query),
        empty=Empty(_("No accounts yet"), _("Customers open accounts in the portal; they appear here at once."), "wallet"),
    )  # fmt: skip
    return web.render("admin/accounts.html", table=table, title=_("Accounts"))


@get("/accounts.csv", opt=_VIEW, sync_to_thread=True)
def accounts_file(web: Page) -> Response[str]:
    """All accounts under the same filters, as a file."""
    with web.session() as session:
        query = TableQuery.read(web.query, _ACCOUNTS, _account_filters(session))
        return web.csv("accounts", _ACCOUNTS, list_accounts(session, replace(query, page=1, size=_EVERY)).rows)


@get("/accounts/{account_id:uuid}", opt=_VIEW, sync_to_thread=True)
def account(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """One account: its figures, and a tab for each kind of thing it holds."""
    tab = web.query.get("tab", "positions")
    slots = available_slots(web, "admin.account.tab")
    with web.session() as session:
        row = account_row(session, account_id)
        if row is None:
            raise NotFoundError(str(account_id))
        own = {"positions": _positions_tab, "orders": _orders_tab, "closed": _closed_tab, "ledger": _ledger_tab}
        table = own[tab](web, session, account_id) if tab in own else None
        counts = _counts(session, account_id)
    body = render_slots(web, "admin.account.tab", {"account_id": account_id, "customer_id": row.customer_id}, only=tab)
    if table is None and tab not in {key for key, _ in slots}:
        raise NotFoundError(tab)
    tabs = [
        ("positions", _("Positions"), counts[0]),
        ("orders", _("Orders"), counts[1]),
        ("closed", _("Closed positions"), None),
        ("ledger", _("Ledger"), None),
        *((key, title, None) for key, title in slots),
    ]
    return web.render(
        "admin/account.html", account=row, tab=tab, table=table, slot=body[0] if body else None,
        tabs=[(key, label, f"{web.path}?tab={key}", count) for key, label, count in tabs], title=_("Account {number}", number=row.number),
    )  # fmt: skip


@get("/positions", opt=_VIEW, sync_to_thread=True)
def positions(web: Page) -> Response[str]:
    """All open positions, of whatever origin."""
    columns = trading_tables.position_columns(customer=True, base="/admin")
    with web.session() as session:
        filters = _position_filters(session)
        query = TableQuery.read(web.query, columns, filters)
        found = list_positions(session, query)
    table = Table(
        "positions", columns, found.rows, query, found.total, web.path, filters=filters, caption=_("Open positions"),
        export=_export("positions", query), actions=trading_tables.position_actions("/admin") if web.may("trading.manage") else None,
        select="id" if web.may("trading.manage") else "",
        bulk=(Action(_("Close selected"), "/admin/positions/close", "square-x", danger=True),),
        empty=Empty(_("No open positions"), _("Nobody holds anything at the moment."), "chart-candle"),
    )  # fmt: skip
    return web.render("admin/positions.html", table=table, title=_("Positions"))


@get("/positions.csv", opt=_VIEW, sync_to_thread=True)
def positions_file(web: Page) -> Response[str]:
    """All open positions under the same filters, as a file."""
    columns = trading_tables.position_columns(customer=True, base="/admin")
    with web.session() as session:
        query = TableQuery.read(web.query, columns, _position_filters(session))
        return web.csv("positions", columns, list_positions(session, replace(query, page=1, size=_EVERY)).rows)


@get("/orders", opt=_VIEW, sync_to_thread=True)
def orders(web: Page) -> Response[str]:
    """All orders."""
    columns = trading_tables.order_columns(customer=True, base="/admin")
    with web.session() as session:
        filters = (*_position_filters(session), trading_tables.ORDER_STATUS)
        query = TableQuery.read(web.query, columns, filters)
        found = list_orders(session, query)
    table = Table(
        "orders", columns, found.rows, query, found.total, web.path, filters=filters, caption=_("Orders"),
        export=_export("orders", query), actions=trading_tables.order_actions("/admin") if web.may("trading.manage") else None,
        select="id" if web.may("trading.manage") else "",
        bulk=(Action(_("Cancel selected"), "/admin/orders/cancel", "circle-x", danger=True),),
        empty=Empty(_("No orders yet"), _("Orders of customers, copies and bots appear here."), "list-details"),
    )  # fmt: skip
    return web.render("admin/orders.html", table=table, title=_("Orders"))


@get("/orders.csv", opt=_VIEW, sync_to_thread=True)
def orders_file(web: Page) -> Response[str]:
    """All orders under the same filters, as a file."""
    columns = trading_tables.order_columns(customer=True, base="/admin")
    with web.session() as session:
        filters = (*_position_filters(session), trading_tables.ORDER_STATUS)
        query = TableQuery.read(web.query, columns, filters)
        return web.csv("orders", columns, list_orders(session, replace(query, page=1, size=_EVERY)).rows)


def _account_filters(session: TenantSession) -> tuple[Filter, ...]:
    types = session.execute(text("select name from core.account_types order by name")).scalars().all()
    return (
        Filter("search", _("Number, name or e-mail"), "search"),
        Filter("type", _("Type"), "select", tuple((name, name) for name in types)),
        Filter("status", _("Status"), "select", _STATUSES),
    )


def _position_filters(session: TenantSession) -> tuple[Filter, ...]:
    return (trading_tables.SEARCH, *trading_tables.filters(session))


def _export(name: str, query: TableQuery) -> str:
    """The address of a list as a file, under the filters and in the order that the page shows."""
    params = query.params(page=1, size="")
    return f"/admin/{name}.csv" + (f"?{urlencode(params)}" if params else "")


def _positions_tab(web: Page, session: TenantSession, account_id: UUID) -> Table:
    columns = trading_tables.position_columns(customer=False, base="/admin")
    query = TableQuery.read(web.query, columns)
    found = list_positions(session, query, account=account_id)
    actions = trading_tables.position_actions("/admin") if web.may("trading.manage") else None
    return Table(
        "positions", columns, found.rows, query, found.total, web.path, keep={"tab": "positions"}, actions=actions,
        caption=_("Open positions"), empty=Empty(_("No open positions"), _("This account holds nothing."), "chart-candle"),
    )  # fmt: skip


def _closed_tab(web: Page, session: TenantSession, account_id: UUID) -> Table:
    columns = trading_tables.closed_columns(customer=False, base="/admin")
    query = TableQuery.read(web.query, columns)
    found = list_positions(session, query, account=account_id, closed=True)
    return Table(
        "closed", columns, found.rows, query, found.total, web.path, keep={"tab": "closed"}, caption=_("Closed positions"),
        empty=Empty(_("Nothing closed yet"), _("Positions appear here once they are closed."), "history"),
    )  # fmt: skip


def _orders_tab(web: Page, session: TenantSession, account_id: UUID) -> Table:
    columns = trading_tables.order_columns(customer=False, base="/admin")
    query = TableQuery.read(web.query, columns)
    found = list_orders(session, query, account=account_id)
    actions = trading_tables.order_actions("/admin") if web.may("trading.manage") else None
    return Table(
        "orders", columns, found.rows, query, found.total, web.path, keep={"tab": "orders"}, actions=actions,
        caption=_("Orders"), empty=Empty(_("No orders yet"), "", "list-details"),
    )  # fmt: skip


def _ledger_tab(web: Page, session: TenantSession, account_id: UUID) -> Table:
    query = TableQuery.read(web.query, trading_tables.LEDGER)
    found = list_ledger(session, query, account=account_id)
    return Table(
        "ledger", trading_tables.LEDGER, found.rows, query, found.total, web.path, keep={"tab": "ledger"},
        caption=_("Ledger"), empty=Empty(_("The ledger is empty"), _("Deposits and results of trades are booked here."), "receipt"),
    )  # fmt: skip


def _counts(session: TenantSession, account_id: UUID) -> tuple[int, int]:
    row = session.execute(
        text(
            "select (select count(*) from core.positions where account_id = :id and closed_ts_ms is null),"
            " (select count(*) from core.orders where account_id = :id and status in ('pending', 'resting', 'waiting', 'unknown'))"
        ),
        {"id": account_id},
    ).one()
    return int(row[0]), int(row[1])


ROUTES: list[ControllerRouterHandler] = [
    accounts, accounts_file, account, positions, positions_file, orders, orders_file, acting.AdminActing,
]  # fmt: skip
