"""Trading → Master Traders: the list, a master's page, a direct grant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field
from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.web import (
    Action,
    Chart,
    Column,
    Empty,
    Filter,
    FromPath,
    NotFoundError,
    RefusedError,
    Series,
    Table,
    TableQuery,
    Web,
    form_for,
    parse_form,
)
from plugins.copy_trading.services import lists, mastering
from plugins.copy_trading.services.figures import History, exposure_of, history_of
from plugins.copy_trading.services.master_lists import MasterLine, MasterQuery, page_of_masters
from plugins.copy_trading.web import admin_followers

VIEW: dict[str, Any] = {"permission": "copy_trading.masters.view"}
MANAGE: dict[str, Any] = {"permission": "copy_trading.masters.manage"}

_STATUSES = (
    ("pending", "Pending"),
    ("active", "Active"),
    ("paused", "Paused"),
    ("deactivated", "Deactivated"),
    ("rejected", "Rejected"),
)
_FILTERS = (
    Filter("search", "Name, e-mail or account", "search"),
    Filter("status", "Status", "select", _STATUSES),
    Filter("visibility", "Visibility", "select", (("public", "Public"), ("private", "Private"))),
)


def _columns(web: Web) -> tuple[Column, ...]:
    return (
        Column(
            "name", "Master trader", sort=True, sub="email", heading=True, href=lambda row: web.url(f"masters/{row.id}")
        ),
        Column("account", "Account", sort=True, wide="lg"),
        Column("followers", "Followers", "number", sort=True),
        Column(
            "total_pnl", "Total P&L", "pnl", sort=True, currency="currency", hint="Realised and floating, net of costs"
        ),
        Column("win_rate", "Win rate", "percent", sort=True, hint="Of fully closed positions, those with a net gain"),
        Column("risk", "Risk score", "custom", sort=True, hint="1 is calm, 10 is wild; none under ten days of history"),
        Column("status", "Status", "status", sort=True),
        Column("visibility", "Visibility", "status_text", wide="xl"),
        Column("follower_cap", "Cap", "number", digits=0, wide="xl", hint="Most followers"),
    )


@get("/masters", opt=VIEW, sync_to_thread=True)
def masters(web: Web) -> Response[str]:
    """All registered master traders."""
    columns = _columns(web)
    query = TableQuery.read(web.query, columns, _FILTERS, sort="name")
    with web.session() as session:
        found = page_of_masters(
            session,
            MasterQuery(
                search=query.get("search"),
                status=query.get("status"),
                visibility=query.get("visibility"),
                sort=query.sort,
                descending=query.descending,
                offset=query.offset,
                limit=query.size,
            ),
        )
    pending = found.statuses.get("pending", 0)
    table = Table(
        "masters",
        columns,
        found.rows,
        query,
        found.total,
        web.path,
        filters=_FILTERS,
        caption="Master traders",
        empty=Empty(
            "No master traders yet",
            "Master status is granted to qualifying customers: they apply in the portal and you approve them here, or you"
            " grant it directly.",
            "users-group",
            Action("Grant master status", web.url("masters/grant"), "user-plus", dialog=True, primary=True)
            if web.may("copy_trading.masters.manage")
            else None,
        ),
    )
    return web.render("admin/masters.html", table=table, pending=pending, title="Master Traders")


def ordered(rows: Sequence[Any], query: TableQuery) -> list[Any]:
    """Rows by the column asked for; those without a value last, whichever way round."""
    if not query.sort:
        return list(rows)
    value: Callable[[Any], Any] = lambda row: getattr(row, query.sort)  # noqa: E731 - used twice below
    known = [row for row in rows if value(row) is not None]
    missing = [row for row in rows if value(row) is None]
    key: Callable[[Any], Any] = lambda row: value(row).lower() if isinstance(value(row), str) else value(row)  # noqa: E731
    return sorted(known, key=key, reverse=query.descending) + missing


class Grant(BaseModel):
    """Master status given directly."""

    account: str = Field(title="Account number", min_length=1, description="The account whose trades are to be copied.")
    name: str = Field(title="Name", min_length=2, max_length=60, description="As followers see it.")
    public: bool = Field(
        default=True, title="Public", description="Everybody may find and follow; else an invite code is needed."
    )
    follower_cap: int | None = Field(
        default=None, title="Most followers", ge=1, description="Leave it empty for no limit."
    )


@get("/masters/grant", opt=MANAGE, sync_to_thread=True)
def ask_grant(web: Web) -> Response[str]:
    """The form of a direct grant."""
    return web.render("admin/grant.html", form=form_for(Grant), title="Grant master status")


@post("/masters/grant", opt=MANAGE, sync_to_thread=True, status_code=200)
def grant(web: Web) -> Response[Any]:
    """Give master status without an application."""
    parsed = parse_form(Grant, web.form)
    if parsed.value is None:
        return web.render("admin/grant.html", status=422, form=parsed.form, title="Grant master status")
    given = parsed.value
    try:
        with web.session() as session:
            account_id = session.scalar(
                text("select id from core.accounts where number = :number"), {"number": given.account}
            )
            if account_id is None:
                raise RefusedError("unknown_account", "There is no account with this number.")
            master = mastering.grant(
                session,
                account_id=account_id,
                name=given.name,
                by=web.actor,
                public=given.public,
                follower_cap=given.follower_cap,
            )
            web.audit(session, "master.grant", f"master:{master.id}", after={"status": "active", "name": given.name})
    except RefusedError as error:
        form = parsed.form.with_errors({"account": error.message})
        return web.render("admin/grant.html", status=422, form=form, title="Grant master status")
    return web.redirect(f"masters/{master.id}", notice=f"{given.name} is a master trader now.")


TABS = (("overview", "Overview"), ("followers", "Followers"), ("skips", "Skipped copies"))


@get("/masters/{master_id:uuid}", opt=VIEW, sync_to_thread=True)
def master(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """One master: figures, Status controls, followers."""
    tab = web.query.get("tab", "overview")
    if tab not in dict(TABS):
        raise NotFoundError(tab)
    with web.session() as session:
        row = mastering.get(session, master_id)
        [line] = lists.masters(session, only=[master_id])
        context = _overview(session, line) if tab == "overview" else {}
        if tab == "followers":
            context = {
                "table": admin_followers.table(web, session, master_id),
                "limits": web.settings().leverage_limits,
            }
        if tab == "skips":
            context = {"table": admin_followers.skip_table(web, session, master_id)}
        criteria, reason = list(row.criteria), row.reason
    counts = {"followers": line.followers}
    return web.render(
        f"admin/master_{tab}.html",
        master=line,
        criteria=criteria,
        reason=reason,
        tab=tab,
        tabs=[(key, label, f"{web.path}?tab={key}", counts.get(key)) for key, label in TABS],
        controls=_controls(web, line),
        title=line.name,
        **context,
    )


def _controls(web: Web, line: MasterLine) -> list[Action]:
    """The Status controls that make sense now."""
    if not web.may("copy_trading.masters.manage"):
        return []
    here = web.url(f"masters/{line.id}/status")
    pause = Action("Pause", f"{here}/pause", "player-pause", dialog=True)
    activate = Action("Activate", f"{here}/activate", "player-play", dialog=True, primary=True)
    deactivate = Action("Deactivate", f"{here}/deactivate", "user-off", dialog=True, danger=True)
    approve = Action("Approve", f"{here}/approve", "check", dialog=True, primary=True)
    reject = Action("Reject", f"{here}/reject", "x", dialog=True, danger=True)
    return {
        "pending": [approve, reject],
        "active": [pause, deactivate],
        "paused": [activate, deactivate],
        "deactivated": [activate],
        "rejected": [approve],
    }[line.status]


def _overview(session: TenantSession, line: MasterLine) -> dict[str, Any]:
    history = history_of(session, line.id)
    exposure = exposure_of(session, line.account_id)
    trades = history.trades
    return {"history": history, "trades": trades, "exposure": exposure, **_charts(history, line)}


def _charts(history: History, line: MasterLine) -> dict[str, Any]:
    index = [(at, (value - 1) * 100) for at, value in history.index]
    falls, peak = [], None
    for at, value in history.index:
        peak = value if peak is None else max(peak, value)
        falls.append((at, (value / peak - 1) * 100 if peak else 0))
    years: dict[int, dict[int, tuple[Any, bool]]] = {}
    for year, month, change, partial in history.months:
        years.setdefault(year, {})[month] = (change, partial)
    return {
        "equity_chart": Chart("equity", [Series(history.points)], "Equity curve", unit=line.currency),
        "return_chart": Chart("index", [Series(index, "line")], "Return index", unit="%", baseline=0),
        "drawdown_chart": Chart("drawdown", [Series(falls, "area", tone="down")], "Drawdown", unit="%", height=180),
        "years": years,
    }


ROUTES = [masters, ask_grant, grant, master]
