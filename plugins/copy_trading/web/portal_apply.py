"""Portal: become a master — apply for an account, see the criteria with one's figures, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Form, FromPath, RefusedError, Web, form_for, parse_form
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import applying, lists
from plugins.copy_trading.services.eligible import OwnAccount, own_accounts
from plugins.copy_trading.services.profiles import Profile

APPLY: dict[str, Any] = {"permission": "copy_trading.apply"}


class ProfileForm(BaseModel):
    """What a master says of themselves and asks for."""

    name: str = Field(title=_("Nickname"), min_length=2, max_length=60, description=_("As followers see you."))
    about: str = Field(
        default="",
        title=_("About"),
        max_length=300,
        description=_("Your approach in a few words."),
        json_schema_extra={"widget": "textarea"},
    )
    public: bool = Field(
        default=True,
        title=_("Public"),
        description=_("Everybody may find and follow you; else only who has one of your invite codes."),
    )
    follower_cap: int | None = Field(
        default=None, title=_("Most followers"), ge=1, description=_("Leave it empty for no limit.")
    )
    fee_percent: Decimal = Field(
        default=Decimal(0),
        ge=0,
        title=_("Performance fee"),
        description=_("Of each follower's new profits above their high-water mark, reckoned up monthly."),
        json_schema_extra={"unit": "%"},
    )

    def profile(self) -> Profile:
        """As the services take it."""
        return Profile(self.name, self.about, self.public, self.follower_cap, self.fee_percent)


class ApplicationForm(ProfileForm):
    """An application to become a master."""

    account: str = Field(title=_("Account"), description=_("The account whose trades others will copy."))


def fields_of(settings: CopyTradingSettings, *first: str) -> tuple[str, ...]:
    """The form's fields; without the fee where the tenant allows none."""
    names = (*first, "name", "about", "public", "follower_cap", "fee_percent")
    return names if settings.max_fee_percent else names[:-1]


def fee_bounds(settings: CopyTradingSettings) -> dict[str, tuple[Decimal | int | None, Decimal | int | None]]:
    """The tenant's bound of the performance fee."""
    return {"fee_percent": (0, settings.max_fee_percent)}


@dataclass(frozen=True, slots=True)
class _Own:
    """What the customer has: accounts that may apply, those that may not with the reason, masters, applications."""

    free: list[OwnAccount]
    barred: list[OwnAccount]
    masters: list[lists.MasterLine]
    history: list[applying.ApplicationLine]


def _own(session: TenantSession, web: Web) -> _Own:
    accounts = own_accounts(session, web.person_id)
    mine = lists.masters(session, customer_id=web.person_id)
    taken = {row.account_id for row in mine if row.status != "rejected"}
    return _Own(
        [one for one in accounts if one.id not in taken and not one.problem],
        [one for one in accounts if one.id not in taken and one.problem],
        [row for row in mine if row.status not in ("pending", "rejected")],
        applying.applications(session, customer_id=web.person_id),
    )


@get("/apply", opt=APPLY, sync_to_thread=True)
def ask_apply(web: Web) -> Response[str]:
    """Own masters, what became of applications, and the form of another."""
    return _page(web, None)


@post("/apply", opt=APPLY, sync_to_thread=True, status_code=200)
def apply(web: Web) -> Response[Any]:
    """Apply for an account."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        free = _own(session, web).free
    parsed = parse_form(ApplicationForm, web.form, bounds=fee_bounds(settings), choices=_choices(free))
    if parsed.value is None:
        return _page(web, parsed.form, 422)
    account = next((one.id for one in free if str(one.id) == parsed.value.account), None)
    if account is None:
        return _page(web, parsed.form.with_errors({"account": _("Choose one of your own accounts.")}), 422)
    try:
        with web.session() as session:
            made = applying.apply(
                session,
                settings,
                customer_id=web.person_id,
                account_id=account,
                profile=parsed.value.profile(),
            )
            after = {"status": made.status, "account": str(account), "met": made.met}
            web.audit(session, "master.apply", f"master:{made.master_id}", after=after)
            master_id, approved = made.master_id, made.status == "approved"
    except RefusedError as error:
        return _page(web, parsed.form.with_errors({}, error.message), 422)
    if approved:
        return web.redirect(f"mine/{master_id}", notice=_("You are a master trader now."))
    return web.redirect("apply", notice=_("Your application is with your brokerage. You find the answer here."))


@post("/apply/criteria", opt=APPLY, sync_to_thread=True, status_code=200)
def criteria(web: Web) -> Response[str]:
    """The criteria with the figures of the account that is chosen in the form: a fragment."""
    chosen = (list(web.form.get("account", ())) or [""])[-1]
    with web.session() as session:
        account = next((one for one in own_accounts(session, web.person_id) if str(one.id) == chosen), None)
        lines = applying.criteria(session, web.settings(), account.id) if account is not None else []
    return web.render("portal/criteria.html", account=account, lines=lines, automatic=web.settings().automatic_approval)


@post("/apply/{application_id:uuid}/withdraw", opt=APPLY, sync_to_thread=True, status_code=200)
def withdraw(web: Web, application_id: FromPath[UUID]) -> Response[Any]:
    """Take an application back."""
    with web.session() as session:
        row = applying.withdraw(session, web.person_id, application_id)
        web.audit(session, "master.withdraw", f"master:{row.master_id}", before={"status": "pending"})
    return web.redirect("apply", notice=_("The application is withdrawn. You may apply again at any time."))


def _choices(free: list[OwnAccount]) -> dict[str, list[tuple[str, str]]]:
    return {"account": [(str(one.id), account_label(one)) for one in free]}


def account_label(account: OwnAccount) -> str:
    """An account in a list of choices."""
    if account.demo:
        return _("{number} · {currency} · demo", number=account.number, currency=account.currency)
    return f"{account.number} · {account.currency}"


def _page(web: Web, form: Form | None, status: int = 200) -> Response[str]:
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        own = _own(session, web)
        waiting = {row.account_id for row in own.history if row.status == "pending"}
        first = own.free[0] if own.free else None
        lines = applying.criteria(session, settings, first.id) if first else []
    if form is None:
        start = {"account": str(first.id)} if first else {}
        form = form_for(ApplicationForm, start, bounds=fee_bounds(settings), choices=_choices(own.free))
    return web.render(
        "portal/apply.html",
        status=status,
        form=form.only(*fields_of(settings, "account")),
        own=own,
        waiting=waiting,
        account=first,
        lines=lines,
        automatic=settings.automatic_approval,
        title=_("Become a master"),
    )


ROUTES = [ask_apply, apply, criteria, withdraw]
