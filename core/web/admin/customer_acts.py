"""What staff do with a customer: invite, verify, block, rule on what they may, sign them out, open and hold accounts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field
from sqlalchemy import text

from core.onboarding.accounts import AccountStatus, open_account, set_account_status
from core.sdk.notify import notify
from core.web.admin.access import take_rulings
from core.web.forms import Form, form_for, parse_form
from core.web.mails import send_after, write_invitation
from core.web.page import Page
from core.web.reading import account_row
from core.web.reading.people import holdings_of
from core.web.refusals import NotFoundError
from tenants.models import Customer
from tenants.services import people, profile, second_factor, sessions
from tenants.services.errors import InvalidError, NotAllowedError, TenantsError
from tenants.text import _, _n

__all__ = ["ROUTES"]

_MANAGE: dict[str, Any] = {"permission": "customers.manage"}
_TYPES = text(
    "select id, name, currency, mode, leverage, demo, min_deposit from core.account_types where status = 'active' order by demo, name"
)
_EMAIL = Field(title=_("E-mail"), max_length=254, json_schema_extra={"widget": "email"})


class Guest(BaseModel):
    """Who is invited."""

    name: Annotated[str, Field(title=_("Full name"), min_length=2, max_length=120)]
    email: Annotated[str, _EMAIL]
    verified: Annotated[
        bool,
        Field(
            title=_("Already verified"),
            description=_("You know who they are: they may trade as soon as they have set a password."),
        ),
    ] = False


class Particulars(BaseModel):
    """What staff keep of a customer."""

    name: Annotated[str, Field(title=_("Full name"), min_length=1, max_length=120)]
    phone: Annotated[str, Field(title=_("Telephone"), max_length=30)] = ""
    country: Annotated[str, Field(title=_("Country"), max_length=2, description=_("Two letters, such as DE."))] = ""


class Reason(BaseModel):
    """Why something is done to somebody."""

    reason: Annotated[
        str, Field(title=_("Reason"), min_length=3, max_length=200, description=_("Kept in the audit log."))
    ]


@get("/customers/invite", opt=_MANAGE, sync_to_thread=True)
def ask_guest(web: Page) -> Response[str]:
    """Whom to invite."""
    return _guest(web, form_for(Guest))


@post("/customers/invite", opt=_MANAGE, sync_to_thread=True, status_code=200)
def invite(web: Page) -> Response[Any]:
    """Invite them by mail."""
    parsed = parse_form(Guest, web.form)
    if parsed.value is None:
        return _guest(web, parsed.form, status=422)
    wanted = parsed.value
    try:
        with web.session() as session:
            invited = people.invite_customer(session, wanted.email, wanted.name, web.who, verified=wanted.verified)
            send_after(web, session, write_invitation(web, invited.person, invited.token))
            made = invited.person.id
    except InvalidError as error:
        return _guest(web, parsed.form.with_errors({error.field: str(error)}), status=422)
    return web.leave_for(
        f"/admin/customers/{made}", notice=_("An invitation is on its way to {email}.", email=wanted.email)
    )


def _guest(web: Page, form: Form, status: int = 200) -> Response[str]:
    return web.render("admin/customer_invite.html", status=status, form=form, title=_("Invite a customer"))


@get("/customers/{customer_id:uuid}/edit", opt=_MANAGE, sync_to_thread=True)
def ask_edit(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """What is kept of them."""
    person = _person(web, customer_id)
    values = {"name": person.name, "phone": person.phone, "country": person.country}
    return _edit(web, person, form_for(Particulars, values))


@post("/customers/{customer_id:uuid}/edit", opt=_MANAGE, sync_to_thread=True, status_code=200)
def edit(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Change it."""
    person = _person(web, customer_id)
    parsed = parse_form(Particulars, web.form)
    if parsed.value is None:
        return _edit(web, person, parsed.form, status=422)
    wanted = parsed.value
    try:
        with web.session() as session:
            found = people.customer(session, customer_id)
            profile.change_profile(
                session, found, web.who, name=wanted.name, phone=wanted.phone, country=wanted.country,
                language=found.language, time_zone=found.time_zone,
            )  # fmt: skip
    except InvalidError as error:
        return _edit(web, person, parsed.form.with_errors({error.field: str(error)}), status=422)
    return web.leave_for(_page(customer_id), notice=_("The particulars of {name} are saved.", name=wanted.name))


def _edit(web: Page, person: Customer, form: Form, status: int = 200) -> Response[str]:
    return web.render("admin/customer_edit.html", status=status, form=form, person=person, title=person.name)


@get(["/customers/{customer_id:uuid}/verify"], opt=_MANAGE, sync_to_thread=True)
def ask_verify(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """What verifying does."""
    return _question(web, customer_id, "verify")


@post("/customers/{customer_id:uuid}/verify", opt=_MANAGE, sync_to_thread=True, status_code=200)
def verify(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Say that a customer is who they say they are."""
    with web.session() as session:
        person = people.verify_customer(session, customer_id, web.who)
        notify(
            session,
            "core",
            "verified",
            [customer_id],
            _("You are verified: you can trade now."),
            href="/",
            tone="success",
            mail=True,
        )
    return web.leave_for(_page(customer_id), notice=_("{name} is verified.", name=person.name))


@get("/customers/{customer_id:uuid}/block", opt=_MANAGE, sync_to_thread=True)
def ask_block(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """What blocking does, and why it is done."""
    return _question(web, customer_id, "block", form_for(Reason))


@post("/customers/{customer_id:uuid}/block", opt=_MANAGE, sync_to_thread=True, status_code=200)
def block(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Shut a customer out; what is open can still be closed."""
    _person(web, customer_id)
    parsed = parse_form(Reason, web.form)
    if parsed.value is None:
        return _question(web, customer_id, "block", parsed.form, status=422)
    with web.session() as session:
        person = people.customer(session, customer_id)
        people.block(session, person, web.who, parsed.value.reason)
    return web.leave_for(_page(customer_id), notice=_("{name} is blocked and signed out.", name=person.name))


@get("/customers/{customer_id:uuid}/unblock", opt=_MANAGE, sync_to_thread=True)
def ask_unblock(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """What unblocking does."""
    return _question(web, customer_id, "unblock")


@post("/customers/{customer_id:uuid}/unblock", opt=_MANAGE, sync_to_thread=True, status_code=200)
def unblock(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Let a customer in again."""
    with web.session() as session:
        person = people.customer(session, customer_id)
        people.unblock(session, person, web.who)
    return web.leave_for(_page(customer_id), notice=_("{name} can sign in again.", name=person.name))


@get("/customers/{customer_id:uuid}/invite", opt=_MANAGE, sync_to_thread=True)
def ask_invite_again(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """Whether to send the invitation again."""
    return _question(web, customer_id, "invite")


@post("/customers/{customer_id:uuid}/invite", opt=_MANAGE, sync_to_thread=True, status_code=200)
def invite_again(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Send a new invitation; the former one stops working."""
    with web.session() as session:
        person = people.customer(session, customer_id)
        invited = people.invite_again(session, person, web.who)
        send_after(web, session, write_invitation(web, person, invited.token))
    return web.leave_for(_page(customer_id), notice=_("An invitation is on its way to {email}.", email=person.email))


@get("/customers/{customer_id:uuid}/second-factor", opt=_MANAGE, sync_to_thread=True)
def ask_remove_factor(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """What removing the second factor does."""
    return _question(web, customer_id, "second-factor")


@post("/customers/{customer_id:uuid}/second-factor", opt=_MANAGE, sync_to_thread=True, status_code=200)
def remove_factor(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Take away a second factor whose device is lost."""
    with web.session() as session:
        person = people.customer(session, customer_id)
        second_factor.remove(session, person, web.who)
        sessions.revoke_all(session, person)
    return web.leave_for(_page(customer_id), notice=_("The second factor of {name} is removed.", name=person.name))


def _question(web: Page, customer_id: UUID, verb: str, form: Form | None = None, status: int = 200) -> Response[str]:
    with web.session() as session:
        person = people.customer(session, customer_id)
        held = holdings_of(session, customer_id)
    return web.render(
        "admin/customer_question.html", status=status, verb=verb, person=person, held=held, form=form, title=person.name
    )


@post("/customers/{customer_id:uuid}/access", opt=_MANAGE, sync_to_thread=True, status_code=200)
def access(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Grant and deny."""
    with web.session() as session:
        changed = take_rulings(web, session, people.customer(session, customer_id), web.form)
    said = (
        _n("{count} permission is changed.", "{count} permissions are changed.", changed)
        if changed
        else _("Nothing was changed.")
    )
    return web.leave_for(f"{_page(customer_id)}?tab=access", notice=said, tone="green" if changed else "secondary")


@get("/customers/{customer_id:uuid}/sessions/{session_id:uuid}/revoke", opt=_MANAGE, sync_to_thread=True)
def ask_sign_out(web: Page, customer_id: FromPath[UUID], session_id: FromPath[UUID]) -> Response[str]:
    """Whether to end one sign-in."""
    person = _person(web, customer_id)
    action = f"{_page(customer_id)}/sessions/{session_id}/revoke"
    return web.render("settings/session_revoke.html", action=action, name=person.name, all=False, title=_("Sign out"))


@post(
    "/customers/{customer_id:uuid}/sessions/{session_id:uuid}/revoke", opt=_MANAGE, sync_to_thread=True, status_code=200
)
def sign_out(web: Page, customer_id: FromPath[UUID], session_id: FromPath[UUID]) -> Response[Any]:
    """End it."""
    with web.session() as session:
        sessions.revoke_session(session, people.customer(session, customer_id), session_id, web.who)
    return web.leave_for(f"{_page(customer_id)}?tab=sessions", notice=_("That browser is signed out."))


@get("/customers/{customer_id:uuid}/accounts/new", opt=_MANAGE, sync_to_thread=True)
def ask_account(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """Of which type the account is to be."""
    return _account(web, customer_id)


@post("/customers/{customer_id:uuid}/accounts/new", opt=_MANAGE, sync_to_thread=True, status_code=200)
def make_account(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Open it."""
    _person(web, customer_id)
    try:
        wanted = UUID((web.form.get("type") or [""])[-1])
    except ValueError:
        return _account(web, customer_id, _("Choose a type of account."), status=422)
    try:
        with web.session() as session:
            made = open_account(session, customer_id, wanted, web.who)
    except TenantsError as error:
        return _account(web, customer_id, str(error), status=409)
    return web.leave_for(_page(customer_id), notice=_("Account {number} is open.", number=made.number))


def _account(web: Page, customer_id: UUID, error: str = "", status: int = 200) -> Response[str]:
    person = _person(web, customer_id)
    with web.session() as session:
        types = session.execute(_TYPES).all()
    return web.render(
        "admin/customer_account.html",
        status=status,
        person=person,
        types=types,
        error=error,
        title=_("Open an account"),
    )


_STATUSES: dict[str, AccountStatus] = {"active": "active", "close_only": "close_only", "disabled": "disabled"}


@get("/accounts/{account_id:uuid}/status", opt=_MANAGE, sync_to_thread=True)
def ask_status(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """What an account may."""
    return _status(web, account_id)


@post("/accounts/{account_id:uuid}/status", opt=_MANAGE, sync_to_thread=True, status_code=200)
def change_status(web: Page, account_id: FromPath[UUID]) -> Response[Any]:
    """Let it trade, only close, or close it."""
    with web.session() as session:
        if account_row(session, account_id) is None:
            raise NotFoundError(str(account_id))
    reason = " ".join((web.form.get("reason") or [""])[-1].split())
    status = _STATUSES.get((web.form.get("status") or [""])[-1])
    if status is None or not 3 <= len(reason) <= 200:
        return _status(web, account_id, _("Choose what the account may, and give a reason."), code=422)
    try:
        with web.session() as session:
            account = set_account_status(session, account_id, status, web.who, reason)
    except NotAllowedError as error:
        return _status(web, account_id, str(error), code=409)
    return web.leave_for(_page(account.customer_id), notice=_("Account {number} is changed.", number=account.number))


def _status(web: Page, account_id: UUID, error: str = "", code: int = 200) -> Response[str]:
    with web.session() as session:
        account = account_row(session, account_id)
    if account is None:
        raise NotFoundError(str(account_id))
    return web.render("admin/account_status.html", status=code, account=account, error=error, title=account.number)


def _person(web: Page, customer_id: UUID) -> Customer:
    with web.session() as session:
        return people.customer(session, customer_id)


def _page(customer_id: UUID) -> str:
    return f"/admin/customers/{customer_id}"


ROUTES = [
    ask_guest, invite, ask_edit, edit, ask_verify, verify, ask_block, block, ask_unblock, unblock, ask_invite_again,
    invite_again, ask_remove_factor, remove_factor, access, ask_sign_out, sign_out, ask_account, make_account, ask_status, change_status,
]  # fmt: skip
