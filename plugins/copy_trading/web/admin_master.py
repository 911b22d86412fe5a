"""A master's page: figures with their curves, trades, followers, skips, fees, alerts; each list as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.response import Response

from core.sdk.alerts import AlertView, alerts_about
from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import (
    Action,
    Chart,
    Column,
    Empty,
    Filter,
    FromPath,
    Marker,
    NotFoundError,
    Series,
    Table,
    TableQuery,
    Web,
)
from plugins.copy_trading.services import lists, mastering
from plugins.copy_trading.services.fee_lines import fee_entries
from plugins.copy_trading.services.figures import exposure_of
from plugins.copy_trading.services.lists import FollowerQuery, MasterLine
from plugins.copy_trading.services.trade_lists import trades
from plugins.copy_trading.web import admin_followers
from plugins.copy_trading.web.admin_masters import VIEW
from plugins.copy_trading.web.public_figures import public_figures
from plugins.copy_trading.web.words import CAUSES, mode_label

TABS = {
    "overview": _("Overview"),
    "trades": _("Trades"),
    "followers": _("Followers"),
    "skips": _("Skipped copies"),
    "fees": _("Fees"),
    "alerts": _("Alerts"),
}
_TRADES = (
    Column("symbol", _("Symbol"), "symbol", sort=True, heading=True),
    Column("side", _("Side"), "side", sort=True),
    Column("volume", _("Lots"), "volume", sort=True),
    Column("open_price", _("Open price"), "price", digits="tick"),
    Column(
        "pnl", _("Net P&L"), "pnl", sort=True, currency="currency", hint=_("With commission and swap; floating too")
    ),
    Column("copies", _("Copies"), "number", digits=0, wide="lg", hint=_("Followers who hold or held a copy of it")),
    Column("opened_ms", _("Opened"), "time", sort=True),
    Column("closed_ms", _("Closed"), "time", sort=True, wide="lg"),
    Column("status", _("Status"), "status"),
)
_TRADES_CSV = (
    *_TRADES,
    Column("currency", _("Currency")),
    Column("stop_loss", _("Stop-loss")),
    Column("take_profit", _("Take-profit")),
    Column("commission", _("Commission")),
    Column("swap", _("Swap")),
    Column("close_reason", _("Closed by")),
)
_TRADE_FILTERS = (
    Filter("symbol", _("Symbol"), "search"),
    Filter("status", _("Status"), "select", (("open", _("Open")), ("closed", _("Closed")))),
)
_FEES = (
    Column("at", _("When"), "time", heading=True),
    Column("customer", _("Follower"), sub="account"),
    Column("period", _("Month")),
    Column("cause", _("Cause"), "custom"),
    Column("pnl", _("Net realised P&L"), "pnl", currency="currency"),
    Column("mark", _("High-water mark"), "money", currency="currency", wide="lg"),
    Column("percent", _("Fee"), "percent"),
    Column("charged", _("Charged"), "money", currency="currency"),
    Column("owed", _("Owed"), "money", currency="currency", wide="lg"),
    Column("credited", _("Credited"), "pnl", currency="master_currency"),
)


@get("/masters/{master_id:uuid}", opt=VIEW, sync_to_thread=True)
def master(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """One master: figures, Status controls, followers."""
    tab = web.query.get("tab", "overview")
    if tab not in TABS:
        raise NotFoundError(tab)
    with web.session() as session:
        row = mastering.get(session, master_id)
        [line] = lists.masters(session, only=[master_id])
        alerts = _alerts(session, master_id)
        context = _tab(web, session, tab, line, alerts)
        criteria, reason = list(row.criteria), row.reason
    waiting = [alert for alert in alerts if alert.closed_at is None]
    counts = {"followers": line.followers, "alerts": len(waiting) or None}
    return web.render(
        f"admin/master_{tab}.html",
        master=line,
        criteria=criteria,
        reason=reason,
        waiting=waiting,
        read_alerts=Action(_("Alerts"), f"{web.path}?tab=alerts"),
        tab=tab,
        tabs=[(key, label, f"{web.path}?tab={key}", counts.get(key)) for key, label in TABS.items()],
        controls=_controls(web, line),
        title=line.name,
        **context,
    )


def _tab(web: Web, session: TenantSession, tab: str, line: MasterLine, alerts: Sequence[AlertView]) -> dict[str, Any]:
    if tab == "overview":
        return _overview(session, line)
    if tab == "followers":
        return {
            "table": admin_followers.table(web, session, line.id),
            "limits": web.settings().leverage_limits,
            "settings": web.settings(),
            "mode_label": mode_label,
        }
    if tab == "skips":
        return {"table": admin_followers.skip_table(web, session, line.id)}
    if tab == "trades":
        return {"table": _trade_table(web, session, line)}
    if tab == "fees":
        return {"table": _fee_table(web, session, line.id), "causes": CAUSES, "fee": line.fee_percent}
    return {"alerts": alerts}


def _alerts(session: TenantSession, master_id: UUID) -> list[AlertView]:
    """Alerts about the master and about their followers' copies."""
    return alerts_about(
        session, "copy_trading", subjects=[str(master_id), *lists.subscriptions_of(session, master_id)], limit=50
    )


def _controls(web: Web, line: MasterLine) -> list[Action]:
    """The Status controls that make sense now."""
    if not web.may("copy_trading.masters.manage"):
        return []
    here = web.url(f"masters/{line.id}/status")
    pause = Action(_("Pause"), f"{here}/pause", "player-pause", dialog=True)
    activate = Action(_("Activate"), f"{here}/activate", "player-play", dialog=True, primary=True)
    deactivate = Action(_("Deactivate"), f"{here}/deactivate", "user-off", dialog=True, danger=True)
    approve = Action(_("Approve"), f"{here}/approve", "check", dialog=True, primary=True)
    reject = Action(_("Reject"), f"{here}/reject", "x", dialog=True, danger=True)
    return {
        "pending": [approve, reject],
        "active": [pause, deactivate],
        "paused": [activate, deactivate],
        "deactivated": [activate],
        "rejected": [approve],
    }[line.status]


def _overview(session: TenantSession, line: MasterLine) -> dict[str, Any]:
    figures = public_figures(session, line)
    history = figures["history"]
    marks = [Marker(at, amount > 0, f"{amount:+,.0f}".replace("-", "\u2212")) for at, amount in history.flows]
    return {
        **figures,
        "exposure": exposure_of(session, line.account_id),
        "equity_chart": Chart(
            "equity", [Series(history.points)], _("Equity curve"), unit=line.currency, markers=marks[-60:]
        ),
    }


def _trade_table(web: Web, session: TenantSession, line: MasterLine) -> Table:
    query = TableQuery.read(web.query, _TRADES, _TRADE_FILTERS, sort="-opened_ms")
    rows, total = trades(
        session,
        line.account_id,
        status=query.get("status"),
        symbol=query.get("symbol"),
        sort=query.sort,
        descending=query.descending,
        offset=query.offset,
        limit=query.size,
    )
    return Table(
        "trades",
        _TRADES,
        rows,
        query,
        total,
        web.path,
        keep={"tab": "trades"},
        filters=_TRADE_FILTERS,
        caption=_("Trades"),
        export=web.url(f"masters/{line.id}/trades.csv") + "?" + urlencode(query.params(page=1)),
        empty=Empty(_("No trades yet"), _("Positions appear here with the master's first fill."), "arrows-exchange"),
    )


def _fee_table(web: Web, session: TenantSession, master_id: UUID) -> Table:
    return Table(
        "fees",
        _FEES,
        fee_entries(session, master_id=master_id),
        caption=_("Performance fees"),
        export=web.url(f"masters/{master_id}/fees.csv"),
        empty=Empty(
            _("No fees yet"),
            _("They are reckoned up each month and when a copy is stopped, on new profits above the high-water mark."),
            "receipt",
        ),
    )


@get("/masters/{master_id:uuid}/trades.csv", opt=VIEW, sync_to_thread=True)
def trades_csv(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The trades as CSV."""
    query = TableQuery.read(web.query, _TRADES, _TRADE_FILTERS, sort="-opened_ms")
    with web.session() as session:
        account = mastering.get(session, master_id).account_id
        rows, _total = trades(
            session,
            account,
            status=query.get("status"),
            symbol=query.get("symbol"),
            sort=query.sort,
            descending=query.descending,
        )
    return web.csv("trades", _TRADES_CSV, rows)


@get("/masters/{master_id:uuid}/followers.csv", opt=VIEW, sync_to_thread=True)
def followers_csv(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The followers as CSV, with their figures of the moment."""
    query = TableQuery.read(web.query, admin_followers.COLUMNS, admin_followers.FILTERS)
    with web.session() as session:
        mastering.get(session, master_id)
        asked = FollowerQuery(
            master_id=master_id,
            search=query.get("search"),
            status=query.get("status"),
            warning=query.get("warning"),
            sort=query.sort,
            descending=query.descending,
        )
        rows, _total = lists.page_of_followers(session, web.settings().leverage_limits, asked)
    return web.csv("followers", admin_followers.CSV, rows)


@get("/masters/{master_id:uuid}/skips.csv", opt=VIEW, sync_to_thread=True)
def skips_csv(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The skip records as CSV, the newest ten thousand."""
    with web.session() as session:
        mastering.get(session, master_id)
        rows = lists.skips(session, master_id=master_id, reason=web.query.get("reason", ""), limit=10_000)
    return web.csv("skipped-copies", admin_followers.SKIPS_CSV, rows)


@get("/masters/{master_id:uuid}/fees.csv", opt=VIEW, sync_to_thread=True)
def fees_csv(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The performance fees as CSV."""
    with web.session() as session:
        mastering.get(session, master_id)
        return web.csv(
            "fees", (*_FEES, Column("due", _("Due"))), fee_entries(session, master_id=master_id, limit=100_000)
        )


ROUTES = [master, trades_csv, followers_csv, skips_csv, fees_csv]
