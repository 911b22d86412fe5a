"""The operators' log: what was done on the platform, by whom and from where."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from core.operator import log
from core.web.operator.page import Page
from core.web.tables import Column, Empty, Filter, Table, TableQuery
from tenants.text import _

__all__ = ["ROUTES"]

_COLUMNS = (
    Column("action", _("What"), heading=True, sub="subject"),
    Column("brokerage", _("Brokerage")),
    Column("actor", _("Who")),
    Column("detail", _("Change"), "custom", wide="md"),
    Column("note", _("Reason")),
    Column("address", _("From"), wide="xl"),
    Column("at", _("When"), "time"),
)


@get("/log", sync_to_thread=True)
def page(web: Page) -> Response[str]:
    """The log, the newest first."""
    with web.system() as session:
        filters = (
            Filter("search", _("Who, what or why"), "search"),
            Filter("action", _("Action"), "select", tuple((name, name) for name in log.actions(session))),
        )
        query = TableQuery.read(web.query, _COLUMNS, filters)
        wanted = log.LogFilter(query.get("search"), query.get("action"))
        rows, total = log.search(session, wanted, limit=query.size, offset=query.offset)
    table = Table(
        "log", _COLUMNS, rows, query, total, web.path, filters=filters, caption=_("Operators' log"),
        empty=Empty(_("Nothing has been done yet"), "", "history"),
    )  # fmt: skip
    return web.render("operator/log.html", table=table, title=_("Operators' log"))


ROUTES = [page]
