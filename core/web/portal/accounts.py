"""An account of the customer's: its figures, positions, orders, history and ledger; and opening another."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from sqlalchemy import text

from core.onboarding.accounts import open_account
from core.web import trading_tables
from core.web.origins import origin_link
from core.web.page import Page
from core.web.reading import account_row, list_ledger, list_orders, list_positions
from core.web.refusals import NotFoundError
from core.web.slots import available_slots, render_slots
from core.web.tables import Action, Empty, Table, TableQuery
from tenants.db import TenantSession
from tenants.services.errors import TenantsError
from tenants.text import _

__all__ = ["ROUTES"]

_TYPES = text(
    "select id, name, currency, mode, leverage, demo, min_deposit from core.account_types where status = 'active' order by demo, name"
)


@get("/accounts/{account_id:uuid}", sync_to_thread=True)
def account(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """One account with its tabs."""
    tab = web.query.get("tab", "positions")
    with web.session() as session:
        row = account_row(session, account_id, customer=web.person_id)
        if row is None:
            raise NotFoundError(str(account_id))
        table = _table(web, session, account_id, tab)
    slots = available_slots(web, "portal.account.tab")
    if table is None and tab not in {key for key, _ in slots}:
        raise NotFoundError(tab)
    context = {"account_id": account_id, "customer_id": web.person_id}
    body = render_slots(web, "portal.account.tab", context, only=tab) if table is None else []
    own = (("positions", _("Positions")), ("orders", _("Orders")), ("history", _("History")), ("ledger", _("Ledger")))
    tabs = [(key, label, f"{web.path}?tab={key}", None) for key, label in (*own, *slots)]
    return web.render(
        "portal/account.html", account=row, tab=tab, tabs=tabs, table=table, slot=body[0] if body else None,
        title=_("Account {number}", number=row.number),
    )  # fmt: skip


@get("/accounts/{account_id:uuid}/figures", sync_to_thread=True)
def figures(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """The figures alone, asked for again while prices move."""
    with web.session() as session:
        row = account_row(session, account_id, customer=web.person_id)
    if row is None:
        raise NotFoundError(str(account_id))
    return web.render("portal/account_figures.html", account=row)


@get("/accounts/new", sync_to_thread=True)
def ask(web: Page) -> Response[str]:
    """Which kinds of account there are."""
    return _types(web)


@post("/accounts/new", sync_to_thread=True, status_code=200)
def make(web: Page) -> Response[Any]:
    """Open an account of the chosen kind."""
    try:
        wanted = UUID((web.form.get("type") or [""])[-1])
    except ValueError:
        return _types(web, _("Choose a kind of account."), status=422)
    try:
        with web.session() as session:
            made = open_account(session, web.person_id, wanted, web.who)
    except TenantsError as error:
        return _types(web, str(error), status=409)
    return web.leave_for(f"/accounts/{made.id}", notice=_("Account {number} is open.", number=made.number))


def _positions(web: Page, session: TenantSession, account_id: UUID, path: str) -> Table:
    """Open positions of one account."""
    columns = trading_tables.position_columns(customer=False, base="", link=origin_link(web))
    query = TableQuery.read(web.query, columns)
    found = list_positions(session, query, account=account_id, customer=web.person_id)
    trade = Action(_("Trade"), f"/trade?account={account_id}", "arrow-right")
    return Table(
        "positions", columns, found.rows, query, found.total, path, keep={"tab": "positions"}, caption=_("Open positions"),
        actions=trading_tables.position_actions(""),
        empty=Empty(_("No open positions"), _("Place an order, and what it opens appears here."), "chart-candle", trade),
    )  # fmt: skip


def _orders(web: Page, session: TenantSession, account_id: UUID, path: str) -> Table:
    """Orders of one account."""
    columns = trading_tables.order_columns(customer=False, base="", link=origin_link(web))
    query = TableQuery.read(web.query, columns)
    found = list_orders(session, query, account=account_id, customer=web.person_id)
    return Table(
        "orders", columns, found.rows, query, found.total, path, keep={"tab": "orders"}, caption=_("Orders"),
        actions=trading_tables.order_actions(""),
        empty=Empty(_("No orders"), _("Limit and stop orders wait here for their price."), "list-details"),
    )  # fmt: skip


def _table(web: Page, session: TenantSession, account_id: UUID, tab: str) -> Table | None:
    if tab == "positions":
        return _positions(web, session, account_id, web.path)
    if tab == "orders":
        return _orders(web, session, account_id, web.path)
    if tab == "history":
        columns = trading_tables.closed_columns(customer=False, base="", link=origin_link(web))
        query = TableQuery.read(web.query, columns)
        found = list_positions(session, query, account=account_id, customer=web.person_id, closed=True)
        return Table(
            "history", columns, found.rows, query, found.total, web.path, keep={"tab": "history"}, caption=_("Closed positions"),
            empty=Empty(_("Nothing closed yet"), _("Closed positions appear here with their results."), "history"),
        )  # fmt: skip
    if tab == "ledger":
        query = TableQuery.read(web.query, trading_tables.LEDGER)
        entries = list_ledger(session, query, account=account_id, customer=web.person_id)
        return Table(
            "ledger", trading_tables.LEDGER, entries.rows, query, entries.total, web.path, keep={"tab": "ledger"},
            caption=_("Ledger"), empty=Empty(_("Nothing booked yet"), _("Deposits and results of trades are booked here."), "receipt"),
        )  # fmt: skip
    return None


def _types(web: Page, error: str = "", status: int = 200) -> Response[str]:
    with web.session() as session:
        types = session.execute(_TYPES).all()
    return web.render("portal/account_new.html", status=status, types=types, error=error, title=_("Open an account"))


ROUTES = [account, figures, ask, make]
