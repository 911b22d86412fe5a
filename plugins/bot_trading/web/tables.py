"""Tables of bots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Action, Column, Empty, Filter, Table, TableQuery, Web
from plugins.bot_trading.live import watch
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.views import BotRow, Wanted, list_bots
from plugins.bot_trading.web.commanding import bot_actions
from plugins.bot_trading.web.permissions import MANAGE, VIEW

__all__ = [
    "BOT_CSV",
    "HISTORY_CSV",
    "bots_table",
    "history_query",
    "history_table",
    "history_wanted",
    "mission_query",
    "mission_table",
    "mission_wanted",
    "strategy_titles",
    "with_titles",
]

_STATUSES = (
    ("running", _("Running")),
    ("paused", _("Paused")),
    ("waiting_trigger", _("Waiting for trigger")),
    ("stopping", _("Stopping")),
    ("halted", _("Halted")),
    ("error", _("Error")),
)
_ENDS = (
    ("close", _("Stopped, positions closed")),
    ("keep", _("Stopped, positions kept")),
    ("wind_down", _("Wound down")),
    ("itself", _("By itself")),
)
_MISSION = (
    Column("strategy", _("Strategy"), "custom", sort=True),
    Column("symbol", _("Symbol"), "symbol", sort=True),
    Column("total", _("P&L"), "custom", sort=True),
    Column("drawdown", _("Drawdown"), "custom", sort=True),
    Column("age", _("Age"), "custom", sort=True),
    Column("status", _("Status"), "custom", sort=True),
)
_HISTORY = (
    Column("investment", _("Investment"), "money", sort=True, currency="currency"),
    Column("realised", _("Realised"), "pnl", sort=True, currency="currency"),
    Column("total", _("Total P&L"), "pnl", sort=True, currency="currency"),
    Column("cycles", _("Cycles"), "number", sort=True, digits=0, wide="lg"),
    Column("fees", _("Fees"), "money", sort=True, currency="currency", wide="lg"),
    Column("end", _("Ended"), "custom"),
    Column("ended_at", _("When"), "time", sort=True, wide="md"),
)
_WHO = (
    Column("id", _("Bot")),
    Column("customer", _("Customer")),
    Column("email", _("E-mail")),
    Column("account", _("Account")),
    Column("strategy_title", _("Strategy")),
    Column("symbol", _("Symbol")),
    Column("status", _("Status")),
    Column("currency", _("Currency")),
)
_FIGURES = (
    Column("investment", _("Investment")),
    Column("cycle_profit", _("Profit of finished cycles")),
    Column("realised", _("Realised")),
    Column("floating", _("Floating")),
    Column("total", _("Total P&L")),
    Column("share", _("P&L %")),
    Column("worst_drawdown", _("Worst drawdown")),
    Column("fees", _("Fees")),
    Column("fills", _("Fills")),
    Column("cycles", _("Cycles")),
    Column("wins", _("Cycles won")),
    Column("created_at", _("Launched")),
)
BOT_CSV = (*_WHO, *_FIGURES, Column("drawdown", _("Drawdown")), Column("last", _("Last decision")))
"""All bots that have not ended."""
HISTORY_CSV = (
    *_WHO,
    *_FIGURES,
    Column("ended_at", _("Ended")),
    Column("stop", _("Stop")),
    Column("end_reason", _("Why")),
)
"""Bots that have ended."""


# --- Mission Control ---------------------------------------------------------------------------------------------


def mission_query(web: Web, strategies: Strategies, symbols: Sequence[str] = ()) -> tuple[TableQuery, Sequence[Filter]]:
    """What a reader of Mission Control asks for, and the controls for it."""
    filters = (
        Filter("search", _("Customer, e-mail or account"), "search"),
        Filter("strategy", _("Strategy"), "select", _strategy_choices(strategies)),
        Filter("symbol", _("Symbol"), "select", tuple((code, code) for code in symbols)),
        Filter("status", _("Status"), "select", _STATUSES),
        Filter(
            "losing",
            _("P&L"),
            "select",
            (("5", _("5 % or more lost")), ("20", _("20 % or more lost")), ("50", _("Half or more lost"))),
        ),
    )
    columns = (Column("customer", _("Customer"), sort=True), *_MISSION)
    return TableQuery.read(web.query, columns, filters, sort="-age", size=50), filters


def mission_wanted(query: TableQuery, *, everything: bool = False) -> Wanted:
    """The bots of Mission Control that a query asks for."""
    return _wanted(
        query, everything=everything, live=True, symbol=query.get("symbol"), losing=_number(query.get("losing"))
    )


def mission_table(web: Web, session: TenantSession, strategies: Strategies, symbols: Sequence[str]) -> Table:
    """All bots that have not ended, for Mission Control."""
    columns = (
        Column("customer", _("Customer"), sort=True, sub="account_label", heading=True, href=_link(web)),
        *_MISSION[:3],
        Column(
            "drawdown", _("Drawdown"), "custom", sort=True, hint=_("How far the bot stands below its best, in percent")
        ),
        *_MISSION[4:],
        Column("last", _("Last decision"), "custom", wide="lg"),
    )
    query, filters = mission_query(web, strategies, symbols)
    listing = list_bots(session, mission_wanted(query))
    watch(session, [row.id for row in listing.rows])
    may = web.may(MANAGE)
    return Table(
        "bots",
        columns,
        listing.rows,
        query,
        listing.total,
        web.path,
        filters=filters,
        empty=Empty(_("No running bots"), _("Bots appear here as soon as customers launch them."), "robot"),
        actions=(lambda row: bot_actions(web, row, "mission-control")) if may else None,
        select="id" if may else "",
        bulk=_bulk(web) if may else (),
        row_id=_row_id,
        caption=_("Bots"),
        export=_export(web.url("mission-control/bots.csv"), query),
    )


def _bulk(web: Web) -> Sequence[Action]:
    return (
        Action(_("Pause"), web.url("bulk/pause"), icon="player-pause", dialog=True),
        Action(_("Resume"), web.url("bulk/resume"), icon="player-play", dialog=True),
        Action(_("Wind down"), web.url("bulk/wind-down"), icon="player-eject", dialog=True),
        Action(_("Stop"), web.url("bulk/stop"), icon="player-stop", dialog=True, danger=True),
    )


# --- a customer's own, and those that have ended -------------------------------------------------------------------


def bots_table(web: Web, session: TenantSession) -> Table:
    """A customer's own bots that have not ended."""
    columns = (
        Column("symbol", _("Bot"), "custom", sort=True, heading=True, href=_link(web)),
        Column("account", _("Account"), "custom", sort=True),
        Column("investment", _("Investment"), "money", sort=True, currency="currency"),
        Column("total", _("Total P&L"), "custom", sort=True),
        Column(
            "profit",
            _("Profit of finished cycles"),
            "custom",
            hint=_("Profit of finished round trips. The total beside it counts what is held, too."),
        ),
        Column("age", _("Age"), "custom", sort=True, wide="lg"),
        Column("status", _("Status"), "custom", sort=True),
        Column("last", _("Last decision"), "custom", wide="xl"),
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
        empty=Empty(_("No bots yet"), _("Choose a strategy and launch your first bot."), "robot"),
        actions=lambda row: bot_actions(web, row, ""),
        row_id=_row_id,
        caption=_("Your bots"),
    )


def _history_filters(strategies: Strategies) -> Sequence[Filter]:
    return (
        Filter("search", _("Customer, e-mail or account"), "search"),
        Filter("strategy", _("Strategy"), "select", _strategy_choices(strategies)),
        Filter("end", _("Ended"), "select", _ENDS),
        Filter("first", _("From"), "date"),
        Filter("last", _("To"), "date"),
    )


def history_query(web: Web, strategies: Strategies) -> TableQuery:
    """What a member of staff asks of the ended bots."""
    columns = (Column("customer", _("Customer"), sort=True), Column("symbol", _("Bot"), sort=True), *_HISTORY)
    return TableQuery.read(web.query, columns, _history_filters(strategies), sort="-ended_at", prefix="h_")


def history_wanted(query: TableQuery, customer_id: Any = None, *, everything: bool = False) -> Wanted:
    """The ended bots that a query asks for."""
    days = {"first": query.get("first"), "last": query.get("last"), "end": query.get("end")}
    return _wanted(query, everything=everything, live=False, customer_id=customer_id, **days)


def history_table(web: Web, session: TenantSession, strategies: Strategies) -> Table:
    """Ended bots: a customer's own, or all of the brokerage's for staff, who can filter and export them."""
    staff = web.may(VIEW)
    who = (Column("customer", _("Customer"), sort=True, sub="email", heading=True, href=_link(web)),) if staff else ()
    bot = Column("symbol", _("Bot"), "custom", sort=True, heading=not staff, href=None if staff else _link(web))
    filters = _history_filters(strategies) if staff else ()
    query = history_query(web, strategies)
    if not staff:
        query = TableQuery.read(web.query, (bot, *_HISTORY), sort="-ended_at", prefix="h_")
    listing = list_bots(session, history_wanted(query, None if staff else web.person_id))
    return Table(
        "history",
        (*who, bot, *_HISTORY),
        listing.rows,
        query,
        listing.total,
        web.path,
        filters=filters,
        empty=Empty(_("No ended bots"), _("Bots that were stopped or ended by themselves appear here."), "history"),
        caption=_("Ended bots"),
        export=_export(web.url("stats/bots.csv"), query) if staff else "",
    )


# --- parts -------------------------------------------------------------------------------------------------------


def strategy_titles(strategies: Strategies) -> Mapping[str, str]:
    """Titles by key."""
    return {key: strategy.title for key, strategy in strategies.items()}


def with_titles(rows: Iterable[BotRow], titles: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """Rows for an export: every figure, and the strategy by its title."""
    names = [field.name for field in fields(BotRow)]
    for row in rows:
        figures = {name: getattr(row, name) for name in names}
        yield {**figures, "realised": row.realised, "strategy_title": titles.get(row.strategy, row.strategy)}


def _wanted(query: TableQuery, *, everything: bool = False, **more: Any) -> Wanted:
    return Wanted(
        search=query.get("search"),
        strategy=query.get("strategy"),
        status=query.get("status"),
        sort=query.sort,
        descending=query.descending,
        offset=0 if everything else query.offset,
        size=None if everything else query.size,
        **more,
    )


def _export(address: str, query: TableQuery) -> str:
    params = query.params(page=1, size="")
    return address + ("?" + urlencode(params) if params else "")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text.isdecimal() else None


def _strategy_choices(strategies: Strategies) -> Sequence[tuple[str, str]]:
    return tuple((key, strategy.title) for key, strategy in strategies.items())


def _link(web: Web) -> Any:
    return lambda row: web.url(f"bots/{row.id}")


def _row_id(row: BotRow) -> str:
    return f"bot-{row.id}"
