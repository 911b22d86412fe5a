"""The columns of positions, orders and ledgers: the same in the back office, the portal and wherever else they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text

from core.web.tables import Action, Column, Filter
from tenants.db import TenantSession

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
]

SEARCH = Filter("search", "Account or customer", "search")
ORDER_STATUS = Filter(
    "status",
    "Status",
    "select",
    (
        ("open", "Working"),
        ("filled", "Filled"),
        ("partial", "Partial"),
        ("cancelled", "Cancelled"),
        ("rejected", "Rejected"),
        ("unknown", "Unknown"),
    ),
)
_SIDES = (("buy", "Buy"), ("sell", "Sell"))
_ORIGINS = (("manual", "Manual"), ("copy", "Copy"), ("bot", "Bot"), ("system", "System"))


def filters(session: TenantSession) -> tuple[Filter, ...]:
    """Symbol, side, origin."""
    codes = session.execute(text("select code from core.symbols order by code")).scalars().all()
    return (
        Filter("symbol", "Symbol", "select", tuple((code, code) for code in codes)),
        Filter("side", "Side", "select", _SIDES),
        Filter("origin", "Origin", "select", _ORIGINS),
    )


def _whose(base: str) -> tuple[Column, ...]:
    # Customers know their own name.
    sub = "customer" if base else ""
    return (Column("account", "Account", sort=True, sub=sub, href=lambda row: f"{base}/accounts/{row.account_id}"),)


def position_columns(*, customer: bool, base: str) -> tuple[Column, ...]:
    """Open positions."""
    return (
        Column("symbol", "Symbol", "symbol", sort=True, heading=True, tag="tag"),
        *(_whose(base) if customer else ()),
        Column("side", "Side", "side"),
        Column("volume", "Lots", "volume", sort=True),
        Column("open_price", "Opened at", "price", digits="tick"),
        Column("price", "Now", "price", digits="tick"),
        Column("stop_loss", "Stop-loss", "price", digits="tick", wide="lg"),
        Column("take_profit", "Take-profit", "price", digits="tick", wide="lg"),
        Column("floating", "P&L", "pnl", currency="currency"),
        Column("origin", "Origin", "origin", wide="md"),
        Column("opened_ts_ms", "Opened", "time", sort=True, wide="xl", hint="The feed's time"),
    )


def closed_columns(*, customer: bool, base: str) -> tuple[Column, ...]:
    """Closed positions."""
    return (
        Column("symbol", "Symbol", "symbol", sort=True, heading=True, tag="tag"),
        *(_whose(base) if customer else ()),
        Column("side", "Side", "side"),
        Column("opened_volume", "Lots", "volume"),
        Column("open_price", "Opened at", "price", digits="tick"),
        Column("commission", "Commission", "money", currency="currency", wide="lg"),
        Column("net", "Result", "pnl", currency="currency", hint="Profit less commission, swap included"),
        Column("close_reason", "Closed by", "status", wide="md"),
        Column("origin", "Origin", "origin", wide="md"),
        Column("closed_ts_ms", "Closed", "time", sort=True, hint="The feed's time"),
    )


def order_columns(*, customer: bool, base: str) -> tuple[Column, ...]:
    """Orders."""
    return (
        Column("symbol", "Symbol", "symbol", sort=True, heading=True),
        *(_whose(base) if customer else ()),
        Column("side", "Side", "side"),
        Column("kind", "Kind", "status_text"),
        Column("volume", "Lots", "volume", sort=True),
        Column("price", "Price", "price", sort=True, digits="tick"),
        Column("average_price", "Filled at", "price", digits="tick", wide="lg"),
        Column("status", "Status", "status", sub="reason_text"),
        Column("origin", "Origin", "origin", wide="md"),
        Column("placed_at", "Placed", "time", sort=True, wide="lg"),
    )


LEDGER: tuple[Column, ...] = (
    Column("kind", "Entry", "status_text", sub="note", heading=True),
    Column("amount", "Amount", "pnl", sort=True, currency="currency"),
    Column("commission", "Commission", "money", currency="currency", wide="lg"),
    Column("swap", "Swap", "money", currency="currency", wide="xl"),
    Column("balance", "Balance", "money", currency="currency"),
    Column("origin", "Origin", "origin", wide="md"),
    Column("actor", "By", wide="lg"),
    Column("booked_at", "Booked", "time", sort=True),
)


def position_actions(base: str) -> Callable[[Any], Sequence[Action]]:
    """What can be done with an open position."""
    return lambda row: (
        Action("Protect", f"{base}/positions/{row.id}/protect", "shield", dialog=True),
        Action("Close", f"{base}/positions/{row.id}/close", "x", dialog=True, danger=True),
    )


def order_actions(base: str) -> Callable[[Any], Sequence[Action]]:
    """What can be done with an order that still waits."""
    return lambda row: (
        (Action("Cancel", f"{base}/orders/{row.id}/cancel", "x", dialog=True, danger=True),) if row.cancellable else ()
    )
