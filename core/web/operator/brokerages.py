"""Brokerages: the list, one of them, suspended and opened again, its modules halted."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.operator import brokerages, log, modules
from core.operator.brokerages import Brokerage
from core.runtime import LoadedPlugin
from core.web.operator.asking import acknowledged, ask, refused
from core.web.operator.page import OperatorPage, Page
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Filter, Table, TableQuery
from tenants.services.errors import TenantsError
from tenants.text import _

__all__ = ["ROUTES", "brokerage_of"]

_FILTERS = (
    Filter("search", _("Name or short name"), "search"),
    Filter("status", _("Status"), "select", (("active", _("Active")), ("suspended", _("Suspended")))),
)
_COLUMNS = (
    Column("name", _("Brokerage"), heading=True, sub="host", href=lambda row: f"/brokerages/{row.key}"),
    Column("status", _("Status"), "status"),
    Column("customers", _("Customers"), "number"),
    Column("accounts", _("Accounts"), "number", wide="md"),
    Column("positions", _("Open positions"), "number"),
    Column("modules", _("Modules on"), "custom"),
    Column("created_at", _("Since"), "day", wide="lg"),
)


@get("/brokerages", sync_to_thread=True)
def listing(web: Page) -> Response[str]:
    """All brokerages."""
    query = TableQuery.read(web.query, _COLUMNS, _FILTERS)
    with web.system() as session:
        rows = brokerages.listed(session, search=query.get("search"), status=query.get("status"))
    table = Table(
        "brokerages",
        _COLUMNS,
        rows[query.offset : query.offset + query.size],
        query,
        len(rows),
        web.path,
        filters=_FILTERS,
        caption=_("Brokerages"),
        empty=Empty(
            _("No brokerages yet"),
            _("Make one, and send its owner the address that you are given."),
            "building-bank",
            Action(_("Make a brokerage"), "/brokerages/new", "plus", primary=True),
        ),
    )
    return web.render("operator/brokerages.html", table=table, plugins=_plugins(web), title=_("Brokerages"))


@get("/brokerages/{key:str}", sync_to_thread=True)
def detail(web: Page, key: FromPath[str]) -> Response[str]:
    """One brokerage: numbers, hosts, what its plan has, and what was done to it."""
    row = brokerage_of(web, key)
    with web.system() as session:
        entries, _total = log.search(session, log.LogFilter(brokerage=key), limit=20)
    return web.render("operator/brokerage.html", row=row, plugins=_plugins(web), entries=entries, title=row.name)


@get("/brokerages/{key:str}/suspend", sync_to_thread=True)
def ask_suspend(web: Page, key: FromPath[str]) -> Response[str]:
    """What suspending would touch."""
    return _suspend_dialog(web, brokerage_of(web, key))


@post("/brokerages/{key:str}/suspend", sync_to_thread=True, status_code=200)
def suspend(web: Page, key: FromPath[str]) -> Response[Any]:
    """Close its doors."""
    row = brokerage_of(web, key)
    try:
        with web.system() as session:
            brokerages.suspend(session, key, web.sent("reason"), web.who)
    except TenantsError as error:
        return _suspend_dialog(web, row, refused(error), status=422)
    return acknowledged(web, f"/brokerages/{key}", _("{name} is suspended.", name=row.name))


@get("/brokerages/{key:str}/resume", sync_to_thread=True)
def ask_resume(web: Page, key: FromPath[str]) -> Response[str]:
    """What opening it again means."""
    row = brokerage_of(web, key)
    text = _("Customers come in again, and everything that waited goes on.")
    title = _("Open {name} again?", name=row.name)
    return ask(web, title, f"/brokerages/{key}/resume", _("Open again"), text=text, danger=False)


@post("/brokerages/{key:str}/resume", sync_to_thread=True, status_code=200)
def resume(web: Page, key: FromPath[str]) -> Response[Any]:
    """Open its doors again."""
    row = brokerage_of(web, key)
    with web.system() as session:
        brokerages.resume(session, key, web.sent("reason"), web.who)
    return acknowledged(web, f"/brokerages/{key}", _("{name} is open again.", name=row.name))


@get("/brokerages/{key:str}/modules/{module:str}/{verb:str}", sync_to_thread=True)
def ask_rule(web: Page, key: FromPath[str], module: FromPath[str], verb: FromPath[str]) -> Response[str]:
    """What halting a module there means, or ending the halt."""
    return _rule_dialog(web, brokerage_of(web, key), _plugin(web, module), verb)


@post("/brokerages/{key:str}/modules/{module:str}/{verb:str}", sync_to_thread=True, status_code=200)
def rule(web: Page, key: FromPath[str], module: FromPath[str], verb: FromPath[str]) -> Response[Any]:
    """Halt a module there, or end the halt."""
    row, plugin = brokerage_of(web, key), _plugin(web, module)
    act = {"halt": modules.halt, "end-halt": modules.end_halt}.get(verb)
    if act is None:
        raise NotFoundError(verb)
    try:
        act(web.kit.platform.database, key, module, web.sent("reason"), web.who)
    except TenantsError as error:
        return _rule_dialog(web, row, plugin, verb, refused(error), status=422)
    title = plugin.manifest.title
    text = (
        _("{module} is halted at {brokerage}.", module=title, brokerage=row.name)
        if verb == "halt"
        else _("{module} winds down at {brokerage}.", module=title, brokerage=row.name)
    )
    return acknowledged(web, f"/brokerages/{key}", text)


def brokerage_of(web: OperatorPage, key: str) -> Brokerage:
    """The brokerage of an address. :raises NotFoundError: where there is none."""
    with web.system() as session:
        row = brokerages.find(session, key)
    if row is None:
        raise NotFoundError(key)
    return row


def _plugins(web: OperatorPage) -> list[LoadedPlugin]:
    return list(web.kit.platform.runtime.plugins.values())


def _plugin(web: OperatorPage, key: str) -> LoadedPlugin:
    plugin = web.kit.platform.runtime.get(key)
    if plugin is None:
        raise NotFoundError(key)
    return plugin


def _suspend_dialog(web: OperatorPage, row: Brokerage, error: str = "", status: int = 200) -> Response[str]:
    items = [
        (_("Customers who cannot come in"), web.formatter.number(row.customers)),
        (_("Open positions, which stay and can be closed"), web.formatter.number(row.positions)),
        (_("Working orders, which open nothing any more"), web.formatter.number(row.orders)),
        (_("Modules that are on"), str(row.on(web.kit.platform.runtime.plugins))),
    ]
    note = _("Staff still come in. Stops, margin calls and closes go on; nothing new is opened, copied or launched.")
    return ask(
        web,
        _("Suspend {name}?", name=row.name),
        f"/brokerages/{row.key}/suspend",
        _("Suspend"),
        items=items,
        note=note,
        error=error,
        status=status,
    )


def _rule_dialog(
    web: OperatorPage, row: Brokerage, plugin: LoadedPlugin, verb: str, error: str = "", status: int = 200
) -> Response[str]:
    action = f"/brokerages/{row.key}/modules/{plugin.key}/{verb}"
    title = plugin.manifest.title
    if verb == "halt":
        return ask(
            web,
            _("Halt {module} at {brokerage}?", module=title, brokerage=row.name),
            action,
            _("Halt"),
            text=_(
                "Nothing of it acts any more, closes by the system included: positions are then closed by hand alone."
            ),
            note=_("The reason is shown on every page of the brokerage, to its staff and to its customers."),
            error=error,
            status=status,
        )
    if verb == "end-halt":
        return ask(
            web,
            _("End the halt of {module} at {brokerage}?", module=title, brokerage=row.name),
            action,
            _("End the halt"),
            text=_(
                "The module winds down: the system closes again what it holds. Staff switch it on when they want to."
            ),
            danger=False,
            error=error,
            status=status,
        )
    raise NotFoundError(verb)


ROUTES = [listing, detail, ask_suspend, suspend, ask_resume, resume, ask_rule, rule]
