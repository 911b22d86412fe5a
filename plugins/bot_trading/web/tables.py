"""Tables of bots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.sdk.data import TenantSession
from core.sdk.web import Column, Empty, Filter, Table, TableQuery, Web
from plugins.bot_trading.live import watch
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.views import BotRow, Wanted, list_bots
from plugins.bot_trading.web.commanding import bot_actions
from plugins.bot_trading.web.permissions import MANAGE, VIEW

__all__ = ["bots_table", "history_table", "mission_table"]

_STATUSES = tuple(
    (status, label)
    for status, label in (
        ("running", "Running"),
        ("paused", "Paused"),
        ("waiting_trigger", "Waiting for trigger"),
        ("stopping", "Stopping"),
        ("halted", "Halted"),
        ("error", "Error"),
    )
)


def mission_table(web: Web, session: TenantSession, strategies: Strategies) -> Table:
    """All bots that have not ended, for Mission Control."""
    columns = (
        Column("customer", "Customer", sort=True, sub="account_label", heading=True, href=_link(web)),
        Column("strategy", "Strategy", "custom", sort=True),
        Column("symbol", "Symbol", "symbol", sort=True),
        Column("total", "P&L", "custom", sort=True),
        Column("drawdown", "Drawdown", "custom", sort=True, hint="How far the bot stands below its best, in percent"),
        Column("age", "Age", "custom", sort=True, wide="lg"),
        Column("status", "Status", "custom", sort=True),
        Column("last", "Last decision", "custom", wide="lg"),
    )
    filters = (
        Filter("search", "Customer, e-mail or account", "search"),
        Filter("strategy", "Strategy", "select", _strategy_choices(strategies)),
        Filter("status", "Status", "select", _STATUSES),
    )
    query = TableQuery.read(web.query, columns, filters, sort="-age")
    listing = list_bots(session, _wanted(query, live=True))
    watch(session, [row.id for row in listing.rows])
    return Table(
        "bots",
        columns,
        listing.rows,
        query,
        listing.total,
        web.path,
        filters=filters,
        empty=Empty("No running bots", "Bots appear here as soon as customers launch them.", "robot"),
        actions=(lambda row: bot_actions(web, row, "mission-control")) if web.may(MANAGE) else None,
        row_id=_row_id,
        caption="Bots",
    )


def bots_table(web: Web, session: TenantSession) -> Table:
    """A customer's own bots that have not ended."""
    columns = (
        Column("symbol", "Bot", "custom", sort=True, heading=True, href=_link(web)),
        Column("account", "Account", "custom", sort=True),
        Column("investment", "Investment", "money", sort=True, currency="currency"),
        Column("total", "Total P&L", "custom", sort=True),
        Column(
            "profit",
            "Grid profit",
            "custom",
            hint="Profit of finished round trips. The total beside it counts what is held, too.",
        ),
        Column("age", "Age", "custom", sort=True, wide="lg"),
        Column("status", "Status", "custom", sort=True),
        Column("last", "Last decision", "custom", wide="xl"),
    )
    query = TableQuery.read(web.query, columns, sort="-age")
    listing = list_bots(session, _wanted(query, live=True, customer_id=web.person_id))
    watch(session, [row.id for row in listing.rows])
    return Table(
        "bots",
        columns,
        listing.rows,
        query,
        listing.total,
        web.path,
        empty=Empty("No bots yet", "Choose a strategy and launch your first bot.", "robot"),
        actions=lambda row: bot_actions(web, row, ""),
        row_id=_row_id,
        caption="Your bots",
    )


def history_table(web: Web, session: TenantSession, strategies: Strategies) -> Table:
    """Ended bots: a customer's own, or all of the brokerage's for staff."""
    staff = web.may(VIEW)
    who = (Column("customer", "Customer", sort=True, sub="email", heading=True, href=_link(web)),) if staff else ()
    columns = (
        *who,
        Column("symbol", "Bot", "custom", sort=True, heading=not staff, href=None if staff else _link(web)),
        Column("investment", "Investment", "money", sort=True, currency="currency"),
        Column("realised", "Realised", "pnl", currency="currency"),
        Column("total", "Total P&L", "pnl", sort=True, currency="currency"),
        Column("cycles", "Cycles", "number", sort=True, digits=0, wide="lg"),
        Column("fees", "Fees", "money", sort=True, currency="currency", wide="lg"),
        Column("end", "Ended", "custom"),
        Column("ended_at", "When", "time", sort=True, wide="md"),
    )
    query = TableQuery.read(web.query, columns, sort="-ended_at", prefix="h_")
    listing = list_bots(session, _wanted(query, live=False, customer_id=None if staff else web.person_id))
    return Table(
        "history",
        columns,
        listing.rows,
        query,
        listing.total,
        web.path,
        empty=Empty("No ended bots", "Bots that were stopped or ended by themselves appear here.", "history"),
        caption="Ended bots",
    )


def strategy_titles(strategies: Strategies) -> Mapping[str, str]:
    """Titles by key."""
    return {key: strategy.title for key, strategy in strategies.items()}


def _wanted(query: TableQuery, **more: Any) -> Wanted:
    return Wanted(
        search=query.get("search"),
        strategy=query.get("strategy"),
        status=query.get("status"),
        sort=query.sort,
        descending=query.descending,
        offset=query.offset,
        size=query.size,
        **more,
    )


def _strategy_choices(strategies: Strategies) -> Sequence[tuple[str, str]]:
    return tuple((key, strategy.title) for key, strategy in strategies.items())


def _link(web: Web) -> Any:
    return lambda row: web.url(f"bots/{row.id}")


def _row_id(row: BotRow) -> str:
    return f"bot-{row.id}"
