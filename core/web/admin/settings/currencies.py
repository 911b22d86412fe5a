"""Settings → Company → Currencies: the one it reports in, and those that accounts may be held in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import get, post
from litestar.response import Response

from core.offering.currencies import change_currencies, currency_rows
from core.web.admin.settings.parts import COMPANY, company_tabs, field
from core.web.page import Page
from tenants.services import validation
from tenants.services.company import tenant
from tenants.services.errors import TenantsError
from tenants.text import Text, _

__all__ = ["ROUTES"]

LIST = f"{COMPANY}/currencies"
_VIEW: dict[str, Any] = {"permission": "company.view"}
_MANAGE: dict[str, Any] = {"permission": "company.manage"}


@get("/settings/company/currencies", opt=_VIEW, sync_to_thread=True)
def listing(web: Page) -> Response[str]:
    """The currencies, and what hangs on each."""
    return _page(web)


@post("/settings/company/currencies", opt=_MANAGE, sync_to_thread=True, status_code=200)
def add(web: Page) -> Response[Any]:
    """Allow one more."""
    return _change(web, lambda codes, code: [*codes, code], lambda code: _("Accounts may be in {code}.", code=code))


@post("/settings/company/currencies/main", opt=_MANAGE, sync_to_thread=True, status_code=200)
def main(web: Page) -> Response[Any]:
    """Report in this one from now on."""
    return _change(
        web, lambda codes, code: [code, *(one for one in codes if one != code)],
        lambda code: _("{code} is the reporting currency.", code=code),
    )  # fmt: skip


@post("/settings/company/currencies/remove", opt=_MANAGE, sync_to_thread=True, status_code=200)
def remove(web: Page) -> Response[Any]:
    """Allow it no more."""
    return _change(
        web, lambda codes, code: [one for one in codes if one != code],
        lambda code: _("New accounts may no longer be in {code}.", code=code),
    )  # fmt: skip


def _change(
    web: Page, order: Callable[[list[str], str], list[str]], said: Callable[[str], Text]
) -> Response[Any]:  # fmt: skip
    typed = field(web, "code")
    try:
        code = validation.currency(typed)
        with web.session() as session:
            change_currencies(session, order(list(tenant(session).currencies), code), web.who)
    except TenantsError as error:
        return _page(web, str(error), typed, 422)
    return web.leave_for(LIST, notice=said(code))


def _page(web: Page, error: str = "", typed: str = "", status: int = 200) -> Response[str]:
    with web.session() as session:
        rows = currency_rows(session)
    return web.render(
        "admin/settings/currencies.html", status=status, rows=rows, error=error, typed=typed, base=LIST,
        tabs=company_tabs(), may_change=web.may("company.manage"), title=_("Currencies"),
    )  # fmt: skip


ROUTES = [listing, add, main, remove]
