"""Settings → Account types: what kinds of account there are, and the conditions of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from sqlalchemy import text

from core.offering import account_types
from core.offering.impact import TypeImpact, type_impact
from core.offering.values import AccountTypeValues
from core.web.admin.settings.parts import BASE, field, trimmed
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.tables import Action, Column, Empty, Table
from tenants.db import TenantSession
from tenants.services.company import tenant
from tenants.services.errors import ConflictError, InvalidError
from tenants.text import _

__all__ = ["ROUTES", "TypeRow", "type_rows", "type_tabs"]

LIST = f"{BASE}/account-types"
_VIEW: dict[str, Any] = {"permission": "company.view"}
_MANAGE: dict[str, Any] = {"permission": "settings.account_types"}
_COLUMNS = (
    Column("name", _("Account type"), "custom", heading=True),
    Column("currency", _("Currency")),
    Column("mode", _("Positions"), "status_text"),
    Column("leverage", _("Leverage"), "custom"),
    Column("markup", _("Mark-up"), "number", hint=_("Pips, half on each side.")),
    Column("levels", _("Call / stop-out"), "custom", wide="lg"),
    Column("symbols", _("Symbols"), "number"),
    Column("accounts", _("Accounts"), "number"),
    Column("status", _("New accounts"), "custom"),
)


@dataclass(frozen=True)
class TypeRow:
    """An account type as the list shows it: its conditions, active symbols enabled, accounts."""

    id: UUID
    name: str
    currency: str
    mode: str
    demo: bool
    leverage: Decimal
    markup: Decimal
    margin_call_level: Decimal
    stop_out_level: Decimal
    status: str
    symbols: int
    accounts: int


def type_rows(session: TenantSession) -> Sequence[TypeRow]:
    """All account types: those that can be opened first, play money last."""
    rows = session.execute(
        text(
            "select t.id, t.name, t.currency, t.mode, t.demo, t.leverage, t.markup, t.margin_call_level, t.stop_out_level,"
            " t.status, (select count(*) from core.account_type_symbols e join core.symbols s on s.id = e.symbol_id"
            "  where e.account_type_id = t.id and e.enabled and s.status = 'active') as symbols,"
            " (select count(*) from core.accounts a where a.account_type_id = t.id) as accounts"
            " from core.account_types t order by t.status, t.demo, t.name"
        )
    )
    return [TypeRow(**row._mapping) for row in rows]


@get("/settings/account-types", opt=_VIEW, sync_to_thread=True)
def listing(web: Page) -> Response[str]:
    """All account types."""
    with web.session() as session:
        rows = type_rows(session)
    add = Action(_("Add account type"), f"{LIST}/new", "plus", primary=True)
    may = web.may("settings.account_types")
    table = Table(
        "account-types", _COLUMNS, rows, caption=_("Account types"),
        empty=Empty(_("No account types"), _("Without one nobody can open an account."), "briefcase", add if may else None),
    )  # fmt: skip
    actions = (add,) if may else ()
    return web.render(
        "admin/settings/account_types.html", table=table, actions=actions, base=LIST, title=_("Account types")
    )


@get("/settings/account-types/new", opt=_MANAGE, sync_to_thread=True)
def new(web: Page) -> Response[str]:
    """The form of a new one, filled with sensible conditions."""
    with web.session() as session:
        currencies: list[str] = tenant(session).currencies
    return _new(web, form_for(AccountTypeValues, {"currency": currencies[0]}, choices=_choices(currencies)))


@post("/settings/account-types/new", opt=_MANAGE, sync_to_thread=True, status_code=200)
def add(web: Page) -> Response[Any]:
    """Add an account type; every symbol is enabled in it."""
    with web.session() as session:
        currencies: list[str] = tenant(session).currencies
    parsed = parse_form(AccountTypeValues, web.form, choices=_choices(currencies))
    if parsed.value is None:
        return _new(web, parsed.form, 422)
    try:
        with web.session() as session:
            made = account_types.add(session, parsed.value, web.who)
    except InvalidError as error:
        return _new(web, parsed.form.with_errors({error.field: str(error)}), 422)
    text_ = _("{name} is added, with every symbol enabled.", name=parsed.value.name)
    return web.leave_for(f"{LIST}/{made}", notice=text_)


@get("/settings/account-types/{type_id:uuid}", opt=_VIEW, sync_to_thread=True)
def detail(web: Page, type_id: FromPath[UUID]) -> Response[str]:
    """One account type's conditions, and what hangs on it."""
    with web.session() as session:
        kind = account_types.account_type(session, type_id)
        values = account_types.values_of(kind)
        seen = type_impact(session, type_id)
        currencies: list[str] = tenant(session).currencies
    form = _form(values.model_dump(), currencies, seen)
    return _detail(web, type_id, kind.name, form, seen)


@post("/settings/account-types/{type_id:uuid}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def save(web: Page, type_id: FromPath[UUID]) -> Response[Any]:
    """Change its conditions. Where accounts would be stopped out by it, only if that is said to be meant."""
    with web.session() as session:
        kind = account_types.account_type(session, type_id)
        name, now = kind.name, account_types.values_of(kind)
        seen = type_impact(session, type_id)
        currencies: list[str] = tenant(session).currencies
    data = _with_fixed(web.form, now, seen)
    parsed = parse_form(AccountTypeValues, data, choices=_choices(currencies))
    form = _locked(parsed.form, seen)
    if parsed.value is None:
        return _detail(web, type_id, name, form, seen, 422)
    try:
        with web.session() as session:
            foreseen = _foreseen(session, type_id, now, parsed.value)
            if foreseen.stopped and field(web, "accept") != "on":
                text_ = _("Positions would be closed by this: say below that it is meant.")
                return _detail(web, type_id, name, form.with_errors({}, text_), foreseen, 422)
            changed = account_types.change(session, type_id, parsed.value, web.who)
    except InvalidError as error:
        return _detail(web, type_id, name, form.with_errors({error.field: str(error)}), seen, 422)
    except ConflictError as error:
        return _detail(web, type_id, name, form.with_errors({}, str(error)), seen, 409)
    said = _("{name} is saved.", name=parsed.value.name) if changed else _("Nothing was changed.")
    return web.leave_for(f"{LIST}/{type_id}", notice=said, tone="green" if changed else "blue")


@post("/settings/account-types/{type_id:uuid}/impact", opt=_MANAGE, sync_to_thread=True, status_code=200)
def impact(web: Page, type_id: FromPath[UUID]) -> Response[str]:
    """What the conditions as typed would do to the accounts that there are."""
    with web.session() as session:
        now = account_types.values_of(account_types.account_type(session, type_id))
        parsed = parse_form(AccountTypeValues, _with_fixed(web.form, now, type_impact(session, type_id)))
        seen = TypeImpact() if parsed.value is None else _foreseen(session, type_id, now, parsed.value)
    changed = [] if parsed.value is None else _changed(now, parsed.value)
    return web.render(
        "admin/settings/type_impact.html", seen=seen, changed=changed, accepted=field(web, "accept") == "on", title=""
    )


def type_tabs(type_id: UUID) -> Sequence[tuple[str, str, str, None]]:
    """An account type's pages."""
    return (("conditions", _("Conditions"), f"{LIST}/{type_id}", None),
            ("symbols", _("Symbols"), f"{LIST}/{type_id}/symbols", None))  # fmt: skip


def _changed(now: AccountTypeValues, new: AccountTypeValues) -> list[str]:
    before, after = now.model_dump(), new.model_dump()
    return [name for name in after if before[name] != after[name]]


def _foreseen(session: TenantSession, type_id: UUID, now: AccountTypeValues, new: AccountTypeValues) -> TypeImpact:
    at_once = not account_types.AT_ONCE.isdisjoint(_changed(now, new))
    return type_impact(session, type_id, new if at_once else None)


def _choices(currencies: Sequence[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
    return {"currency": [(code, code) for code in currencies]}


def _form(values: Mapping[str, Any], currencies: Sequence[str], seen: TypeImpact) -> Form:
    known = [*currencies, *([values["currency"]] if values["currency"] not in currencies else [])]
    return _locked(form_for(AccountTypeValues, trimmed(values), choices=_choices(known)), seen)


def _locked(form: Form, seen: TypeImpact) -> Form:
    return form.locked(account_types.FIXED) if seen.accounts else form


def _with_fixed(sent: Mapping[str, Any], now: AccountTypeValues, seen: TypeImpact) -> dict[str, Any]:
    """What was sent, with the fixed fields as they are: browsers send nothing of a field that is switched off."""
    if not seen.accounts:
        return dict(sent)
    return {**sent, "currency": [now.currency], "mode": [now.mode], "demo": ["on"] if now.demo else []}


def _new(web: Page, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "admin/settings/account_type_new.html", status=status, form=form, base=LIST, title=_("Add account type")
    )


def _detail(
    web: Page, type_id: UUID, name: str, form: Form, seen: TypeImpact, status: int = 200
) -> Response[str]:  # fmt: skip
    return web.render(
        "admin/settings/account_type.html", status=status, form=form, seen=seen, url=f"{LIST}/{type_id}", base=LIST,
        tabs=type_tabs(type_id), may_change=web.may("settings.account_types"), title=name,
    )  # fmt: skip


ROUTES = [listing, new, add, detail, save, impact]
