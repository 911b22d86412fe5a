"""Portal: my master pages — figures, followers, earnings, invite codes, and what is mine to set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import (
    Column,
    Empty,
    Form,
    FromPath,
    NotFoundError,
    RefusedError,
    Table,
    TableQuery,
    Web,
    form_for,
    parse_form,
)
from plugins.copy_trading.models import InviteCode, Master
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import earning, invites, lists, mastering
from plugins.copy_trading.services.lists import MasterLine
from plugins.copy_trading.web.portal_apply import APPLY, ProfileForm, fee_bounds, fields_of
from plugins.copy_trading.web.public_figures import public_figures
from plugins.copy_trading.web.words import CAUSES, mode_label

TABS = {
    "overview": _("Overview"),
    "followers": _("Followers"),
    "earnings": _("Earnings"),
    "invites": _("Invite codes"),
    "settings": _("Settings"),
}
FOLLOWERS = (
    Column("code", _("Follower"), heading=True),
    Column("since", _("Since"), "day", sort=True),
    Column("mode", _("Copy mode"), "custom"),
    Column("open_copies", _("Open copies"), "number", digits=0, sort=True),
    Column("copied_pnl", _("Copied P&L"), "pnl", currency="currency", sort=True),
    Column("paid", _("Fees paid"), "money", currency="currency", sort=True),
    Column("status", _("Status"), "status", sort=True),
)
EARNINGS = (
    Column("at", _("When"), "time", heading=True),
    Column("period", _("Month")),
    Column("code", _("Follower")),
    Column("cause", _("Cause"), "custom"),
    Column("percent", _("Fee"), "percent"),
    Column("charged", _("Charged"), "money", currency="currency"),
    Column("credited", _("Credited to you"), "pnl", currency="master_currency"),
)


class InviteForm(BaseModel):
    """A new invite code."""

    note: str = Field(default="", title=_("Note"), max_length=60, description=_("For you alone: whom it is meant for."))
    max_uses: int | None = Field(
        default=None, title=_("Most followers"), ge=1, le=10_000, description=_("Leave it empty for any number.")
    )
    expires_at: datetime | None = Field(
        default=None, title=_("Good until"), description=_("In UTC. Leave it empty: until you revoke it.")
    )


def own_master(session: TenantSession, web: Web, master_id: UUID) -> Master:
    """The customer's own master; anybody else's does not exist."""
    master = mastering.get(session, master_id)
    if master.customer_id != web.person_id:
        raise NotFoundError
    return master


@get("/mine/{master_id:uuid}", opt=APPLY, sync_to_thread=True)
def mine(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """One of the customer's own master pages."""
    return _page(web, master_id, web.query.get("tab", "overview"))


@get("/mine/{master_id:uuid}/followers.csv", opt=APPLY, sync_to_thread=True)
def followers_csv(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The followers as CSV."""
    with web.session() as session:
        own_master(session, web, master_id)
        return web.csv("followers", (*FOLLOWERS, Column("currency", "Currency")), earning.copiers(session, master_id))


@get("/mine/{master_id:uuid}/earnings.csv", opt=APPLY, sync_to_thread=True)
def earnings_csv(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The earnings as CSV."""
    columns = (*EARNINGS, Column("currency", "Currency"), Column("master_currency", "Your currency"))
    with web.session() as session:
        own_master(session, web, master_id)
        return web.csv("earnings", columns, earning.earnings(session, master_id))


@post("/mine/{master_id:uuid}", opt=APPLY, sync_to_thread=True, status_code=200)
def save(web: Web, master_id: FromPath[UUID]) -> Response[Any]:
    """Change the nickname, the description, the visibility, the cap or the fee."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        kept = _profile(own_master(session, web, master_id))
    parsed = parse_form(ProfileForm, web.form, bounds=fee_bounds(settings), keep=kept)
    if parsed.value is None:
        return _page(web, master_id, "settings", form=parsed.form, status=422)
    try:
        with web.session() as session:
            own_master(session, web, master_id)
            master = mastering.get(session, master_id, lock=True)
            before = _profile(master)
            mastering.change_profile(session, settings, master, parsed.value.profile())
            web.audit(session, "master.profile", f"master:{master_id}", before=before, after=_profile(master))
    except RefusedError as error:
        wrong = {key: str(value) for key, value in error.detail.items()}
        form = parsed.form.with_errors(wrong, error.message)
        return _page(web, master_id, "settings", form=form, status=422)
    return web.redirect(
        f"mine/{master_id}?tab=settings", notice=_("Saved. A higher fee holds for new followers alone.")
    )


@post("/mine/{master_id:uuid}/invites", opt=APPLY, sync_to_thread=True, status_code=200)
def make_invite(web: Web, master_id: FromPath[UUID]) -> Response[Any]:
    """Make an invite code."""
    parsed = parse_form(InviteForm, web.form)
    if parsed.value is None:
        return _page(web, master_id, "invites", form=parsed.form, status=422)
    given = parsed.value
    try:
        with web.session() as session:
            master = own_master(session, web, master_id)
            until = given.expires_at.replace(tzinfo=given.expires_at.tzinfo or UTC) if given.expires_at else None
            code = invites.make(session, master, note=given.note, max_uses=given.max_uses, expires_at=until)
            after = {"max_uses": given.max_uses, "expires_at": until.isoformat() if until else None}
            web.audit(session, "master.invite", f"master:{master_id}", after=after)
            said = _("The code {code} is ready to be passed on.", code=code.code)
    except RefusedError as error:
        wrong = {key: str(value) for key, value in error.detail.items()}
        return _page(web, master_id, "invites", form=parsed.form.with_errors(wrong, error.message), status=422)
    return web.redirect(f"mine/{master_id}?tab=invites", notice=said)


@post("/mine/{master_id:uuid}/invites/{code_id:uuid}/revoke", opt=APPLY, sync_to_thread=True, status_code=200)
def revoke_invite(web: Web, master_id: FromPath[UUID], code_id: FromPath[UUID]) -> Response[Any]:
    """Make a code worthless."""
    with web.session() as session:
        own_master(session, web, master_id)
        code = invites.revoke(session, master_id, code_id)
        web.audit(session, "master.invite_revoke", f"master:{master_id}", before={"code": code.code})
        said = _("The code {code} lets nobody in any more. Who has used it stays.", code=code.code)
    return web.redirect(f"mine/{master_id}?tab=invites", notice=said)


def _profile(master: Master) -> dict[str, Any]:
    return {
        "name": master.name,
        "about": master.about,
        "public": master.public,
        "follower_cap": master.follower_cap,
        "fee_percent": format(master.fee_percent.normalize(), "f"),
    }


def _page(web: Web, master_id: UUID, tab: str, *, form: Form | None = None, status: int = 200) -> Response[str]:
    if tab not in TABS:
        raise NotFoundError(tab)
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        master = own_master(session, web, master_id)
        [line] = lists.masters(session, only=[master_id])
        context = _tab(web, session, line, tab)
        if tab == "settings":
            shown = form or form_for(ProfileForm, _profile(master), bounds=fee_bounds(settings))
            context = {"form": shown.only(*fields_of(settings))}
        if tab == "invites" and form is not None:
            context["form"] = form
        reason, fee = master.reason, master.fee_percent
    here = web.url(f"mine/{master_id}")
    counts = {"followers": line.followers}
    return web.render(
        f"portal/mine_{tab}.html",
        status=status,
        master=line,
        reason=reason,
        fee=fee,
        tab=tab,
        tabs=[(key, label, f"{here}?tab={key}", counts.get(key)) for key, label in TABS.items()],
        title=line.name,
        **context,
    )


def _tab(web: Web, session: TenantSession, line: MasterLine, tab: str) -> dict[str, Any]:
    here = web.url(f"mine/{line.id}")
    if tab == "overview":
        return public_figures(session, line)
    if tab == "followers":
        query = TableQuery.read(web.query, FOLLOWERS, sort="-since")
        found = earning.copiers(session, line.id)
        found.sort(key=lambda row: getattr(row, query.sort), reverse=query.descending)
        table = Table(
            "followers",
            FOLLOWERS,
            found[query.offset : query.offset + query.size],
            query,
            len(found),
            here,
            keep={"tab": tab},
            caption=_("Followers"),
            export=f"{here}/followers.csv",
            empty=Empty(_("Nobody follows you yet"), _("Share your public page or an invite code."), "users"),
        )
        return {"table": table, "mode_label": mode_label}
    if tab == "earnings":
        rows = earning.earnings(session, line.id)
        query = TableQuery.read(web.query, EARNINGS)
        table = Table(
            "earnings",
            EARNINGS,
            rows[query.offset : query.offset + query.size],
            query,
            len(rows),
            here,
            keep={"tab": tab},
            caption=_("Earnings"),
            export=f"{here}/earnings.csv",
            empty=Empty(
                _("No fee has come in yet"),
                _("Fees are reckoned up each month and when a follower stops, on profits above their high-water mark."),
                "coins",
            ),
        )
        total: dict[str, Any] = {}
        for row in rows:
            total[row.master_currency] = total.get(row.master_currency, 0) + row.credited
        return {"table": table, "total": total, "causes": CAUSES, "paid": len(rows)}
    if tab == "invites":
        codes = [_code(web, one) for one in invites.codes(session, line.id)]
        return {"codes": codes, "form": form_for(InviteForm)}
    return {}


def _code(web: Web, code: InviteCode) -> dict[str, Any]:
    return {
        "id": code.id,
        "code": code.code,
        "note": code.note,
        "state": invites.state(code),
        "uses": code.uses,
        "max_uses": code.max_uses,
        "expires_at": code.expires_at,
        "created_at": code.created_at,
        "link": web.url(f"invited/{code.code}"),
    }


ROUTES = [mine, followers_csv, earnings_csv, save, make_invite, revoke_invite]
