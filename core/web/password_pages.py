"""Setting a password by a link: forgotten ones and invitations, the same pages for both surfaces."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel, Field

from core.web.forms import Form, form_for, parse_form
from core.web.mails import send_after, write_reset
from core.web.page import Page
from core.web.password_field import PasswordToBe
from core.web.refusals import NotFoundError
from core.web.signing import go_on, lifetime
from tenants.db import TenantSession
from tenants.models import Customer, Staff
from tenants.services import tickets
from tenants.services.actor import Actor
from tenants.services.authentication import SignIn, first_step, let_in
from tenants.services.errors import InvalidError, NotAllowedError
from tenants.services.people import by_email, kind
from tenants.services.sessions import Surface, surface_of
from tenants.services.tickets import Purpose
from tenants.text import _

__all__ = ["password_routes"]


class Forgotten(BaseModel):
    """Who has forgotten their password."""

    email: Annotated[
        str, Field(title=_("E-mail"), max_length=254, json_schema_extra={"widget": "email", "autocomplete": "username"})
    ]


class NewPassword(BaseModel):
    """The password to be."""

    password: PasswordToBe


_OPEN: dict[str, Any] = {"sign_in": False}


def password_routes(surface: Surface) -> list[ControllerRouterHandler]:
    """The routes of a surface: relative to ``/admin`` or ``/``."""
    base = "/admin" if surface == "admin" else ""

    @get("/forgot", opt=_OPEN, sync_to_thread=True)
    def ask(web: Page) -> Response[Any]:
        return web.render("sign/forgot.html", form=form_for(Forgotten), title=_("Forgotten password"))

    @post("/forgot", opt=_OPEN, sync_to_thread=True, status_code=200)
    def send(web: Page) -> Response[Any]:
        parsed = parse_form(Forgotten, web.form)
        if parsed.value is None:
            return web.render("sign/forgot.html", status=422, form=parsed.form, title=_("Forgotten password"))
        with web.session() as session:
            person = by_email(session, surface, parsed.value.email)
            by = Actor("system", "forgotten password", None, web.visit.address, web.visit.request_id)
            token = tickets.request_reset(session, person, by)
            if person is not None and token is not None:
                send_after(web, session, write_reset(web, person, token))
        said = _(
            "If {email} is known here, a link is on its way. It works for an hour.", email=parsed.value.email.strip()
        )
        return web.leave_for(f"{base}/sign-in", notice=said)

    return [ask, send, *_ticket_routes(surface, "reset"), *_ticket_routes(surface, "invitation")]


def _ticket_routes(surface: Surface, purpose: Purpose) -> tuple[ControllerRouterHandler, ControllerRouterHandler]:
    """The page of a link, and what its form does. The path is the purpose."""
    base = "/admin" if surface == "admin" else ""

    @get(f"/{purpose}/{{token:str}}", opt=_OPEN, sync_to_thread=True)
    def show(web: Page, token: FromPath[str]) -> Response[Any]:
        return _choose(web, surface, purpose, token, form_for(NewPassword))

    @post(f"/{purpose}/{{token:str}}", opt=_OPEN, sync_to_thread=True, status_code=200)
    def take(web: Page, token: FromPath[str]) -> Response[Any]:
        parsed = parse_form(NewPassword, web.form)
        if parsed.value is None:
            return _choose(web, surface, purpose, token, parsed.form, status=422)
        try:
            with web.session() as session:
                person = tickets.ticket_person(session, token, purpose)
                if person is None or surface_of(person) != surface:
                    raise NotFoundError("no such link here")
                by = Actor(kind(person), person.email, person.id, web.visit.address, web.visit.request_id)
                tickets.redeem_ticket(session, token, purpose, parsed.value.password, by)
                outcome = _enter(web, session, person) if purpose == "invitation" else None
        except InvalidError as error:
            form = parsed.form.with_errors({error.field: str(error)})
            return _choose(web, surface, purpose, token, form, status=422)
        except NotAllowedError as error:
            raise NotFoundError(str(error)) from None
        if outcome is not None and outcome.token:
            # The answer to the form: whoever follows the link again finds it used, and signs in.
            return go_on(web, outcome, outcome.token, base or "/", notice=_("Your password is set."))
        return web.leave_for(f"{base}/sign-in", notice=_("Your password is set. Sign in with it."))

    return show, take


def _enter(web: Page, session: TenantSession, person: Staff | Customer) -> SignIn:
    """Who has been invited and has chosen a password is signed in as by the form, in the transaction that uses the link up."""
    agent = web.request.headers.get("user-agent", "")
    return let_in(session, person, address=web.visit.address, user_agent=agent, lifetime=lifetime(web))


def _choose(web: Page, surface: Surface, purpose: Purpose, token: str, form: Form, status: int = 200) -> Response[Any]:
    with web.session() as session:
        person = tickets.ticket_person(session, token, purpose)
        if person is not None and surface_of(person) != surface:
            person = None
        name = None if person is None else person.name
        step = "" if person is None else first_step(session, person)
    return web.render(
        "sign/password.html",
        status=404 if name is None else status,
        form=form,
        known=name is not None,
        invited=purpose == "invitation",
        name=name,
        step=step,
        action=web.path,
        title=_("Welcome") if purpose == "invitation" else _("New password"),
    )
