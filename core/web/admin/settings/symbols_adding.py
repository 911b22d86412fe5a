"""Settings → Symbols → Add: from the instruments of the platform, with conditions told from each."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response

from core.offering import symbols
from core.onboarding import conditions_of
from core.trading.models import Instrument
from core.web.admin.settings.parts import ids_of
from core.web.admin.settings.symbols import LIST
from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Table
from tenants.services.errors import InvalidError
from tenants.text import _, _n

__all__ = ["ROUTES"]

_MANAGE: dict[str, Any] = {"permission": "settings.symbols"}
_COLUMNS = (
    Column("code", _("Symbol"), "symbol", sub="title", heading=True),
    Column("asset_class", _("Class"), "status_text"),
    Column("feed", _("Feed"), sub="label"),
    Column("contract_size", _("Contract"), "number"),
    Column("pip", _("Pip"), "number"),
    Column("lot_step", _("Lot step"), "number"),
    Column("leverage", _("Leverage at most"), "number"),
)


@dataclass(frozen=True)
class Offer:
    """An instrument with the conditions its symbol would start with."""

    id: UUID
    code: str
    title: str
    asset_class: str
    feed: str
    label: str
    contract_size: Decimal
    pip: Decimal
    lot_step: Decimal
    leverage: Decimal


@get("/settings/symbols/add", opt=_MANAGE, sync_to_thread=True)
def choose(web: Page) -> Response[str]:
    """What the platform has prices for and the brokerage does not trade yet."""
    with web.session() as session:
        rows = [_offer(one) for one in symbols.available_instruments(session)]
    table = Table(
        "instruments", _COLUMNS, rows, caption=_("Instruments"), select="id",
        bulk=(Action(_("Add"), f"{LIST}/add/ask", "plus"),),
        empty=Empty(_("Everything is added"), _("Each instrument of the platform has a symbol here already."), "circle-check",
                    Action(_("Symbols"), LIST)),
    )  # fmt: skip
    return web.render("admin/settings/symbols_add.html", table=table, base=LIST, title=_("Add symbols"))


@get("/settings/symbols/add/ask", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page) -> Response[str]:
    """Which symbols would be added."""
    return _dialog(web, _chosen(web, ids_of(web.query_list("ids"))))


@post("/settings/symbols/add", opt=_MANAGE, sync_to_thread=True, status_code=200)
def add(web: Page) -> Response[Any]:
    """Add them, enabled for every account type."""
    rows = _chosen(web, ids_of(web.form.get("ids", ())))
    try:
        with web.session() as session:
            made = symbols.add(session, [row.id for row in rows], web.who)
    except InvalidError as error:
        return _dialog(web, rows, str(error), 422)
    said = _n("{codes} is added.", "{codes} are added.", len(made), codes=", ".join(made))
    return web.leave_for(LIST, notice=said)


def _chosen(web: Page, ids: list[UUID]) -> list[Offer]:
    with web.session() as session:
        found = [_offer(one) for one in symbols.available_instruments(session) if one.id in ids]
    if len(found) != len(ids):
        raise NotFoundError("an instrument")
    return found


def _dialog(web: Page, rows: list[Offer], error: str = "", status: int = 200) -> Response[str]:
    return web.render(
        "admin/settings/symbols_add_ask.html", status=status, rows=rows, error=error, url=f"{LIST}/add", title=_("Add symbols")
    )  # fmt: skip


def _offer(one: Instrument) -> Offer:
    told = conditions_of(one.feed, one.feed_symbol, one.tick)
    return Offer(
        one.id, told.code, one.title, told.asset_class, one.feed, one.label, told.contract_size, told.pip, told.lot_step,
        told.leverage,
    )  # fmt: skip


ROUTES = [choose, ask, add]
