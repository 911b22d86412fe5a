"""Settings → Audit log: who did what, when and from where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.response import Response

from core.web.page import Page
from core.web.tables import Column, Empty, Filter, Table, TableQuery
from tenants.services import audit

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "audit.view"}
_COLUMNS = (
    Column("action", "What", "custom", heading=True),
    Column("actor_name", "Who", sub="actor_kind"),
    Column("change", "Change", "custom"),
    Column("note", "Reason", wide="lg"),
    Column("address", "From", "text", wide="xl"),
    Column("at", "When", "time"),
)


@get("/settings/audit", opt=_VIEW, sync_to_thread=True)
def log(web: Page) -> Response[str]:
    """The log, the newest first."""
    with web.session() as session:
        filters = (
            Filter("search", "Anything: name, object, value", "search"),
            Filter("action", "Action", "select", tuple((name, name) for name in audit.actions(session))),
            Filter("since", "From", "date"),
            Filter("until", "To", "date"),
        )
        query = TableQuery.read(web.query, _COLUMNS, filters)
        rows, total = audit.search(session, _wanted(query), limit=query.size, offset=query.offset)
    export = "/admin/settings/audit.csv" + (f"?{urlencode(dict(query.filters))}" if query.filters else "")
    table = Table(
        "audit", _COLUMNS, rows, query, total, web.path, filters=filters, caption="Audit log", export=export,
        empty=Empty("Nothing has been logged yet", "", "history"),
    )  # fmt: skip
    return web.render("admin/audit.html", table=table, title="Audit log")


@get("/settings/audit.csv", opt=_VIEW, sync_to_thread=True)
def export(web: Page) -> Response[str]:
    """The same entries as a file."""
    query = TableQuery.read(
        web.query,
        _COLUMNS,
        (
            Filter("search", "", "search"),
            Filter("action", "", "search"),
            Filter("since", "", "date"),
            Filter("until", "", "date"),
        ),
    )
    with web.session() as session:
        lines: Iterator[str] = audit.csv_rows(session, _wanted(query))
        body = "".join(lines)
    name = f"audit-{datetime.now(UTC):%Y-%m-%d}.csv"
    return Response(
        body, media_type="text/csv; charset=utf-8", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _wanted(query: TableQuery) -> audit.AuditFilter:
    return audit.AuditFilter(
        text=query.get("search"),
        action=query.get("action"),
        since=_day(query.get("since")),
        until=_day(query.get("until"), timedelta(days=1)),
    )


def _day(value: str, more: timedelta = timedelta()) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=UTC) + more if value else None


ROUTES = [log, export]
