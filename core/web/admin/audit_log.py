"""Settings → Audit log: who did what, when and from where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.response import Response

from core.web.audit_words import action_text, changes_of, kind_text, object_href
from core.web.page import Page
from core.web.tables import Column, Empty, Filter, Table, TableQuery
from tenants.db import TenantSession
from tenants.services import audit
from tenants.text import _

__all__ = ["ROUTES", "WORDS", "entries_table"]

_VIEW: dict[str, Any] = {"permission": "audit.view"}
_COLUMNS = (
    Column("action", _("What"), "custom", heading=True),
    Column("actor_name", _("Who"), "custom"),
    Column("change", _("Change"), "custom"),
    Column("address", _("From"), "code", wide="xl"),
    Column("at", _("When"), "time"),
)
_KINDS = tuple((kind, kind_text(kind)) for kind in ("staff", "customer", "operator", "system"))
WORDS: dict[str, Any] = {
    "action_text": action_text,
    "changes_of": changes_of,
    "kind_text": kind_text,
    "object_href": object_href,
}
"""What the templates that draw entries are given."""


@get("/settings/audit", opt=_VIEW, sync_to_thread=True)
def log(web: Page) -> Response[str]:
    """The log, the newest first."""
    with web.session() as session:
        filters = _filters(session)
        query = TableQuery.read(web.query, _COLUMNS, filters)
        rows, total = audit.search(session, _wanted(query), limit=query.size, offset=query.offset)
    export = "/admin/settings/audit.csv" + (f"?{urlencode(dict(query.filters))}" if query.filters else "")
    table = Table(
        "audit", _COLUMNS, rows, query, total, web.path, filters=filters, caption=_("Audit log"), export=export,
        empty=Empty(_("Nothing has been logged yet"), "", "history"),
    )  # fmt: skip
    return web.render("admin/audit.html", table=table, title=_("Audit log"), words=WORDS)


@get("/settings/audit.csv", opt=_VIEW, sync_to_thread=True)
def export(web: Page) -> Response[str]:
    """The same entries as a file."""
    with web.session() as session:
        query = TableQuery.read(web.query, _COLUMNS, _filters(session))
        body = "".join(audit.csv_rows(session, _wanted(query)))
    name = f"audit-{datetime.now(UTC):%Y-%m-%d}.csv"
    return Response(
        body, media_type="text/csv; charset=utf-8", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def entries_table(web: Page, session: TenantSession, about: tuple[UUID, ...], keep: Mapping[str, str]) -> Table:
    """What some people did and what was done to them or to their things, the newest first."""
    query = TableQuery.read(web.query, _COLUMNS)
    rows, total = audit.search(session, audit.AuditFilter(about=about), limit=query.size, offset=query.offset)
    return Table(
        "activity", _COLUMNS, rows, query, total, web.path, keep=keep, caption=_("Activity"),
        empty=Empty(_("Nothing has been logged yet"), "", "history"),
    )  # fmt: skip


def _filters(session: TenantSession) -> tuple[Filter, ...]:
    known = sorted(((name, str(action_text(name))) for name in audit.actions(session)), key=lambda item: item[1])
    return (
        Filter("search", _("Anything: name, object, value"), "search"),
        Filter("action", _("Action"), "select", tuple(known)),
        Filter("kind", _("Who"), "select", _KINDS),
        Filter("since", _("From"), "date"),
        Filter("until", _("To"), "date"),
    )


def _wanted(query: TableQuery) -> audit.AuditFilter:
    return audit.AuditFilter(
        text=query.get("search"),
        action=query.get("action"),
        actor_kind=query.get("kind"),
        since=_day(query.get("since")),
        until=_day(query.get("until"), timedelta(days=1)),
    )


def _day(value: str, more: timedelta = timedelta()) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=UTC) + more if value else None


ROUTES = [log, export]
