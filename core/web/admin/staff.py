"""Settings → Staff & roles: who works here and in which roles."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from core.web.page import Page
from core.web.reading.people import list_staff
from core.web.tables import Column, Filter, Table, TableQuery
from tenants.text import _

__all__ = ["ROUTES"]

_STAFF = (
    Column("name", _("Name"), sort=True, sub="email", heading=True),
    Column("groups", _("Roles")),
    Column("status", _("Status"), "status"),
    Column("second_factor", _("Second factor"), "flag", wide="md"),
    Column("last_sign_in_at", _("Last sign-in"), "ago"),
)
_SEARCH = Filter("search", _("Name or e-mail"), "search")


@get("/staff", opt={"permission": "staff.view"}, sync_to_thread=True)
def staff(web: Page) -> Response[str]:
    """Everybody who works for the brokerage."""
    query = TableQuery.read(web.query, _STAFF, (_SEARCH,))
    with web.session() as session:
        found = list_staff(session, query)
    table = Table("staff", _STAFF, found.rows, query, found.total, web.path, filters=(_SEARCH,), caption=_("Staff"))
    return web.render("admin/staff.html", table=table, title=_("Staff"))


ROUTES = [staff]
