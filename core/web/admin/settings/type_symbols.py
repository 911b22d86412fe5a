"""An account type's symbols: which can be traded, and where leverage and mark-up differ from the type's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.offering import account_types
from core.offering.account_types import SymbolOfType
from core.offering.values import SymbolTerms
from core.web.admin.settings.account_types import LIST, type_tabs
from core.web.admin.settings.parts import field, ids_of, trimmed
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Table
from tenants.text import _, _n

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "company.view"}
_MANAGE: dict[str, Any] = {"permission": "settings.account_types"}
_COLUMNS = (
    Column("code", _("Symbol"), "symbol", sub="title", heading=True),
    Column("asset_class", _("Class"), "status_text", wide="md"),
    Column("enabled", _("Can be traded"), "flag"),
    Column("leverage", _("Leverage"), "custom"),
    Column("markup", _("Mark-up"), "custom", hint=_("Pips, half on each side.")),
    Column("positions", _("Open positions"), "number"),
    Column("status", _("Symbol"), "status", wide="md"),
)


@get("/settings/account-types/{type_id:uuid}/symbols", opt=_VIEW, sync_to_thread=True)
def listing(web: Page, type_id: FromPath[UUID]) -> Response[str]:
    """All symbols of the brokerage as the account type has them."""
    with web.session() as session:
        kind = account_types.account_type(session, type_id)
        rows = account_types.symbols_of_type(session, type_id)
    url, may = f"{LIST}/{type_id}/symbols", web.may("settings.account_types")

    def actions(row: SymbolOfType) -> tuple[Action, ...]:
        return (Action(_("Change"), f"{url}/{row.id}", dialog=True),)

    table = Table(
        "type-symbols", _COLUMNS, rows, caption=_("Symbols"), select="id" if may else "",
        bulk=(Action(_("Enable"), f"{url}/switch?to=on", "check"),
              Action(_("Disable"), f"{url}/switch?to=off", "ban", danger=True)) if may else (),
        actions=actions if may else None,
        empty=Empty(_("No symbols"), _("Add symbols to the brokerage first."), "coins",
                    Action(_("Symbols"), "/admin/settings/symbols")),
    )  # fmt: skip
    return web.render(
        "admin/settings/type_symbols.html", table=table, tabs=type_tabs(type_id), base=LIST, kind=kind, title=kind.name
    )


@get("/settings/account-types/{type_id:uuid}/symbols/switch", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page, type_id: FromPath[UUID]) -> Response[str]:
    """Which symbols would be switched."""
    to = web.query.get("to", "")
    if to not in ("on", "off"):
        raise NotFoundError(to)
    rows = _chosen(web, type_id, web.query_list("ids"))
    return web.render(
        "admin/settings/type_symbols_switch.html", rows=rows, to=to, url=f"{LIST}/{type_id}/symbols/switch",
        positions=sum(row.positions for row in rows), title=_("Symbols"),
    )  # fmt: skip


@post("/settings/account-types/{type_id:uuid}/symbols/switch", opt=_MANAGE, sync_to_thread=True, status_code=200)
def switch(web: Page, type_id: FromPath[UUID]) -> Response[Any]:
    """Enable or disable several symbols; their own leverage and mark-up stay as they are."""
    to = field(web, "to")
    if to not in ("on", "off"):
        raise NotFoundError(to)
    rows = _chosen(web, type_id, web.form.get("ids", ()))
    changes = {row.id: SymbolTerms(enabled=to == "on", leverage=row.leverage, markup=row.markup) for row in rows}
    with web.session() as session:
        changed = account_types.change_symbols(session, type_id, changes, web.who)
    said = (
        _n("{count} symbol is enabled.", "{count} symbols are enabled.", len(changed))
        if to == "on"
        else _n("{count} symbol is disabled.", "{count} symbols are disabled.", len(changed))
    )
    return web.leave_for(f"{LIST}/{type_id}/symbols", notice=said)


@get("/settings/account-types/{type_id:uuid}/symbols/{symbol_id:uuid}", opt=_MANAGE, sync_to_thread=True)
def edit(web: Page, type_id: FromPath[UUID], symbol_id: FromPath[UUID]) -> Response[str]:
    """One symbol's terms in the account type."""
    row = _one(web, type_id, symbol_id)
    values = {"enabled": row.enabled, "leverage": row.leverage, "markup": row.markup}
    return _dialog(web, type_id, row, form_for(SymbolTerms, trimmed(values)))


@post(
    "/settings/account-types/{type_id:uuid}/symbols/{symbol_id:uuid}", opt=_MANAGE, sync_to_thread=True, status_code=200
)
def save(web: Page, type_id: FromPath[UUID], symbol_id: FromPath[UUID]) -> Response[Any]:
    """Change them."""
    row = _one(web, type_id, symbol_id)
    parsed = parse_form(SymbolTerms, web.form)
    if parsed.value is None:
        return _dialog(web, type_id, row, parsed.form, 422)
    with web.session() as session:
        account_types.change_symbols(session, type_id, {symbol_id: parsed.value}, web.who)
    return web.leave_for(f"{LIST}/{type_id}/symbols", notice=_("{code} is saved.", code=row.code))


def _one(web: Page, type_id: UUID, symbol_id: UUID) -> SymbolOfType:
    return _chosen(web, type_id, [str(symbol_id)])[0]


def _chosen(web: Page, type_id: UUID, ids: Any) -> list[SymbolOfType]:
    wanted = set(ids_of(ids))
    with web.session() as session:
        account_types.account_type(session, type_id)
        found = [row for row in account_types.symbols_of_type(session, type_id) if row.id in wanted]
    if len(found) != len(wanted):
        raise NotFoundError("a symbol")
    return found


def _dialog(web: Page, type_id: UUID, row: SymbolOfType, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "admin/settings/type_symbol.html", status=status, row=row, form=form,
        action=f"{LIST}/{type_id}/symbols/{row.id}", back=f"{LIST}/{type_id}/symbols", title=row.code,
    )  # fmt: skip


ROUTES = [listing, ask, switch, edit, save]
