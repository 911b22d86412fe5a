"""What stands below the chart: the account's positions, working orders and history, one of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.web import trading_tables
from core.web.origins import origin_link
from core.web.page import WebPage
from core.web.reading import AccountRow, OrderRow, PositionRow, list_orders, list_positions
from core.web.tables import Empty, Table, TableQuery
from tenants.db import TenantSession
from tenants.text import _

__all__ = ["Dock", "dock_of"]

TABS = ("positions", "orders", "history")
MANY = 100
"""Rows that the dock shows at most; the account's own page has them all."""


@dataclass(frozen=True)
class Dock:
    """The chosen tab's table, and how much there is of the others. ``positions`` and ``orders``: those that are shown."""

    tab: str
    table: Table
    positions: Sequence[PositionRow]
    orders: Sequence[OrderRow]
    open_positions: int
    working_orders: int

    @property
    def more(self) -> bool:
        """Whether there is more than is shown."""
        return (self.table.total or 0) > len(self.table.rows)


def dock_of(web: WebPage, session: TenantSession, account: AccountRow, tab: str) -> Dock:
    """The dock of an account. An unknown tab is the first one."""
    tab = tab if tab in TABS else TABS[0]
    everything = TableQuery(size=MANY)
    positions = list_positions(session, everything, account=account.id, customer=web.person_id)
    orders = list_orders(session, everything, account=account.id, customer=web.person_id, open_only=True)
    link = origin_link(web)
    if tab == "orders":
        empty = Empty(_("No working orders"), _("Limit and stop orders wait here for their price."), "list-details")
        columns = trading_tables.working_columns(link=link)
        table = Table(
            "orders", columns, orders.rows, total=orders.total, caption=_("Working orders"),
            actions=trading_tables.order_actions(""), empty=empty,
        )  # fmt: skip
    elif tab == "history":
        found = list_positions(session, TableQuery(size=25), account=account.id, customer=web.person_id, closed=True)
        empty = Empty(_("Nothing closed yet"), _("Closed positions appear here with their results."), "history")
        columns = trading_tables.closed_columns(customer=False, base="", link=link)
        table = Table("history", columns, found.rows, total=found.total, caption=_("Closed positions"), empty=empty)
    else:
        empty = Empty(_("No open positions"), _("Place an order, and what it opens appears here."), "chart-candle")
        columns = trading_tables.position_columns(customer=False, base="", link=link)
        table = Table(
            "positions", columns, positions.rows, total=positions.total, caption=_("Open positions"),
            actions=trading_tables.position_actions(""), empty=empty,
        )  # fmt: skip
    # Newest first, always: the account's own page sorts.
    table = replace(table, columns=[replace(column, sort=False) for column in table.columns])
    return Dock(tab, table, positions.rows, orders.rows, positions.total, orders.total)
