"""Portal: browse masters, a master's public page, follow, apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field

from core.sdk.data import TenantSession
from core.sdk.web import (
    Chart,
    Column,
    Empty,
    Filter,
    Form,
    FromPath,
    NotFoundError,
    RefusedError,
    Series,
    Table,
    TableQuery,
    Web,
)
from core.sdk.web import form_for as make_form
from core.sdk.web import parse_form as read_form
from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.choices import Choices, defaults
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import following, lists, mastering
from plugins.copy_trading.services.eligible import OwnAccount, own_accounts
from plugins.copy_trading.services.figures import history_of
from plugins.copy_trading.web.admin_masters import ordered

_COPY: dict[str, Any] = {"permission": "copy_trading.copy"}
_APPLY: dict[str, Any] = {"permission": "copy_trading.apply"}
_FILTERS = (Filter("search", "Name", "search"),)
SHOWN = (
    "mode",
    "copy_ratio",
    "fixed_size",
    "fixed_basis",
    "max_open_trades",
    "minimum_equity",
    "slippage_tolerance",
    "below_minimum_lot",
    "maximum_lot",
    "existing_positions",
    "stop_loss_percent",
    "symbols",
    "symbol_map",
    "reverse",
)
"""Settings that the form of a copy shows, in this order."""


@get("/masters", opt=_COPY, sync_to_thread=True)
def masters(web: Web) -> Response[str]:
    """Masters that anybody may follow."""
    columns = (
        Column("name", "Master", sort=True, sub="about", heading=True, href=lambda row: web.url(f"masters/{row.id}")),
        Column("index_return", "Return", "change", sort=True, hint="Time-weighted, since the first day as a master"),
        Column("drawdown", "Drawdown", "percent", sort=True),
        Column("risk", "Risk score", "number", digits=0, sort=True),
        Column("sharpe", "Sharpe", "number", digits=2, sort=True, wide="lg"),
        Column("win_rate", "Win rate", "percent", sort=True),
        Column("followers", "Followers", "number", sort=True),
    )
    query = TableQuery.read(web.query, columns, _FILTERS, sort="-index_return")
    needle = query.get("search").lower()
    with web.session() as session:
        found = [row for row in lists.masters(session, findable=True) if needle in row.name.lower()]
    table = Table(
        "masters",
        columns,
        ordered(found, query)[query.offset : query.offset + query.size],
        query,
        len(found),
        web.path,
        filters=_FILTERS,
        caption="Master traders",
        empty=Empty(
            "No masters yet",
            "Nobody can be followed at present. Come back soon, or become a master yourself.",
            "users-group",
        ),
    )
    return web.render("portal/masters.html", table=table, title="Master traders")


def visible(web: Web, session: TenantSession, master_id: UUID) -> Master:
    """A master that this customer may see: findable, with the right invite code, or their own."""
    master = mastering.get(session, master_id)
    own = master.customer_id == web.person_id
    invited = web.query.get("invite", "") == master.invite_code or [master.invite_code] == list(
        web.form.get("invite", ())
    )
    if not own and (master.status != "active" or not (master.public or invited)):
        raise NotFoundError
    return master


@get("/masters/{master_id:uuid}", opt=_COPY, sync_to_thread=True)
def master(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """A master's public page."""
    with web.session() as session:
        row = visible(web, session, master_id)
        [line] = lists.masters(session, only=[master_id])
        history = history_of(session, master_id)
        own, invite = row.customer_id == web.person_id, row.invite_code
    index = [(at, (value - 1) * 100) for at, value in history.index]
    chart = Chart("index", [Series(index)], "Return since the start", unit="%", baseline=0)
    follow_url = web.url(f"masters/{master_id}/follow") + (
        f"?invite={web.query['invite']}" if "invite" in web.query else ""
    )
    return web.render(
        "portal/master.html",
        master=line,
        history=history,
        chart=chart,
        own=own,
        invite=invite if own else "",
        follow_url=follow_url,
        title=line.name,
    )


def bounds(settings: CopyTradingSettings) -> Mapping[str, tuple[Decimal | int | None, Decimal | int | None]]:
    """The tenant's bounds of a copy's settings, for the form."""
    return {
        "copy_ratio": (settings.copy_ratio_min, settings.copy_ratio_max),
        "max_open_trades": (1, settings.max_open_trades_max),
        "minimum_equity": (0, settings.minimum_equity_max),
    }


class Start(BaseModel):
    """What a follow needs besides the settings."""

    account: str = Field(
        title="Account", description="The account that copies; it must be of the master's position mode."
    )
    confirmed: bool = Field(default=False, title="I have read the risk notice and accept the fee")


def _start_form(accounts: Sequence[OwnAccount], values: Mapping[str, Any] | None = None) -> Form:
    usable = [
        (str(one.id), f"{one.number} · {one.currency}{' · demo' if one.demo else ''}")
        for one in accounts
        if not one.problem
    ]
    return make_form(Start, values, choices={"account": usable})


@get("/masters/{master_id:uuid}/follow", opt=_COPY, sync_to_thread=True)
def ask_follow(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The form of a follow, with the tenant's defaults and bounds."""
    settings: CopyTradingSettings = web.settings()
    form = make_form(Choices, defaults(settings), bounds=bounds(settings)).only(*SHOWN)
    with web.session() as session:
        master = visible(web, session, master_id)
        return _follow_page(web, master, form, _start_form(own_accounts(session, web.person_id)))


@post("/masters/{master_id:uuid}/follow", opt=_COPY, sync_to_thread=True, status_code=200)
def follow(web: Web, master_id: FromPath[UUID]) -> Response[Any]:
    """Start copying."""
    settings: CopyTradingSettings = web.settings()
    parsed = read_form(Choices, web.form, bounds=bounds(settings))
    start = read_form(Start, web.form)
    form = parsed.form.only(*SHOWN)
    with web.session() as session:
        master, accounts = visible(web, session, master_id), own_accounts(session, web.person_id)
    again = _start_form(accounts, start.raw)
    account = next((one.id for one in accounts if str(one.id) == str(start.raw.get("account"))), None)
    if parsed.value is None or start.value is None or account is None:
        wrong = {} if account else {"account": "Choose one of your accounts."}
        return _follow_page(web, master, form, again.with_errors(wrong), status=422)
    try:
        with web.session() as session:
            made = following.follow(
                session,
                settings,
                customer_id=web.person_id,
                account_id=account,
                master_id=master_id,
                choices=parsed.value,
                confirmed=start.value.confirmed,
                invite_code=(web.form.get("invite") or [""])[-1],
            )
            web.audit(session, "copy.follow", f"subscription:{made.id}", after={"master": str(master_id)})
    except RefusedError as error:
        problems = {key: str(value) for key, value in error.detail.items()}
        return _follow_page(web, master, form.with_errors(problems), again.with_errors({}, error.message), status=422)
    return web.redirect("copies", notice=f"You copy {master.name} now. The next trade is the first that is copied.")


def _follow_page(web: Web, master: Master, form: Form, start: Form, status: int = 200) -> Response[str]:
    settings: CopyTradingSettings = web.settings()
    return web.render(
        "portal/follow.html",
        status=status,
        master=master,
        form=form,
        start=start,
        notice=settings.risk_notice,
        invite=web.query.get("invite", "") or (web.form.get("invite") or [""])[-1],
        title=f"Copy {master.name}",
    )


class Application(BaseModel):
    """An application to become a master."""

    account: str = Field(title="Account", description="The account whose trades others will copy.")
    name: str = Field(title="Name", min_length=2, max_length=60, description="As followers see it.")
    about: str = Field(
        default="",
        title="About",
        max_length=300,
        description="Your approach in a few words.",
        json_schema_extra={"widget": "textarea"},
    )
    public: bool = Field(
        default=True, title="Public", description="Everybody may find and follow you; else an invite code is needed."
    )
    follower_cap: int | None = Field(
        default=None, title="Most followers", ge=1, description="Leave it empty for no limit."
    )


@get("/apply", opt=_APPLY, sync_to_thread=True)
def ask_apply(web: Web) -> Response[str]:
    """Own master pages, and the form of an application with the criteria."""
    return _apply_page(web, None)


@post("/apply", opt=_APPLY, sync_to_thread=True, status_code=200)
def apply(web: Web) -> Response[Any]:
    """Apply for an account."""
    parsed = read_form(Application, web.form)
    if parsed.value is None:
        return _apply_page(web, parsed.form, 422)
    given = parsed.value
    try:
        with web.session() as session:
            account = next(
                (one.id for one in own_accounts(session, web.person_id) if str(one.id) == given.account), None
            )
            if account is None:
                raise RefusedError("not_eligible", "Choose one of your own accounts.")
            master = mastering.apply(
                session,
                web.settings(),
                customer_id=web.person_id,
                account_id=account,
                name=given.name,
                about=given.about,
                public=given.public,
                follower_cap=given.follower_cap,
            )
            web.audit(session, "master.apply", f"master:{master.id}", after={"status": master.status})
            approved = master.status == "active"
    except RefusedError as error:
        return _apply_page(web, parsed.form.with_errors({}, error.message), 422)
    said = (
        "You are a master trader now."
        if approved
        else "Your application is with your brokerage. You find the answer here."
    )
    return web.redirect("apply", notice=said)


def _apply_page(web: Web, form: Form | None, status: int = 200) -> Response[str]:
    with web.session() as session:
        accounts = own_accounts(session, web.person_id)
        mine = [row for row in lists.masters(session) if row.customer_id == web.person_id]
        taken = {row.account_id for row in mine if row.status != "rejected"}
        free = [one for one in accounts if one.id not in taken and not one.problem]
        criteria = [(one.number, mastering.criteria(session, web.settings(), one.id)) for one in free]
        details = {row.id: mastering.get(session, row.id) for row in mine}
    choices = {"account": [(str(one.id), f"{one.number} · {one.currency}") for one in free]}
    shown = form or make_form(Application, choices=choices)
    if form is not None:
        picked = make_form(Application, {field.name: field.value for field in form.fields}, choices=choices)
        shown = picked.with_errors({field.name: field.error for field in form.fields}, form.error)
    return web.render(
        "portal/apply.html",
        status=status,
        form=shown,
        mine=mine,
        details=details,
        criteria=criteria,
        title="Become a master",
    )


ROUTES = [masters, master, ask_follow, follow, ask_apply, apply]
