"""Settings of the brokerage for staff: setup, company, account types, symbols. The same services as the pages."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import BaseModel, Field

from core.offering import account_types, symbols
from core.offering.impact import type_impact
from core.offering.setup import setup_steps
from core.offering.values import AccountTypeValues, SymbolTerms, SymbolValues
from core.trading.models import AccountType, Symbol
from core.web.admin.settings.account_types import type_rows
from core.web.admin.settings.parts import trimmed
from core.web.page import Page
from core.web.refusals import RefusedError
from tenants.services import branding, company
from tenants.services.branding import BrandChange
from tenants.text import _n

__all__ = ["ROUTES"]

_TAGS = ["Settings"]
_VIEW: dict[str, Any] = {"permission": "company.view", "audience": "staff"}
_COMPANY: dict[str, Any] = {"permission": "company.manage", "audience": "staff", "scope": "manage"}
_TYPES: dict[str, Any] = {"permission": "settings.account_types", "audience": "staff", "scope": "manage"}
_SYMBOLS: dict[str, Any] = {"permission": "settings.symbols", "audience": "staff", "scope": "manage"}


class StepOut(BaseModel):
    """A step of the setup checklist."""

    key: str
    title: str
    state: Literal["done", "todo", "waiting"]
    text: str


class CompanyBody(BaseModel):
    """The company's settings. ``currencies``: the reporting currency first (changed under its own page)."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    legal_entity: Annotated[str, Field(max_length=120)] = ""
    language: str = "en"
    time_zone: str = "UTC"
    registration: Literal["open", "invited"] = "open"
    staff_second_factor: bool = False
    support_email: Annotated[str, Field(max_length=254)] = ""


class CompanyOut(CompanyBody):
    """The company with what the API does not change."""

    key: str
    currencies: list[str]
    domains: list[str]


class AccountTypeOut(BaseModel):
    """An account type. ``accounts``: how many there are of it."""

    id: UUID
    accounts: int
    conditions: AccountTypeValues


class TypeSymbolOut(BaseModel):
    """A symbol as an account type has it."""

    symbol_id: UUID
    symbol: str
    terms: SymbolTerms


class SymbolOut(BaseModel):
    """A symbol. ``tick`` is its instrument's."""

    id: UUID
    symbol: str
    tick: str
    conditions: SymbolValues


class Changed(BaseModel):
    """What has changed: names of conditions, or codes of symbols."""

    changed: list[str]


class StatusIn(BaseModel):
    """Symbols to switch together."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    status: Literal["active", "close_only", "disabled"]


class InstrumentsIn(BaseModel):
    """Instruments of the platform to add symbols for."""

    instrument_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


@get("/settings/setup", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def setup(web: Page) -> list[StepOut]:
    """The setup checklist with each step's state."""
    with web.session() as session:
        steps = setup_steps(session, web.kit.platform.runtime)
    return [StepOut(key=one.key, title=one.title, state=one.state, text=one.text) for one in steps]


@get("/settings/company", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def get_company(web: Page) -> CompanyOut:
    """The company's settings."""
    return _company(web)


def _company(web: Page) -> CompanyOut:
    with web.session() as session:
        of, look, hosts = company.tenant(session), branding.brand(session), company.hosts(session, web.tenant_id)
    return CompanyOut(
        name=of.name, legal_entity=of.legal_entity, language=of.language, time_zone=of.time_zone,
        registration="invited" if of.registration == "invited" else "open", staff_second_factor=of.staff_second_factor,
        support_email=look.support_email, key=of.key, currencies=of.currencies, domains=[row.host for row in hosts],
    )  # fmt: skip


@put("/settings/company", opt=_COMPANY, sync_to_thread=True, tags=_TAGS)
def put_company(web: Page, data: JSONBody[CompanyBody]) -> CompanyOut:
    """Replace the company's settings."""
    with web.session() as session:
        company.change_company(session, web.who, **data.model_dump(exclude={"support_email"}))
        branding.change_brand(session, BrandChange(support_email=data.support_email), web.who)
    return _company(web)


@get("/settings/account-types", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def list_types(web: Page) -> list[AccountTypeOut]:
    """All account types, those that can be opened first."""
    with web.session() as session:
        return [_type_out(account_types.account_type(session, row.id), row.accounts) for row in type_rows(session)]


@post("/settings/account-types", opt=_TYPES, sync_to_thread=True, tags=_TAGS)
def add_type(web: Page, data: JSONBody[AccountTypeValues]) -> AccountTypeOut:
    """Add an account type with every symbol enabled."""
    with web.session() as session:
        made = account_types.add(session, data, web.who)
        return _type_out(account_types.account_type(session, made), 0)


@get("/settings/account-types/{type_id:uuid}", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def get_type(web: Page, type_id: FromPath[UUID]) -> AccountTypeOut:
    """One account type."""
    with web.session() as session:
        kind = account_types.account_type(session, type_id)
        return _type_out(kind, account_types.number_of_accounts(session, type_id))


@put("/settings/account-types/{type_id:uuid}", opt=_TYPES, sync_to_thread=True, tags=_TAGS)
def put_type(
    web: Page, type_id: FromPath[UUID], data: JSONBody[AccountTypeValues], accept: FromQuery[bool] = False
) -> Changed:
    """Replace an account type's conditions. ``accept``: also where accounts would be stopped out by it."""
    with web.session() as session:
        account_types.account_type(session, type_id)
        stopped = 0 if accept else type_impact(session, type_id, data).stopped
        if stopped:
            text = _n("{count} account would be stopped out.", "{count} accounts would be stopped out.", stopped)
            raise RefusedError("would_stop_out", text, accounts=stopped)
        return Changed(changed=account_types.change(session, type_id, data, web.who))


@get("/settings/account-types/{type_id:uuid}/symbols", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def list_type_symbols(web: Page, type_id: FromPath[UUID]) -> list[TypeSymbolOut]:
    """All symbols as the account type has them."""
    with web.session() as session:
        account_types.account_type(session, type_id)
        rows = account_types.symbols_of_type(session, type_id)
    return [
        TypeSymbolOut(
            symbol_id=row.id, symbol=row.code,
            terms=SymbolTerms.model_validate(
                trimmed({"enabled": row.enabled, "leverage": row.leverage, "markup": row.markup})
            ),
        )
        for row in rows
    ]  # fmt: skip


@put("/settings/account-types/{type_id:uuid}/symbols/{symbol_id:uuid}", opt=_TYPES, sync_to_thread=True, tags=_TAGS)
def put_type_symbol(
    web: Page, type_id: FromPath[UUID], symbol_id: FromPath[UUID], data: JSONBody[SymbolTerms]
) -> Changed:  # fmt: skip
    """Replace a symbol's terms in an account type."""
    with web.session() as session:
        return Changed(changed=account_types.change_symbols(session, type_id, {symbol_id: data}, web.who))


@get("/settings/symbols", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def list_symbols(web: Page) -> list[SymbolOut]:
    """All symbols with their conditions, whatever their status."""
    with web.session() as session:
        return [_symbol_out(one) for one in symbols.all_symbols(session)]


@post("/settings/symbols", opt=_SYMBOLS, sync_to_thread=True, tags=_TAGS)
def add_symbols(web: Page, data: JSONBody[InstrumentsIn]) -> Changed:
    """Add symbols for instruments, with conditions told from each."""
    with web.session() as session:
        return Changed(changed=symbols.add(session, data.instrument_ids, web.who))


@post("/settings/symbols/status", opt=_SYMBOLS, sync_to_thread=True, status_code=200, tags=_TAGS)
def switch_symbols(web: Page, data: JSONBody[StatusIn]) -> Changed:
    """Switch symbols on, to closes only, or off, many at once: all of them or none."""
    with web.session() as session:
        return Changed(changed=symbols.set_status(session, data.ids, data.status, web.who))


@get("/settings/symbols/{symbol_id:uuid}", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def get_symbol(web: Page, symbol_id: FromPath[UUID]) -> SymbolOut:
    """One symbol."""
    with web.session() as session:
        return _symbol_out(symbols.symbol(session, symbol_id))


@put("/settings/symbols/{symbol_id:uuid}", opt=_SYMBOLS, sync_to_thread=True, tags=_TAGS)
def put_symbol(web: Page, symbol_id: FromPath[UUID], data: JSONBody[SymbolValues]) -> Changed:
    """Replace a symbol's conditions."""
    with web.session() as session:
        return Changed(changed=symbols.change(session, symbol_id, data, web.who))


def _type_out(kind: AccountType, accounts: int) -> AccountTypeOut:
    values = trimmed(account_types.values_of(kind).model_dump())
    return AccountTypeOut(id=kind.id, accounts=accounts, conditions=AccountTypeValues.model_validate(values))


def _symbol_out(one: Symbol) -> SymbolOut:
    values = trimmed(symbols.values_of(one).model_dump())
    return SymbolOut(
        id=one.id, symbol=one.code, tick=format(one.tick.normalize(), "f"), conditions=SymbolValues.model_validate(values)
    )  # fmt: skip


ROUTES = [
    setup, get_company, put_company, list_types, add_type, get_type, put_type, list_type_symbols, put_type_symbol,
    list_symbols, add_symbols, switch_symbols, get_symbol, put_symbol,
]  # fmt: skip
