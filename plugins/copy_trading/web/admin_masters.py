"""Trading → Master Traders: the list, as a page and as CSV, and a direct grant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field
from sqlalchemy import text

from core.sdk.text import _
from core.sdk.web import (
    Action,
    Column,
    Empty,
    Filter,
    RefusedError,
    Table,
    TableQuery,
    Web,
    form_for,
    parse_form,
)
from plugins.copy_trading.services import mastering
from plugins.copy_trading.services.master_lists import MasterQuery, page_of_masters

VIEW: dict[str, Any] = {"permission": "copy_trading.masters.view"}
MANAGE: dict[str, Any] = {"permission": "copy_trading.masters.manage"}

_STATUSES = (
    ("pending", _("Pending")),
    ("active", _("Active")),
    ("paused", _("Paused")),
    ("deactivated", _("Deactivated")),
    ("rejected", _("Rejected")),
)
_FILTERS = (
    Filter("search", _("Name, e-mail or account"), "search"),
    Filter("status", _("Status"), "select", _STATUSES),
    Filter("visibility", _("Visibility"), "select", (("public", _("Public")), ("private", _("Private")))),
)


def tabs(web: Web, statuses: Mapping[str, int]) -> list[tuple[str, str, str, int | None]]:
    """The pages of Master Traders; ``statuses`` are masters by status."""
    return [
        ("masters", _("Masters"), web.url("masters"), None),
        ("applications", _("Applications"), web.url("masters/applications"), statuses.get("pending") or None),
        ("summary", _("Summary"), web.url("masters/summary"), None),
        ("reconciliation", _("Reconciliation"), web.url("masters/reconciliation"), None),
    ]


def _columns(web: Web) -> tuple[Column, ...]:
    return (
        Column(
            "name",
            _("Master trader"),
            sort=True,
            sub="email",
            heading=True,
            href=lambda row: web.url(f"masters/{row.id}"),
        ),
        Column("account", _("Account"), sort=True, wide="xl"),
        Column("followers", _("Followers"), "number", sort=True, digits=0),
        Column(
            "total_pnl",
            _("Total P&L"),
            "pnl",
            sort=True,
            currency="currency",
            hint=_("Realised and floating, net of costs. Sorted in your main currency."),
        ),
        Column("index_return", _("Return"), "change", sort=True, wide="lg", hint=_("Time-weighted, since the start")),
        Column(
            "win_rate", _("Win rate"), "percent", sort=True, hint=_("Of fully closed positions, those with a net gain")
        ),
        Column("drawdown", _("Drawdown"), "percent", sort=True, wide="xl", hint=_("The deepest fall from a peak")),
        Column(
            "risk",
            _("Risk score"),
            "custom",
            sort=True,
            hint=_("1 is calm, 10 is wild; none under ten days of history"),
        ),
        Column("status", _("Status"), "status", sort=True),
        Column(
            "visibility",
            _("Visibility"),
            "status_text",
            sort=True,
            sub="cap_note",
            hint=_("Private: only with an invite code. The cap is the most followers a master takes."),
        ),
    )


_CSV = (
    Column("name", _("Master trader"), sub="email"),
    Column("customer", _("Customer")),
    Column("account", _("Account")),
    Column("currency", _("Currency")),
    Column("status", _("Status")),
    Column("visibility", _("Visibility")),
    Column("follower_cap", _("Cap")),
    Column("followers", _("Followers")),
    Column("assets", _("Assets under copy")),
    Column("total_pnl", _("Total P&L")),
    Column("index_return", _("Return")),
    Column("win_rate", _("Win rate")),
    Column("profit_factor", _("Profit factor")),
    Column("trades", _("Closed trades")),
    Column("drawdown", _("Drawdown")),
    Column("sharpe", _("Sharpe ratio")),
    Column("leverage", _("Leverage")),
    Column("risk", _("Risk score")),
    Column("fee_percent", _("Performance fee")),
    Column("since", _("Master since")),
)


def _read(web: Web, columns: Sequence[Column]) -> tuple[TableQuery, MasterQuery]:
    query = TableQuery.read(web.query, columns, _FILTERS, sort="name")
    return query, MasterQuery(
        search=query.get("search"),
        status=query.get("status"),
        visibility=query.get("visibility"),
        sort=query.sort,
        descending=query.descending,
        offset=query.offset,
        limit=query.size,
    )


@get("/masters", opt=VIEW, sync_to_thread=True)
def masters(web: Web) -> Response[str]:
    """All registered master traders."""
    columns = _columns(web)
    query, asked = _read(web, columns)
    with web.session() as session:
        found = page_of_masters(session, asked)
    table = Table(
        "masters",
        columns,
        found.rows,
        query,
        found.total,
        web.path,
        filters=_FILTERS,
        caption=_("Master traders"),
        export=web.url("masters.csv") + "?" + urlencode(query.params(page=1)),
        empty=Empty(
            _("No master traders yet"),
            _(
                "Master status is granted to qualifying customers: they apply in the portal and you approve them here, or you"
                " grant it directly."
            ),
            "users-group",
            Action(_("Grant master status"), web.url("masters/grant"), "user-plus", dialog=True, primary=True)
            if web.may("copy_trading.masters.manage")
            else None,
        ),
    )
    return web.render(
        "admin/masters.html",
        table=table,
        any=bool(found.statuses),
        pending=found.statuses.get("pending", 0),
        decide=Action(_("Applications"), web.url("masters/applications?status=pending")),
        tab="masters",
        tabs=tabs(web, found.statuses),
        title=_("Master Traders"),
    )


@get("/masters.csv", opt=VIEW, sync_to_thread=True)
def masters_csv(web: Web) -> Response[str]:
    """The same masters as CSV, all pages."""
    _query, asked = _read(web, _columns(web))
    with web.session() as session:
        rows = page_of_masters(session, replace(asked, offset=0, limit=None)).rows
    return web.csv("masters", _CSV, rows)


class Grant(BaseModel):
    """Master status given directly."""

    account: str = Field(
        title=_("Account number"), min_length=1, description=_("The account whose trades are to be copied.")
    )
    name: str = Field(title=_("Name"), min_length=2, max_length=60, description=_("As followers see it."))
    public: bool = Field(
        default=True,
        title=_("Public"),
        description=_("Everybody may find and follow; else an invite code is needed."),
    )
    follower_cap: int | None = Field(
        default=None, title=_("Most followers"), ge=1, description=_("Leave it empty for no limit.")
    )


@get("/masters/grant", opt=MANAGE, sync_to_thread=True)
def ask_grant(web: Web) -> Response[str]:
    """The form of a direct grant."""
    return web.render("admin/grant.html", form=form_for(Grant), title=_("Grant master status"))


@post("/masters/grant", opt=MANAGE, sync_to_thread=True, status_code=200)
def grant(web: Web) -> Response[Any]:
    """Give master status without an application."""
    parsed = parse_form(Grant, web.form)
    if parsed.value is None:
        return web.render("admin/grant.html", status=422, form=parsed.form, title=_("Grant master status"))
    given = parsed.value
    try:
        with web.session() as session:
            account_id = session.scalar(
                text("select id from core.accounts where number = :number"), {"number": given.account.strip()}
            )
            if account_id is None:
                raise RefusedError("unknown_account", _("There is no account with this number."))
            master = mastering.grant(
                session,
                account_id=account_id,
                name=given.name,
                by=web.actor,
                public=given.public,
                follower_cap=given.follower_cap,
            )
            web.audit(session, "master.grant", f"master:{master.id}", after={"status": "active", "name": given.name})
    except RefusedError as error:
        form = parsed.form.with_errors({"account": error.message})
        return web.render("admin/grant.html", status=422, form=form, title=_("Grant master status"))
    return web.redirect(f"masters/{master.id}", notice=_("{name} is a master trader now.", name=given.name))


ROUTES = [masters, masters_csv, ask_grant, grant]
