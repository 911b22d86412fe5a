"""Settings → Company → Domains: the hosts at which both surfaces answer."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response import Response

from core.web.admin.settings.parts import COMPANY, company_tabs, field, leave_known
from core.web.page import Page
from core.web.refusals import NotFoundError
from tenants.services import company
from tenants.services.errors import ConflictError, InvalidError
from tenants.text import _

__all__ = ["ROUTES"]

LIST = f"{COMPANY}/domains"
_VIEW: dict[str, Any] = {"permission": "company.view"}
_MANAGE: dict[str, Any] = {"permission": "settings.domains"}


@get("/settings/company/domains", opt=_VIEW, sync_to_thread=True)
def listing(web: Page) -> Response[str]:
    """All domains, the main one first."""
    return _page(web)


@post("/settings/company/domains", opt=_MANAGE, sync_to_thread=True, status_code=200)
def add(web: Page) -> Response[Any]:
    """Answer at one more host."""
    typed, settings = field(web, "host"), web.kit.platform.settings
    try:
        with web.kit.platform.database.system() as session:
            host = company.check_own_host(session, web.tenant_id, typed, (settings.operator_host, settings.base_domain))
            company.add_host(session, web.tenant_id, host, web.who)
    except InvalidError as error:
        return _page(web, str(error), typed, 422)
    return leave_known(web, LIST, _("{host} is added. Point it at this platform, and it answers at once.", host=host))


@post("/settings/company/domains/main", opt=_MANAGE, sync_to_thread=True, status_code=200)
def main(web: Page) -> Response[Any]:
    """Name this one in mails from now on."""
    host = field(web, "host")
    with web.kit.platform.database.system() as session:
        company.set_main_host(session, web.tenant_id, host, web.who)
    return leave_known(web, LIST, _("{host} is the main domain.", host=host))


@get("/settings/company/domains/remove", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page) -> Response[str]:
    """What removing a domain does."""
    return _dialog(web, web.query.get("host", ""))


@post("/settings/company/domains/remove", opt=_MANAGE, sync_to_thread=True, status_code=200)
def remove(web: Page) -> Response[Any]:
    """Answer there no more."""
    host = field(web, "host")
    try:
        with web.kit.platform.database.system() as session:
            company.remove_host(session, web.tenant_id, host, web.who, in_use=_here(web))
    except ConflictError as error:
        return _dialog(web, host, str(error), 409)
    return leave_known(web, LIST, _("{host} is removed.", host=host))


def _here(web: Page) -> str:
    """The host of this request, without a port."""
    return web.request.headers.get("host", "").strip().lower().rsplit(":", 1)[0].rstrip(".")


def _dialog(web: Page, host: str, error: str = "", status: int = 200) -> Response[str]:
    with web.session() as session:
        known = {row.host: row for row in company.hosts(session, web.tenant_id)}
    if host not in known:
        raise NotFoundError(host)
    return web.render(
        "admin/settings/domain_remove.html", status=status, row=known[host], error=error, url=f"{LIST}/remove", title=host
    )  # fmt: skip


def _page(web: Page, error: str = "", typed: str = "", status: int = 200) -> Response[str]:
    port = web.request.headers.get("host", "").rpartition(":")[2]
    with web.session() as session:
        rows = company.hosts(session, web.tenant_id)
    return web.render(
        "admin/settings/domains.html", status=status, rows=rows, here=_here(web), error=error, typed=typed, base=LIST,
        start="https://" if web.kit.platform.settings.https else "http://", port=f":{port}" if port.isdigit() else "", tabs=company_tabs(),
        may_change=web.may("settings.domains"), title=_("Domains"),
    )  # fmt: skip


ROUTES = [listing, add, main, ask, remove]
