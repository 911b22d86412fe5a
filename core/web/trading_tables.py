"""The columns of positions, orders and ledgers: the same in the back office, the portal and wherever else they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text

from core.web.tables import Action, Column, Filter
from tenants.db import TenantSession
from tenants.text import _

__all__ = [
    "LEDGER",
    "ORDER_STATUS",
    "SEARCH",
    "closed_columns",
    "filters",
    "order_actions",
    "order_columns",
    "position_actions",
    "position_columns",
    "working_columns",
]

Link = Callable[[Any], str]
"""The address of what a row comes from; empty where there is none."""

SEARCH = Filter("search", _("Account or customer"), "search")
ORDER_STATUS = Filter(
    "status",
    _("Status"),
    "select",
    (
        ("open", _("Working")),
        ("filled", _("Filled")),
        ("partial", _("Partial")),
        ("cancelled", _("Cancelled")),
        ("rejected", _("Rejected")),
        ("unknown", _("Unknown")),
    ),
)
_SIDES = (("buy", _("Buy")), ("sell", _("Sell")))
_ORIGINS = (("manual", _("Manual")), ("copy", _("Copy")), ("bot", _("Bot")), ("system", _("System")))


def filters(session: TenantSession) -> tuple[Filter, ...]:
    """Symbol, side, origin."""
    codes = session.execute(text("select code from core.symbols order by code")).scalars().all()
    return (
        Filter("symbol", _("Symbol"), "select", tuple((code, code) for code in codes)),
        Filter("side", _("Side"), "select", _SIDES),
        Filter("origin", _("Origin"), "select", _ORIGINS),
    )


def _whose(base: str) -> tuple[Column, ...]:
    # Customers know their own name.
    sub = "customer" if base else ""
    return (Column("account", _("Account"), sort=True, sub=sub, href=lambda row: f"{base}/accounts/{row.account_id}"),)


def position_columns(*, customer: bool, base: str, link: Link | None = None) -> tuple[Column, ...]:
    """Open positions. ``link``: the address of what a row comes from."""
    return (
        Column("symbol", _("Symbol"), "symbol", sort=True, heading=True, tag="tag"),
        *(_whose(base) if customer else ()),
        Column("side", _("Side"), "side"),
        Column("volume", _("Lots"), "volume", sort=True),
        Column("open_price", _("Opened at"), "price", digits="tick"),
        Column("price", _("Now"), "price", digits="tick"),
        Column("stop_loss", _("Stop-loss"), "price", digits="tick", wide="lg"),
        Column("take_profit", _("Take-profit"), "price", digits="tick", wide="lg"),
        Column("floating", _("P&L"), "pnl", currency="currency"),
        Column("origin", _("Origin"), "origin", wide="md", href=link),
        Column("opened_ts_ms", _("Opened"), "time", sort=True, wide="xl", hint=_("The feed's time")),
    )


def closed_columns(*, customer: bool, base: str, link: Link | None = None) -> tuple[Column, ...]:
    """Closed positions. ``link``: the address of what a row comes from."""
    return (
        Column("symbol", _("Symbol"), "symbol", sort=True, heading=True, tag="tag"),
        *(_whose(base) if customer else ()),
        Column("side", _("Side"), "side"),
        Column("opened_volume", _("Lots"), "volume"),
        Column("open_price", _("Opened at"), "price", digits="tick"),
        Column("commission", _("Commission"), "money", currency="currency", wide="lg"),
        Column("net", _("Result"), "pnl", currency="currency", hint=_("Profit less commission, swap included")),
        Column("close_reason", _("Closed by"), "status", wide="md"),
        Column("origin", _("Origin"), "origin", wide="md", href=link),
        Column("closed_ts_ms", _("Closed"), "time", sort=True, hint=_("The feed's time")),
    )


def order_columns(*, customer: bool, base: str, link: Link | None = None) -> tuple[Column, ...]:
    """Orders. ``link``: the address of what a row comes from."""
    return (
        Column("symbol", _("Symbol"), "symbol", sort=True, heading=True),
        *(_whose(base) if customer else ()),
        Column("side", _("Side"), "side"),
        Column("kind", _("Kind"), "status_text"),
        Column("volume", _("Lots"), "volume", sort=True),
        Column("price", _("Price"), "price", sort=True, digits="tick"),
        Column("average_price", _("Filled at"), "price", digits="tick", wide="lg"),
        Column("status", _("Status"), "status", sub="reason_text"),
        Column("origin", _("Origin"), "origin", wide="md", href=link),
        Column("placed_at", _("Placed"), "time", sort=True, wide="lg"),
    )


def working_columns(*, link: Link | None = None) -> tuple[Column, ...]:
    """Orders that still live, on one account."""
    return (
        Column("symbol", _("Symbol"), "symbol", heading=True),
        Column("side", _("Side"), "side"),
        Column("kind", _("Kind"), "status_text"),
        Column("volume", _("Lots"), "volume"),
        Column("price", _("Price"), "price", digits="tick"),
        Column("stop_loss", _("Stop-loss"), "price", digits="tick", wide="lg"),
        Column("take_profit", _("Take-profit"), "price", digits="tick", wide="lg"),
        Column("status", _("Status"), "status"),
        Column("origin", _("Origin"), "origin", wide="md", href=link),
        Column("placed_at", _("Placed"), "time", wide="xl"),
    )


LEDGER: tuple[Column, ...] = (
    Column("kind", _("Entry"), "status_text", sub="note", heading=True),
    Column("amount", _("Amount"), "pnl", sort=True, currency="currency"),
    Column("commission", _("Commission"), "money", currency="currency", wide="lg"),
    Column("swap", _("Swap"), "money", currency="currency", wide="xl"),
    Column("balance", _("Balance"), "money", currency="currency"),
    Column("origin", _("Origin"), "origin", wide="md"),
    Column("actor", _("By"), wide="lg"),
    Column("booked_at", _("Booked"), "time", sort=True),
)


def position_actions(base: str) -> Callable[[Any], Sequence[Action]]:
    """What can be done with an open position."""
    return lambda row: (
        Action(_("Protect"), f"{base}/positions/{row.id}/protect", "shield", dialog=True),
        Action(_("Close"), f"{base}/positions/{row.id}/close", "x", dialog=True, danger=True),
    )


def order_actions(base: str) -> Callable[[Any], Sequence[Action]]:
    """What can be done with an order that still waits; customers change their own."""

    def actions(row: Any) -> Sequence[Action]:
        found = []
        if row.changeable and not base:
            found.append(Action(_("Change"), f"{base}/orders/{row.id}/change", "pencil", dialog=True))
        if row.cancellable:
            found.append(Action(_("Cancel"), f"{base}/orders/{row.id}/cancel", "x", dialog=True, danger=True))
        return found

    return actions
