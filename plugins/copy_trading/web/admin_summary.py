"""Master Traders → Summary: assets under copy, followers, results, warnings, skips, replication, alerts."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from core.sdk.alerts import alerts_about
from core.sdk.text import _
from core.sdk.web import Column, Filter, Table, TableQuery, Web
from plugins.copy_trading.services import lists
from plugins.copy_trading.services.lists import FollowerQuery
from plugins.copy_trading.services.summary import SKIP_DAYS, summary
from plugins.copy_trading.web.admin_followers import CSV, FILTERS
from plugins.copy_trading.web.admin_masters import VIEW, tabs
from plugins.copy_trading.web.words import REASONS

_WARNED = (
    Column("customer", _("Follower"), sub="account", heading=True),
    Column("master", _("Master trader"), "custom"),
    Column("leverage", _("Leverage"), "custom"),
    Column("margin_level", _("Margin level"), "percent"),
    Column("copied_pnl", _("Copied P&L"), "pnl", currency="currency"),
    Column("status", _("Status"), "status"),
)
_MOST_WARNED = 10


@get("/masters/summary", opt=VIEW, sync_to_thread=True)
def page(web: Web) -> Response[str]:
    """The brokerage's copying at a glance."""
    with web.session() as session:
        found = summary(session)
        asked = FollowerQuery(warning="any", sort="warning", descending=True, limit=_MOST_WARNED)
        warned, total = lists.page_of_followers(session, web.settings().leverage_limits, asked)
        alerts = [row for row in alerts_about(session, "copy_trading", limit=20) if row.closed_at is None]
    most = max(found.skips.values(), default=1)
    return web.render(
        "admin/summary.html",
        found=found,
        skips=[(REASONS.get(code, code), count, 100 * count // most) for code, count in found.skips.items()],
        skip_days=SKIP_DAYS,
        warned=Table(
            "warned",
            _WARNED,
            warned,
            caption=_("Over-leveraged followers"),
            export=web.url("followers.csv?warning=any"),
        ),
        warned_total=total,
        alerts=alerts[:8],
        any=bool(found.masters),
        pending=found.masters.get("pending", 0),
        tab="summary",
        tabs=tabs(web, found.masters),
        title=_("Summary"),
    )


@get("/followers.csv", opt=VIEW, sync_to_thread=True)
def followers_csv(web: Web) -> Response[str]:
    """All followers of all masters as CSV, under the filters of the Followers tab."""
    filters: tuple[Filter, ...] = FILTERS
    query = TableQuery.read(web.query, CSV, filters)
    with web.session() as session:
        asked = FollowerQuery(
            search=query.get("search"), status=query.get("status"), warning=query.get("warning"), sort="master"
        )
        rows, _total = lists.page_of_followers(session, web.settings().leverage_limits, asked)
    return web.csv("followers", (Column("master", _("Master trader")), *CSV), rows)


ROUTES = [page, followers_csv]
