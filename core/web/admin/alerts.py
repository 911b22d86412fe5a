"""Alerts: what a person should look at. Most close by themselves when what they tell is over; staff may close any."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.jobs.alerts import settle_alert
from core.web.page import Page
from core.web.reading.alerts import AlertRow, list_alerts, one_alert, sources
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Filter, Table, TableQuery
from tenants.db import TenantSession
from tenants.text import _

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "trading.view"}
_MANAGE: dict[str, Any] = {"permission": "trading.manage"}
_COLUMNS = (
    Column("severity", _("Severity"), "status", sort=True),
    Column("text", _("What"), "custom", heading=True),
    Column("source", _("From"), "custom", sort=True, wide="md"),
    Column("at", _("Since"), "ago", sort=True),
    Column("state", _("State"), "custom"),
)
_STATES = (("open", _("Open")), ("closed", _("Closed")))
_SEVERITIES = (("critical", _("Critical")), ("warning", _("Warning")), ("info", _("Info")))


@get("/alerts", opt=_VIEW, sync_to_thread=True)
def alerts(web: Page) -> Response[str]:
    """The alerts, the open ones first."""
    titles = {plugin.key: plugin.manifest.title for plugin in web.kit.platform.runtime.plugins.values()}
    with web.session() as session:
        filters = (
            Filter("search", _("Search"), "search"),
            Filter("state", _("State"), "select", _STATES),
            Filter("severity", _("Severity"), "select", _SEVERITIES),
            Filter("source", _("From"), "select", tuple((key, titles.get(key, key)) for key in sources(session))),
        )
        query = TableQuery.read(web.query, _COLUMNS, filters)
        page = list_alerts(session, query)

    def actions(row: AlertRow) -> list[Action]:
        if row.state != "open" or not web.may("trading.manage"):
            return []
        return [Action(_("Close"), f"/admin/alerts/{row.id}/close", "check", dialog=True)]

    empty = Empty(_("No alerts"), _("What needs a person's eye is shown here, and on the dashboard."), "bell-check")
    table = Table(
        "alerts", _COLUMNS, page.rows, query, page.total, web.path, filters=filters, empty=empty, actions=actions,
        caption=_("Alerts"),
    )  # fmt: skip
    return web.render("admin/alerts.html", table=table, titles=titles, title=_("Alerts"))


@get("/alerts/{alert_id:uuid}/close", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page, alert_id: FromPath[UUID]) -> Response[str]:
    """The question before an alert is closed."""
    with web.session() as session:
        return web.render("admin/alert_close.html", alert=_found(session, alert_id), error="")


@post("/alerts/{alert_id:uuid}/close", opt=_MANAGE, sync_to_thread=True)
def close(web: Page, alert_id: FromPath[UUID]) -> Response[Any]:
    """Close an alert, with the reason in the audit log."""
    reason = next(iter(web.form.get("reason", ())), "").strip()[:200]
    with web.session() as session:
        alert = _found(session, alert_id)
        if not reason:
            return web.render(
                "admin/alert_close.html", status=422, alert=alert, error=_("Say why: it is kept in the audit log.")
            )
        if settle_alert(session, alert.source, alert.code, alert.subject, by=web.actor):
            web.audit(
                session, "alert.close", str(alert.id), before={"message": str(alert.text)}, after={"reason": reason}
            )
    return web.redirect("/admin/alerts", notice=_("The alert is closed."))


def _found(session: TenantSession, alert_id: UUID) -> AlertRow:
    alert = one_alert(session, alert_id)
    if alert is None:
        raise NotFoundError("there is no such alert")
    return alert


ROUTES = [alerts, ask, close]
