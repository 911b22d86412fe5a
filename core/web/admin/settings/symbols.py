"""Settings → Symbols: what is traded, each symbol's conditions, and switching many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.offering import symbols
from core.offering.impact import SymbolUse, symbol_use
from core.trading.models import Instrument, Symbol
from core.web.admin.settings.parts import BASE, field, ids_of
from core.web.admin.settings.symbol_form import SymbolForm, symbol_form
from core.web.forms import Form, parse_form
from core.web.page import Page
from core.web.reading.sql import Where, page_of
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Filter, Table, TableQuery
from tenants.db import TenantSession
from tenants.services.errors import ConflictError, InvalidError
from tenants.text import _, _n

__all__ = ["ROUTES"]

LIST = f"{BASE}/symbols"
_VIEW: dict[str, Any] = {"permission": "company.view"}
_MANAGE: dict[str, Any] = {"permission": "settings.symbols"}
_CLASSES = (
    ("fx", _("Currencies")), ("metal", _("Metal")), ("crypto", _("Crypto")), ("index", _("Index")), ("stock", _("Stock")),
)  # fmt: skip
_STATUSES = (("active", _("Active")), ("close_only", _("Close only")), ("disabled", _("Disabled")))
_FIXED = ("contract_size", "base", "quote")
_COLUMNS = (
    Column("code", _("Symbol"), "symbol", sort=True, sub="title", href=lambda row: f"{LIST}/{row.id}", heading=True),
    Column("asset_class", _("Class"), "custom", sort=True, wide="md"),
    Column("feed", _("Feed"), sub="feed_symbol", wide="lg"),
    Column("contract_size", _("Contract"), "number", wide="lg"),
    Column("quoted_ms", _("Last price"), "ago"),
    Column("positions", _("Open positions"), "number", sort=True),
    Column("types", _("Account types"), "number", hint=_("In how many of them it can be traded.")),
    Column("status", _("Status"), "status", sort=True),
)


@dataclass(frozen=True)
class Row:
    """A symbol as the list shows it; ``quoted_ms``: when its last price came, in milliseconds."""

    id: UUID
    code: str
    title: str
    asset_class: str
    feed: str
    feed_symbol: str
    contract_size: Any
    quoted_ms: int | None
    positions: int
    types: int
    status: str


@get("/settings/symbols", opt=_VIEW, sync_to_thread=True)
def listing(web: Page) -> Response[str]:
    """All symbols."""
    filters = (
        Filter("search", _("Code or title"), "search"),
        Filter("class", _("Class"), "select", _CLASSES),
        Filter("status", _("Status"), "select", _STATUSES),
    )
    query = TableQuery.read(web.query, _COLUMNS, filters, size=50)
    may = web.may("settings.symbols")
    with web.session() as session:
        rows, total = _rows(session, query)
        spare = len(symbols.available_instruments(session))
    add = Action(_("Add symbols"), f"{LIST}/add", "plus", primary=True)
    bulk = (
        Action(_("Enable"), f"{LIST}/status?to=active", "check"),
        Action(_("Close only"), f"{LIST}/status?to=close_only", "lock"),
        Action(_("Disable"), f"{LIST}/status?to=disabled", "ban", danger=True),
    )
    table = Table(
        "symbols", _COLUMNS, rows, query, total, web.path, filters=filters, caption=_("Symbols"),
        select="id" if may else "", bulk=bulk if may else (),
        empty=Empty(_("No symbols yet"), _("Add them from the instruments that the platform has prices for."), "coins",
                    add if may and spare else None),
    )  # fmt: skip
    return web.render(
        "admin/settings/symbols.html", table=table, actions=(add,) if may and spare else (), spare=spare,
        classes=dict(_CLASSES), title=_("Symbols"),
    )  # fmt: skip


@get("/settings/symbols/status", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page) -> Response[str]:
    """Which symbols would be switched, and what is open on them."""
    to = web.query.get("to", "")
    if to not in dict(_STATUSES):
        raise NotFoundError(to)
    ids = ids_of(web.query_list("ids"))
    with web.session() as session:
        rows, use = symbols.symbols(session, ids), symbol_use(session, ids)
    return web.render(
        "admin/settings/symbols_status.html", rows=rows, use=use, to=to, url=f"{LIST}/status", title=_("Symbols")
    )


@post("/settings/symbols/status", opt=_MANAGE, sync_to_thread=True, status_code=200)
def switch(web: Page) -> Response[Any]:
    """Switch several symbols."""
    to, ids = field(web, "to"), ids_of(web.form.get("ids", ()))
    if to not in dict(_STATUSES):
        raise NotFoundError(to)
    with web.session() as session:
        changed = symbols.set_status(session, ids, to, web.who)
    said = {
        "active": _n("{count} symbol is active.", "{count} symbols are active.", len(changed)),
        "close_only": _n("{count} symbol takes closes only.", "{count} symbols take closes only.", len(changed)),
        "disabled": _n("{count} symbol is disabled.", "{count} symbols are disabled.", len(changed)),
    }[to]
    return web.leave_for(LIST, notice=said if changed else _("Nothing was changed."))


@get("/settings/symbols/{symbol_id:uuid}", opt=_VIEW, sync_to_thread=True)
def detail(web: Page, symbol_id: FromPath[UUID]) -> Response[str]:
    """One symbol's conditions, where its prices come from, and what is open on it."""
    with web.session() as session:
        found = symbols.symbol(session, symbol_id)
        form = symbol_form(symbols.values_of(found))
    return _detail(web, symbol_id, form)


@post("/settings/symbols/{symbol_id:uuid}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def save(web: Page, symbol_id: FromPath[UUID]) -> Response[Any]:
    """Change its conditions."""
    with web.session() as session:
        code = symbols.symbol(session, symbol_id).code
    parsed = parse_form(SymbolForm, web.form)
    form = symbol_form(sent=parsed.form)
    if parsed.value is None:
        return _detail(web, symbol_id, form, 422)
    try:
        with web.session() as session:
            changed = symbols.change(session, symbol_id, parsed.value.values(), web.who)
    except InvalidError as error:
        return _detail(web, symbol_id, form.with_errors({error.field: str(error)}), 422)
    except ConflictError as error:
        return _detail(web, symbol_id, form.with_errors({}, str(error)), 409)
    said = _("{code} is saved.", code=code) if changed else _("Nothing was changed.")
    return web.leave_for(f"{LIST}/{symbol_id}", notice=said, tone="green" if changed else "blue")


def _detail(web: Page, symbol_id: UUID, form: Form, status: int = 200) -> Response[str]:
    with web.session() as session:
        found: Symbol = symbols.symbol(session, symbol_id)
        instrument = session.get_one(Instrument, found.instrument_id)
        use: SymbolUse = symbol_use(session, [symbol_id])
        (row,), _total = _rows(session, TableQuery(filters={"id": str(symbol_id)}))
    return web.render(
        "admin/settings/symbol.html", status=status, symbol=found, instrument=instrument, use=use, row=row,
        form=form.locked(_FIXED) if use.busy else form, url=f"{LIST}/{symbol_id}", base=LIST,
        may_change=web.may("settings.symbols"), title=found.code,
    )  # fmt: skip


def _rows(session: TenantSession, query: TableQuery) -> tuple[Sequence[Row], int]:
    where = Where()
    if search := query.get("search"):
        where.contains(search, "s.code", "s.title")
    for key, column in {"class": "s.class", "status": "s.status"}.items():
        if chosen := query.get(key):
            where.add(f"{column} = :{key}", **{key: chosen})
    if wanted := query.get("id"):
        where.add("s.id = :id", id=UUID(wanted))
    sorts = {"code": "s.code", "asset_class": "s.class", "status": "s.status", "positions": "positions"}
    rows, total = page_of(
        session,
        "s.id, s.code, s.title, s.class as asset_class, i.feed, i.feed_symbol, s.contract_size,"
        " cast(extract(epoch from q.updated_at) * 1000 as bigint) as quoted_ms, s.status,"
        " (select count(*) from core.positions p where p.symbol_id = s.id and p.closed_ts_ms is null) as positions,"
        " (select count(*) from core.account_type_symbols e where e.symbol_id = s.id and e.enabled) as types",
        " from core.symbols s join core.instruments i on i.id = s.instrument_id"
        " left join core.quotes q on q.instrument_id = s.instrument_id",
        where, query, sorts=sorts, default="s.code", unique="s.id",
    )  # fmt: skip
    return [Row(**row._mapping) for row in rows], total


ROUTES = [listing, ask, switch, detail, save]
