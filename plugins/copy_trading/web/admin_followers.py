"""A master's Followers tab: each follower's copy, warnings, Pause Copying and Stop Copying, single and bulk."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response

from core.sdk.data import TenantSession
from core.sdk.web import (
    Action,
    Column,
    Empty,
    Filter,
    FromPath,
    NotFoundError,
    RefusedError,
    Table,
    TableQuery,
    Web,
)
from plugins.copy_trading.rules.states import By, IllegalMoveError, Pause
from plugins.copy_trading.services import following, lists
from plugins.copy_trading.services.lists import FollowerLine
from plugins.copy_trading.services.stopping import stop
from plugins.copy_trading.web.words import MODES, REASONS, money, remedy

_MANAGE: dict[str, Any] = {"permission": "copy_trading.followers.manage"}
MAX_BULK = 500

_COLUMNS = (
    Column("customer", "Follower", sub="account", sort=True, heading=True),
    Column("mode", "Copy mode", "custom", sort=True),
    Column("ratio", "Copy ratio"),
    Column(
        "copied_pnl",
        "Copied P&L",
        "pnl",
        sort=True,
        currency="currency",
        sub="open_note",
        hint="Of linked positions, realised and floating",
    ),
    Column("equity", "Equity", "money", sort=True, currency="currency"),
    Column("leverage", "Leverage", "custom", sort=True, hint="Value of all open positions divided by equity"),
    Column("margin_level", "Margin level", "percent", sort=True, wide="xl"),
    Column("status", "Status", "custom", sort=True),
)
_FILTERS = (
    Filter("search", "Name, e-mail or account", "search"),
    Filter("status", "Status", "select", (("active", "Active"), ("paused", "Paused"), ("stopping", "Stopping"))),
    Filter(
        "warning",
        "Warning",
        "select",
        (("any", "Any"), ("warning", "Warning"), ("high", "High"), ("critical", "Critical")),
    ),
)


def table(web: Web, session: TenantSession, master_id: UUID) -> Table:
    """The followers of a master."""
    query = TableQuery.read(web.query, _COLUMNS, _FILTERS)
    found = [
        row
        for row in lists.followers(session, web.settings().leverage_limits, master_id=master_id)
        if _matches(row, query)
    ]
    if query.sort:
        known = [row for row in found if getattr(row, query.sort) is not None]
        known.sort(key=lambda row: getattr(row, query.sort), reverse=query.descending)
        found = known + [row for row in found if getattr(row, query.sort) is None]
    may = web.may("copy_trading.followers.manage")
    here = web.url(f"masters/{master_id}/followers")
    return Table(
        "followers",
        _COLUMNS,
        found[query.offset : query.offset + query.size],
        query,
        len(found),
        web.path,
        keep={"tab": "followers"},
        filters=_FILTERS,
        caption="Followers",
        actions=(lambda row: _actions(here, row)) if may else None,
        select="id" if may else "",
        bulk=(
            Action("Pause Copying", f"{here}/pause", "player-pause"),
            Action("Resume Copying", f"{here}/resume", "player-play"),
            Action("Stop Copying", f"{here}/stop", "player-stop", danger=True),
        ),
        empty=Empty("Nobody follows yet", "Customers find this master in the portal under Copy Trading.", "users"),
    )


def _matches(row: FollowerLine, query: TableQuery) -> bool:
    needle = query.get("search").lower()
    if needle and not any(needle in value.lower() for value in (row.customer, row.email, row.account)):
        return False
    if query.get("status") and row.status != query.get("status"):
        return False
    wanted = query.get("warning")
    return not wanted or (row.warning is not None and wanted in ("any", row.warning))


def _actions(here: str, row: FollowerLine) -> Sequence[Action]:
    actions = []
    if "admin" not in row.reasons and row.status in ("active", "paused"):
        actions.append(Action("Pause Copying", f"{here}/pause?ids={row.id}", "player-pause", dialog=True))
    if {"admin", "risk"} & set(row.reasons):
        actions.append(Action("Resume Copying", f"{here}/resume?ids={row.id}", "player-play", dialog=True))
    if row.status in ("active", "paused"):
        actions.append(Action("Stop Copying", f"{here}/stop?ids={row.id}", "player-stop", dialog=True, danger=True))
    return actions


_SKIPS = (
    Column("at", "When", "time", heading=True),
    Column("customer", "Follower", sub="account"),
    Column("symbol", "Symbol", "symbol"),
    Column("side", "Side", "side"),
    Column("volume", "Master's lots", "volume"),
    Column("reason", "Reason", "custom"),
    Column("found", "Found"),
    Column("needed", "Needed"),
    Column("setting", "Would have passed with", "custom"),
)


def skip_table(web: Web, session: TenantSession, master_id: UUID) -> Table:
    """The newest skip records of a master's followers."""
    rows = lists.skips(session, master_id=master_id)
    return Table(
        "skips",
        _SKIPS,
        [SkipView(row) for row in rows],
        caption="Skipped copies",
        empty=Empty(
            "Nothing was skipped", "Every trade of this master reached every follower who could take it.", "checks"
        ),
    )


class SkipView:
    """A skip record with its reason and remedy in words."""

    def __init__(self, line: lists.SkipLine) -> None:
        self.at, self.customer, self.account = line.at, line.customer, line.account
        self.symbol, self.side, self.volume = line.symbol, line.side, line.volume
        self.reason, self.code = REASONS.get(line.reason, line.reason), line.reason
        self.found, self.needed = line.found, line.needed
        self.setting = remedy(line.setting, line.setting_value)


@get("/masters/{master_id:uuid}/followers/{action:str}", opt=_MANAGE, sync_to_thread=True)
def ask(web: Web, master_id: FromPath[UUID], action: FromPath[str]) -> Response[str]:
    """Pause, resume or stop: what it touches, before it is done."""
    return _dialog(web, master_id, action, web.query_list("ids"))


@post("/masters/{master_id:uuid}/followers/{action:str}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def change(web: Web, master_id: FromPath[UUID], action: FromPath[str]) -> Response[Any]:
    """Do it for all chosen followers."""
    if action not in _QUESTIONS:
        raise NotFoundError(action)
    given, choice = list(web.form.get("ids", ())), (web.form.get("choice") or [""])[-1]
    reason = (web.form.get("reason") or [""])[-1]
    try:
        with web.session() as session:
            rows = _chosen(web, session, master_id, given)
            ids = [row.id for row in rows]
            done = _carry_out(session, action, ids, choice)
            for row in rows:
                before = {"status": row.status, "paused": list(row.reasons)}
                after = {"action": action, "choice": choice, "reason": reason, "open_copies": row.open_copies}
                web.audit(session, f"copy.{action}", f"subscription:{row.id}", before=before, after=after)
    except (RefusedError, IllegalMoveError) as error:
        return _dialog(web, master_id, action, given, str(error), status=409)
    return web.redirect(f"masters/{master_id}?tab=followers", notice=_DONE[action].format(count=done))


_QUESTIONS = {
    "pause": (
        "Pause Copying",
        "Nothing new is copied; closes, reductions and stop changes still follow the master.",
        False,
    ),
    "resume": (
        "Resume Copying",
        "Lifts the pause by staff. A pause of the follower's own stays. Nothing is made up for.",
        False,
    ),
    "stop": ("Stop Copying", "The copy ends for good. The follower may follow the master anew.", True),
}
_DONE = {
    "pause": "Copying is paused for {count} of the chosen followers.",
    "resume": "The staff's pause is lifted for {count} of the chosen followers.",
    "stop": "Copying is stopped for {count} of the chosen followers.",
}
STOPPING = (
    ("close_all", "Close all copied positions", "At market; this may realise losses."),
    ("keep", "Keep the positions", "They stay open with their stops and belong to the follower alone."),
)


def _carry_out(session: TenantSession, action: str, ids: Sequence[UUID], choice: str) -> int:
    if action == "pause":
        return following.pause(session, ids, Pause.ADMIN)
    if action == "resume":
        return len(following.resume_copying(session, ids, By.ADMIN))
    return stop(session, ids, choice)


def _dialog(
    web: Web, master_id: UUID, action: str, given: Sequence[str], error: str = "", status: int = 200
) -> Response[str]:
    if action not in _QUESTIONS:
        raise NotFoundError(action)
    title, words, danger = _QUESTIONS[action]
    with web.session() as session:
        rows = _chosen(web, session, master_id, given)
    earned: dict[str, Decimal] = {}
    for row in rows:
        earned[row.currency] = earned.get(row.currency, Decimal(0)) + row.copied_pnl
    items = [
        ("Followers", rows[0].customer if len(rows) == 1 else f"{len(rows):,}"),
        ("Open copied positions", f"{sum(row.open_copies for row in rows):,}"),
        *(("Copied P&L", money(value, currency)) for currency, value in earned.items()),
    ]
    return web.render(
        "admin/question.html",
        status=status,
        question=f"{title}?",
        words=words,
        submit=title,
        danger=danger,
        items=items,
        choices=STOPPING if action == "stop" else (),
        choice="",
        values={"ids": [str(row.id) for row in rows]},
        reason=True,
        action=web.url(f"masters/{master_id}/followers/{action}"),
        error=error,
        title=title,
    )


def _chosen(web: Web, session: TenantSession, master_id: UUID, given: Sequence[str]) -> list[FollowerLine]:
    """The chosen subscriptions of this master; a foreign or unknown one is 404."""
    try:
        ids = list({UUID(value) for value in given})
    except ValueError:
        raise NotFoundError("ids") from None
    if not ids or len(ids) > MAX_BULK:
        raise NotFoundError("ids")
    rows = lists.followers(session, web.settings().leverage_limits, master_id=master_id, ids=ids, stopped=True)
    if len(rows) != len(ids):
        raise NotFoundError("ids")
    return rows


def mode_label(mode: str) -> str:
    """A copy mode as pages call it."""
    return MODES.get(mode, mode.replace("_", " ").capitalize())


ROUTES = [ask, change]
