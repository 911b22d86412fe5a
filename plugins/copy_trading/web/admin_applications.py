"""Master Traders → Applications: who wants to be a master, how they stand against the criteria, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get, post
from litestar.response import Response

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Action, Column, Empty, Filter, FromPath, NotFoundError, RefusedError, Table, TableQuery, Web
from plugins.copy_trading.services import mastering
from plugins.copy_trading.services.applying import ApplicationLine, applications
from plugins.copy_trading.services.master_lists import statuses_of
from plugins.copy_trading.web.admin_masters import MANAGE, VIEW, tabs

_FILTERS = (
    Filter("search", _("Name, e-mail or account"), "search"),
    Filter(
        "status",
        _("Status"),
        "select",
        (
            ("pending", _("Pending")),
            ("approved", _("Approved")),
            ("rejected", _("Rejected")),
            ("withdrawn", _("Withdrawn")),
        ),
    ),
)
_COLUMNS = (
    Column("name", _("Applicant"), "custom", sort=True, heading=True),
    Column("account", _("Account"), sub="currency", sort=True),
    Column("criteria", _("Criteria"), "custom"),
    Column("fee_percent", _("Fee"), "percent", sort=True, wide="lg"),
    Column("follower_cap", _("Cap"), "number", digits=0, wide="xl"),
    Column("created_at", _("Applied"), "time", sort=True),
    Column("status", _("Status"), "custom", sort=True),
)
_CSV = (
    Column("name", _("Applicant"), sub="email"),
    Column("account", _("Account")),
    Column("status", _("Status")),
    Column("met", _("Every criterion met")),
    Column("unmet", _("Criteria not met")),
    Column("fee_percent", _("Fee")),
    Column("follower_cap", _("Cap")),
    Column("created_at", _("Applied")),
    Column("decided_at", _("Decided")),
    Column("decided_by", _("Decided by")),
    Column("reason", _("Reason")),
)
_WORDS = {
    "approve": (
        _("Approve {name}?"),
        _("The customer becomes a master trader; followers can find them."),
        _("Approve"),
        False,
    ),
    "reject": (_("Reject {name}?"), _("The customer reads the reason and may apply again."), _("Reject"), True),
}
_DONE = {"approve": _("{name} is a master trader now."), "reject": _("The application of {name} is rejected.")}


@get("/masters/applications", opt=VIEW, sync_to_thread=True)
def page(web: Web) -> Response[str]:
    """The applications, those that wait first."""
    query = TableQuery.read(web.query, _COLUMNS, _FILTERS)
    with web.session() as session:
        found = _found(session, query)
        statuses = statuses_of(session)
    table = Table(
        "applications",
        _COLUMNS,
        found[query.offset : query.offset + query.size],
        query,
        len(found),
        web.path,
        filters=_FILTERS,
        caption=_("Applications"),
        actions=(lambda row: _actions(web, row)) if web.may("copy_trading.masters.manage") else None,
        export=web.url("masters/applications.csv") + "?" + urlencode(query.params(page=1)),
        empty=Empty(
            _("No applications"),
            _("Customers apply in the portal under Copy Trading; what you ask of them is set in Product Configs."),
            "clipboard-check",
            Action(_("Criteria in Product Configs"), "/admin/settings/products/copy_trading", "adjustments")
            if web.may("products.view")
            else None,
        ),
    )
    return web.render(
        "admin/applications.html",
        table=table,
        any=bool(statuses),
        tab="applications",
        tabs=tabs(web, statuses),
        title=_("Applications"),
    )


@get("/masters/applications.csv", opt=VIEW, sync_to_thread=True)
def as_csv(web: Web) -> Response[str]:
    """The same applications as CSV."""
    query = TableQuery.read(web.query, _COLUMNS, _FILTERS)
    with web.session() as session:
        return web.csv("applications", _CSV, _found(session, query))


def _found(session: TenantSession, query: TableQuery) -> list[ApplicationLine]:
    needle = query.get("search").lower()
    found = [
        row
        for row in applications(session, status=query.get("status") or None)
        if any(needle in value.lower() for value in (row.name, row.customer, row.email, row.account))
    ]
    if not query.sort:
        return sorted(found, key=lambda row: row.status != "pending")
    key = query.sort
    known = [row for row in found if getattr(row, key) is not None]
    return sorted(known, key=lambda row: getattr(row, key), reverse=query.descending)


def _actions(web: Web, row: ApplicationLine) -> Sequence[Action]:
    if row.status != "pending":
        return ()
    here = web.url(f"masters/applications/{row.id}")
    return (
        Action(_("Approve"), f"{here}/approve", "check", dialog=True),
        Action(_("Reject"), f"{here}/reject", "x", dialog=True, danger=True),
    )


@get("/masters/applications/{application_id:uuid}/{action:str}", opt=MANAGE, sync_to_thread=True)
def ask(web: Web, application_id: FromPath[UUID], action: FromPath[str]) -> Response[str]:
    """Approve or reject, with the criteria as they stood when it was sent."""
    with web.session() as session:
        row = _one(session, application_id, action)
    return _dialog(web, row, action)


@post("/masters/applications/{application_id:uuid}/{action:str}", opt=MANAGE, sync_to_thread=True, status_code=200)
def decide(web: Web, application_id: FromPath[UUID], action: FromPath[str]) -> Response[Any]:
    """Do it, once: whoever decides second is told that it is decided."""
    reason = (web.form.get("reason") or [""])[-1]
    with web.session() as session:
        row = _one(session, application_id, action)
    try:
        with web.session() as session:
            master = mastering.get(session, row.master_id, lock=True)
            before = _one(session, application_id, action)
            if before.status != "pending":
                raise RefusedError("not_pending", _("This application has been decided already."))
            if action == "approve":
                mastering.approve(session, master, by=web.actor)
            else:
                mastering.reject(session, master, by=web.actor, reason=reason)
            web.audit(
                session,
                f"master.{action}",
                f"master:{master.id}",
                before={"status": "pending", "criteria_met": before.met},
                after={"status": master.status, "reason": reason},
            )
    except RefusedError as error:
        return _dialog(web, row, action, error.message, status=409)
    return web.redirect("masters/applications", notice=_DONE[action].format(name=row.name))


def _one(session: TenantSession, application_id: UUID, action: str) -> ApplicationLine:
    found = applications(session, ids=[application_id]) if action in _WORDS else []
    if not found:
        raise NotFoundError(str(application_id))
    return found[0]


def _dialog(web: Web, row: ApplicationLine, action: str, error: str = "", status: int = 200) -> Response[str]:
    question, words, submit, danger = _WORDS[action]
    return web.render(
        "admin/decision.html",
        status=status,
        application=row,
        question=question.format(name=row.name),
        words=words,
        submit=submit,
        danger=danger,
        reason=action == "reject",
        action=web.url(f"masters/applications/{row.id}/{action}"),
        error=error,
        title=submit,
    )


ROUTES = [page, as_csv, ask, decide]
