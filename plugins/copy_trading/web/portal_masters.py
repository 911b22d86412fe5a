"""Portal: find a master — the list with its filters, a master's public page, the way in by an invite code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.response import Response
from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Action, Column, Empty, Filter, FromPath, NotFoundError, Table, TableQuery, Web
from plugins.copy_trading.models import Master
from plugins.copy_trading.services import invites, lists, mastering
from plugins.copy_trading.services.fee_lines import asked_fee
from plugins.copy_trading.services.master_lists import MasterLine, MasterQuery, page_of_masters
from plugins.copy_trading.services.sparks import path_of, sparks
from plugins.copy_trading.web.public_figures import public_figures

COPY: dict[str, Any] = {"permission": "copy_trading.copy"}
_FILTERS = (
    Filter("search", _("Name"), "search"),
    Filter("risk", _("Risk"), "select", (("3", _("Low, up to 3")), ("6", _("Up to medium, 6")))),
    Filter(
        "drawdown",
        _("Drawdown"),
        "select",
        (("5", _("Up to 5 %")), ("10", _("Up to 10 %")), ("20", _("Up to 20 %")), ("35", _("Up to 35 %"))),
    ),
    Filter("gain", _("Return"), "select", (("0", _("Not negative")), ("10", _("From 10 %")), ("50", _("From 50 %")))),
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A master of the list with a small curve, and whether it is the reader's own or followed already."""

    master: MasterLine
    spark: str
    note: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.master, name)


def _columns(web: Web) -> tuple[Column, ...]:
    return (
        Column("name", _("Master"), "custom", sort=True, heading=True),
        Column("spark", _("Since the start"), "custom"),
        Column(
            "index_return", _("Return"), "change", sort=True, hint=_("Time-weighted, since the first day as a master")
        ),
        Column("drawdown", _("Drawdown"), "percent", sort=True, hint=_("The deepest fall from a peak")),
        Column("risk", _("Risk"), "custom", sort=True, hint=_("1 is calm, 10 is wild; none under ten days of history")),
        Column("sharpe", _("Sharpe"), "number", digits=2, sort=True, wide="lg"),
        Column("win_rate", _("Win rate"), "percent", sort=True, wide="lg"),
        Column("fee_percent", _("Fee"), "percent", wide="xl", hint=_("Of new profits above your high-water mark")),
        Column("followers", _("Followers"), "number", digits=0, sort=True),
        Column("assets", _("Copied assets"), "money", sort=True, currency="currency", wide="xl"),
    )


def _query(web: Web, columns: tuple[Column, ...]) -> tuple[TableQuery, MasterQuery]:
    query = TableQuery.read(web.query, columns, _FILTERS, sort="-index_return")

    def number(name: str) -> Decimal | None:
        return Decimal(query.get(name)) if query.get(name) else None

    risk = number("risk")
    return query, MasterQuery(
        search=query.get("search"),
        findable=True,
        most_risk=None if risk is None else int(risk),
        most_drawdown=number("drawdown"),
        least_return=number("gain"),
        sort=query.sort,
        descending=query.descending,
        offset=query.offset,
        limit=query.size,
    )


@get("/masters", opt=COPY, sync_to_thread=True)
def masters(web: Web) -> Response[str]:
    """Masters that anybody may follow."""
    columns = _columns(web)
    query, asked = _query(web, columns)
    with web.session() as session:
        page = page_of_masters(session, asked)
        curves = sparks(session, [row.id for row in page.rows])
        followed = _followed(session, web.person_id)
        # Those who are not shown (any more) still have followers, and their copied assets are still there.
        whole = page_of_masters(session, MasterQuery()).rows
    rows = [_Row(row, path_of(curves.get(row.id, ())), _note(web, row, followed)) for row in page.rows]
    table = Table(
        "masters",
        columns,
        rows,
        query,
        page.total,
        web.path,
        filters=_FILTERS,
        caption=_("Master traders"),
        export=_export(web, query),
        empty=Empty(
            _("No masters yet"),
            _("Nobody can be followed at present. Come back soon, or become a master yourself."),
            "users-group",
            Action(_("Become a master"), web.url("apply"), "trophy") if web.may("copy_trading.apply") else None,
        ),
    )
    known = [row for row in whole if row.status not in ("pending", "rejected")]
    return web.render(
        "portal/masters.html",
        table=table,
        followers=sum(row.followers for row in known),
        active=sum(row.status == "active" for row in known),
        invite_error=web.query.get("invite") == "unknown",
        title=_("Master traders"),
    )


def _export(web: Web, query: TableQuery) -> str:
    return web.url("masters.csv") + "?" + urlencode(query.params(page=1))


@get("/masters.csv", opt=COPY, sync_to_thread=True)
def masters_csv(web: Web) -> Response[str]:
    """The same masters as CSV, all pages."""
    columns = tuple(column for column in _columns(web) if column.key != "spark")
    _query_of_table, asked = _query(web, columns)
    with web.session() as session:
        rows = page_of_masters(session, replace(asked, offset=0, limit=None)).rows
    return web.csv("masters", (*columns, Column("currency", "Currency")), rows)


def _followed(session: TenantSession, customer_id: UUID) -> frozenset[UUID]:
    rows = session.scalars(
        text(
            "select master_id from copy_trading.subscriptions where customer_id = :customer and status <> 'stopped'"
            " and not mock"
        ),
        {"customer": customer_id},
    )
    return frozenset(rows)


def _note(web: Web, row: MasterLine, followed: frozenset[UUID]) -> str:
    if row.customer_id == web.person_id:
        return _("you")
    return _("you copy") if row.id in followed else ""


def invite_of(web: Web) -> str:
    """The invite code that came with the address or the form."""
    return web.query.get("invite", "") or (list(web.form.get("invite", ())) or [""])[-1]


def visible(web: Web, session: TenantSession, master_id: UUID) -> Master:
    """A master that this customer may see: findable, with a good invite code, followed already, or their own."""
    master = mastering.get(session, master_id)
    if master.customer_id == web.person_id:
        return master
    if master.status in ("pending", "rejected"):
        raise NotFoundError
    if master_id in _followed(session, web.person_id):
        return master
    if master.status != "active" or not (master.public or invites.opens(session, master_id, invite_of(web))):
        raise NotFoundError
    return master


@get("/masters/{master_id:uuid}", opt=COPY, sync_to_thread=True)
def master(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """A master's public page."""
    with web.session() as session:
        row = visible(web, session, master_id)
        [line] = lists.masters(session, only=[master_id])
        figures = public_figures(session, line)
        followed = master_id in _followed(session, web.person_id)
        fee = asked_fee(web.settings(), row)
    invite = invite_of(web)
    return web.render(
        "portal/master.html",
        master=line,
        fee=fee,
        own=row.customer_id == web.person_id,
        followed=followed,
        full=line.follower_cap is not None and line.followers >= line.follower_cap,
        invite=invite,
        follow_url=web.url(f"masters/{master_id}/follow") + (f"?invite={invite}" if invite else ""),
        title=line.name,
        **figures,
    )


@get("/invited", opt=COPY, sync_to_thread=True)
def invited(web: Web) -> Response[Any]:
    """In by an invite code that was typed."""
    return _by_code(web, web.query.get("code", ""))


@get("/invited/{code:str}", opt=COPY, sync_to_thread=True)
def invited_by_link(web: Web, code: FromPath[str]) -> Response[Any]:
    """In by the link that a master has passed on."""
    return _by_code(web, code)


def _by_code(web: Web, code: str) -> Response[Any]:
    with web.session() as session:
        master_id = invites.master_of(session, code)
    if master_id is None:
        return web.redirect("masters?invite=unknown")
    return web.redirect(f"masters/{master_id}?invite={code.strip().upper()}")


ROUTES = [masters, masters_csv, master, invited, invited_by_link]
