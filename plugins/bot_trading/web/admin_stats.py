"""Trading → Bot Stats: totals, by strategy, over time, historical bots, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from litestar import get
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Chart, Column, Empty, Series, Table, Web
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.history import DayRow, days_of, lines_of
from plugins.bot_trading.services.stats import Stats, Sums, read_stats
from plugins.bot_trading.services.views import list_bots
from plugins.bot_trading.web.permissions import VIEW
from plugins.bot_trading.web.tables import (
    HISTORY_CSV,
    history_query,
    history_table,
    history_wanted,
    strategy_titles,
    with_titles,
)

__all__ = ["stats_routes"]

_OPT = {"permission": VIEW}
_CHOICE = "line"
"""Query parameter: the strategy whose line is drawn; empty: all."""

_AMOUNTS = (
    Column("invested", _("Invested"), "money", currency="currency", hint=_("By all bots so far")),
    Column("realised", _("Realised"), "pnl", currency="currency"),
    Column("floating", _("Floating"), "pnl", currency="currency"),
    Column("total", _("Total P&L"), "pnl", currency="currency"),
    Column("fees", _("Fees"), "money", currency="currency"),
    Column("win_rate", _("Win rate"), "percent", hint=_("Of finished cycles and round trips")),
    Column("drawdown", _("Worst drawdown"), "percent", hint=_("The deepest fall of any one bot from its best")),
)
_COUNTS = (
    Column("active", _("Active"), "number", digits=0),
    Column("historical", _("Historical"), "number", digits=0),
)
_DAY_CSV = (
    Column("day", _("Day"), "day"),
    Column("strategy", _("Strategy")),
    Column("currency", _("Currency")),
    *_COUNTS,
    Column("invested", _("Invested")),
    Column("invested_now", _("Invested in active bots")),
    Column("realised", _("Realised")),
    Column("floating", _("Floating")),
    Column("total", _("Total P&L")),
    Column("fees", _("Fees")),
    Column("cycles", _("Cycles")),
    Column("wins", _("Cycles won")),
    Column("drawdown", _("Worst drawdown")),
    Column("reporting", _("Converted to")),
    Column("rate", _("Rate of the day")),
    Column("converted", _("Total converted")),
)
_STRATEGY_CSV = (
    Column("strategy", _("Strategy")),
    Column("currency", _("Currency")),
    Column("running", _("Running")),
    Column("paused", _("Paused")),
    Column("waiting_trigger", _("Waiting")),
    Column("stopping", _("Stopping")),
    Column("halted", _("Halted")),
    Column("error", _("Error")),
    *_COUNTS,
    Column("invested", _("Invested")),
    Column("invested_now", _("Invested in active bots")),
    Column("realised", _("Realised")),
    Column("floating", _("Floating")),
    Column("total", _("Total P&L")),
    Column("fees", _("Fees")),
    Column("cycles", _("Cycles")),
    Column("wins", _("Cycles won")),
    Column("win_rate", _("Win rate")),
    Column("drawdown", _("Worst drawdown")),
)


def stats_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The page and its downloads."""

    @get("/stats", opt=_OPT, sync_to_thread=True)
    def stats(web: Web) -> Response[str]:
        """Bot Stats."""
        titles = strategy_titles(strategies)
        chosen = web.query.get(_CHOICE, "")
        with web.session() as session:
            found = read_stats(session)
            chart = _chart(session, found, titles, chosen if chosen in titles else "")
            history = history_table(web, session, strategies)
        return web.render(
            "admin/stats.html",
            title=_("Bot Stats"),
            stats=found,
            total=found.total,
            by_strategy=_by_strategy(found, titles),
            by_currency=_by_currency(found),
            chart=chart,
            lines=[
                ("", _("All strategies")),
                *((one.strategy, titles.get(one.strategy, one.strategy)) for one in found.by_strategy),
            ],
            line=chosen if chosen in titles else "",
            history=history,
            titles=titles,
        )

    @get("/stats/strategies.csv", opt=_OPT, sync_to_thread=True)
    def by_strategy(web: Web) -> Response[str]:
        """The breakdown by strategy and currency, not converted."""
        with web.session() as session:
            rows = read_stats(session).parts
        return web.csv("bot-strategies", _STRATEGY_CSV, rows)

    @get("/stats/days.csv", opt=_OPT, sync_to_thread=True)
    def days(web: Web) -> Response[str]:
        """What there was at the end of each day."""
        with web.session() as session:
            rows: list[DayRow] = days_of(session, days=3660)
        return web.csv("bot-stats-days", _DAY_CSV, rows)

    @get("/stats/bots.csv", opt=_OPT, sync_to_thread=True)
    def bots(web: Web) -> Response[str]:
        """Historical bots under the filters of the page."""
        query = history_query(web, strategies)
        with web.session() as session:
            rows = list_bots(session, history_wanted(query, everything=True)).rows
        return web.csv("historical-bots", HISTORY_CSV, with_titles(rows, strategy_titles(strategies)))

    return [stats, by_strategy, days, bots]


def _by_strategy(stats: Stats, titles: Mapping[str, str]) -> Table:
    columns = (Column("title", _("Strategy"), heading=True), *_COUNTS, *_AMOUNTS)
    rows = [_line(sums, titles.get(sums.strategy, sums.strategy)) for sums in stats.by_strategy]
    return Table(
        "strategies",
        columns,
        rows + ([_line(stats.total, _("All strategies"))] if len(rows) > 1 else []),
        empty=Empty(_("No bots yet"), _("Once customers launch bots, their figures appear here by strategy."), "robot"),
        caption=_("By strategy"),
    )


def _by_currency(stats: Stats) -> Table | None:
    """The aggregate of each currency as it is; none where all bots are in the main one."""
    if not stats.rates.foreign and not stats.rates.missing:
        return None
    columns = (Column("title", _("Currency"), heading=True), *_COUNTS, *_AMOUNTS)
    return Table(
        "currencies", columns, [_line(sums, sums.currency) for sums in stats.by_currency], caption=_("By currency")
    )


def _line(sums: Sums, title: str) -> dict[str, Any]:
    names = (
        "currency",
        "active",
        "historical",
        "invested",
        "realised",
        "floating",
        "total",
        "fees",
        "win_rate",
        "drawdown",
    )
    return {"title": title, **{name: getattr(sums, name) for name in names}}


def _chart(session: TenantSession, stats: Stats, titles: Mapping[str, str], chosen: str) -> Chart | None:
    """Total P&L at the end of each day; none before there is a day to look back on."""
    found = {line.strategy: line.points for line in lines_of(days_of(session), stats)}
    points: Sequence[tuple[int, Decimal]] = found.get(chosen, ())
    if len(points) < 2:
        return None
    name = titles.get(chosen, chosen) if chosen else _("All strategies")
    label = _(
        "Total P&L at the end of each day, {strategy}, in {currency}", strategy=name, currency=stats.rates.currency
    )
    return Chart("stats-chart", [Series(points, "area", str(name))], str(label), unit=stats.rates.currency, baseline=0)
