"""The customer's first page: their accounts at a glance."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Response

from core.web import trading_tables
from core.web.origins import origin_link
from core.web.page import Page
from core.web.reading import list_accounts, list_positions
from core.web.slots import render_slots
from core.web.tables import Table, TableQuery
from tenants.text import _

__all__ = ["ROUTES"]


@get("/", sync_to_thread=True)
def overview(web: Page) -> Response[Any]:
    """Accounts with what they are worth, and what the modules have to say."""
    with web.session() as session:
        found = list_accounts(session, TableQuery(size=100), customer=web.person_id)
        held = list_positions(session, TableQuery(size=10), customer=web.person_id)
    columns = trading_tables.position_columns(customer=True, base="", link=origin_link(web))
    positions = Table(
        "positions", columns, held.rows, caption=_("Open positions"), actions=trading_tables.position_actions("")
    )
    slots = render_slots(web, "portal.dashboard", {"customer_id": web.person_id})
    return web.render(
        "portal/overview.html", accounts=found.rows, positions=positions, slots=slots, title=_("Overview")
    )


@get("/overview/accounts", sync_to_thread=True)
def cards(web: Page) -> Response[str]:
    """The accounts' cards alone, asked for again while the page is open."""
    with web.session() as session:
        found = list_accounts(session, TableQuery(size=100), customer=web.person_id)
    return web.render("portal/account_cards.html", accounts=found.rows)


ROUTES = [overview, cards]
