"""A master's Followers tab and Skipped copies: what the tables show. What is done to followers is in ``admin_commands``."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Action, Column, Empty, Filter, Table, TableQuery, Web
from plugins.copy_trading.services import lists
from plugins.copy_trading.services.lists import FollowerLine, FollowerQuery
from plugins.copy_trading.web.compared import compared
from plugins.copy_trading.web.words import REASONS, remedy

COLUMNS = (
    Column("customer", _("Follower"), sub="account", sort=True, heading=True),
    Column("mode", _("Copy mode"), "custom", sort=True),
    Column("ratio", _("Copy ratio")),
    Column(
        "copied_pnl",
        _("Copied P&L"),
        "pnl",
        sort=True,
        currency="currency",
        sub="open_note",
        hint=_("Of linked positions, realised and floating"),
    ),
    Column("equity", _("Equity"), "money", sort=True, currency="currency"),
    Column("leverage", _("Leverage"), "custom", sort=True, hint=_("Value of all open positions divided by equity")),
    Column("margin_level", _("Margin level"), "percent", sort=True),
    Column("skips", _("Skipped"), "number", digits=0, wide="xl", hint=_("Opens that were not copied")),
    Column("status", _("Status"), "custom", sort=True),
)
CSV = (
    Column("customer", _("Follower"), sub="email"),
    Column("account", _("Account")),
    Column("currency", _("Currency")),
    Column("status", _("Status")),
    Column("mode", _("Copy mode")),
    Column("copy_ratio", _("Copy ratio")),
    Column("fixed_size", _("Fixed Size")),
    Column("fixed_basis", _("Fixed Size in")),
    Column("max_open_trades", _("Max Open Trades")),
    Column("minimum_equity", _("Minimum Equity")),
    Column("slippage_tolerance", _("Slippage Tolerance")),
    Column("reverse", _("Reverse")),
    Column("copied_pnl", _("Copied P&L")),
    Column("open_copies", _("Open copies")),
    Column("skips", _("Skipped")),
    Column("equity", _("Equity")),
    Column("leverage", _("Leverage")),
    Column("margin_level", _("Margin level")),
    Column("warning", _("Warning")),
    Column("created_at", _("Since")),
)
FILTERS = (
    Filter("search", _("Name, e-mail or account"), "search"),
    Filter(
        "status",
        _("Status"),
        "select",
        (("active", _("Active")), ("paused", _("Paused")), ("stopping", _("Stopping"))),
    ),
    Filter(
        "warning",
        _("Warning"),
        "select",
        (("any", _("Any")), ("warning", _("Warning")), ("high", _("High")), ("critical", _("Critical"))),
    ),
)


def table(web: Web, session: TenantSession, master_id: UUID) -> Table:
    """The followers of a master."""
    query = TableQuery.read(web.query, COLUMNS, FILTERS)
    asked = FollowerQuery(
        master_id=master_id,
        search=query.get("search"),
        status=query.get("status"),
        warning=query.get("warning"),
        sort=query.sort,
        descending=query.descending,
        offset=query.offset,
        limit=query.size,
    )
    rows, total = lists.page_of_followers(session, web.settings().leverage_limits, asked)
    may = web.may("copy_trading.followers.manage")
    here = web.url(f"masters/{master_id}/followers")
    return Table(
        "followers",
        COLUMNS,
        rows,
        query,
        total,
        web.path,
        keep={"tab": "followers"},
        filters=FILTERS,
        caption=_("Followers"),
        actions=(lambda row: _actions(here, row)) if may else None,
        select="id" if may else "",
        bulk=(
            Action(_("Pause Copying"), f"{here}/pause", "player-pause"),
            Action(_("Resume Copying"), f"{here}/resume", "player-play"),
            Action(_("Stop Copying"), f"{here}/stop", "player-stop", danger=True),
        ),
        export=f"{here}.csv?" + urlencode(query.params(page=1)),
        empty=Empty(
            _("Nobody follows yet"), _("Customers find this master in the portal under Copy Trading."), "users"
        ),
    )


def _actions(here: str, row: FollowerLine) -> Sequence[Action]:
    actions = []
    if "admin" not in row.reasons and row.status in ("active", "paused"):
        actions.append(Action(_("Pause Copying"), f"{here}/pause?ids={row.id}", "player-pause", dialog=True))
    if {"admin", "risk"} & set(row.reasons):
        actions.append(Action(_("Resume Copying"), f"{here}/resume?ids={row.id}", "player-play", dialog=True))
    if row.status in ("active", "paused"):
        actions.append(Action(_("Stop Copying"), f"{here}/stop?ids={row.id}", "player-stop", dialog=True, danger=True))
    return actions


SKIPS = (
    Column("at", _("When"), "time", heading=True),
    Column("customer", _("Follower"), sub="account"),
    Column("symbol", _("Symbol"), "symbol"),
    Column("side", _("Side"), "side"),
    Column("volume", _("Master's lots"), "volume"),
    Column("reason", _("Reason"), "custom"),
    Column("found", _("Found")),
    Column("needed", _("Needed")),
    Column("setting", _("Would have passed with"), "custom"),
)
SKIPS_CSV = (*SKIPS, Column("setting_value", _("Value")))
_SKIP_FILTERS = (Filter("reason", _("Reason"), "select", tuple(REASONS.items())),)


def skip_table(web: Web, session: TenantSession, master_id: UUID) -> Table:
    """The skip records of a master's followers, the newest first."""
    query = TableQuery.read(web.query, SKIPS, _SKIP_FILTERS)
    reason = query.get("reason")
    rows = lists.skips(session, master_id=master_id, reason=reason, limit=query.size, offset=query.offset)
    counts = lists.skips_by_reason(session, master_id=master_id)
    return Table(
        "skips",
        SKIPS,
        [SkipView(row) for row in rows],
        query,
        counts.get(reason, 0) if reason else sum(counts.values()),
        web.path,
        keep={"tab": "skips"},
        filters=_SKIP_FILTERS,
        caption=_("Skipped copies"),
        export=web.url(f"masters/{master_id}/skips.csv") + "?" + urlencode(query.params(page=1)),
        empty=Empty(
            _("Nothing was skipped"),
            _("Every trade of this master reached every follower who could take it."),
            "checks",
        ),
    )


class SkipView:
    """A skip record with its reason and remedy in words."""

    def __init__(self, line: lists.SkipLine) -> None:
        self.at, self.customer, self.account = line.at, line.customer, line.account
        self.symbol, self.side, self.volume = line.symbol, line.side, line.volume
        self.reason, self.code = REASONS.get(line.reason, line.reason), line.reason
        self.found, self.needed = compared(line.found), compared(line.needed)
        self.setting = remedy(line.setting, line.setting_value)


STOPPING = (
    ("close_all", _("Close all copied positions"), _("At market; this may realise losses.")),
    ("keep", _("Keep the positions"), _("They stay open with their stops and belong to the follower alone.")),
)
"""How a copy is left."""
