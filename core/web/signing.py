"""Signing in and out, the second factor, registration: the same pages for both surfaces."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel, Field

from core.sdk.notify import notify
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.security_pages import qr_code
from core.web.visit import ADMIN_COOKIE, PORTAL_COOKIE
from tenants.db import TenantSession
from tenants.models import Customer
from tenants.services import second_factor, sessions
from tenants.services.authentication import SignIn, finish_sign_in, sign_in
from tenants.services.errors import InvalidError, NotAllowedError
from tenants.services.people import register_customer
from tenants.services.permissions import staff_permissions
from tenants.services.validation import MIN_PASSWORD
from tenants.text import _, _n

__all__ = ["AdminSignIn", "PortalSignIn", "go_on", "lifetime", "portal_registration"]


class Credentials(BaseModel):
    """What a person signs in with."""

    email: Annotated[
        str, Field(title=_("E-mail"), max_length=254, json_schema_extra={"widget": "email", "autocomplete": "username"})
    ]
    password: Annotated[
        str,
        Field(
            title=_("Password"),
            max_length=200,
            json_schema_extra={"widget": "password", "autocomplete": "current-password"},
        ),
    ]


class Code(BaseModel):
    """The second factor."""

    code: Annotated[
        str,
        Field(title=_("Code"), max_length=12, json_schema_extra={"autocomplete": "one-time-code"}),
    ]


class Registration(BaseModel):
    """What a visitor registers with."""

    name: Annotated[
        str, Field(title=_("Full name"), min_length=2, max_length=120, json_schema_extra={"autocomplete": "name"})
    ]
    email: Annotated[
        str, Field(title=_("E-mail"), max_length=254, json_schema_extra={"widget": "email", "autocomplete": "username"})
    ]
    password: Annotated[
        str,
        Field(
            title=_("Password"),
            description=_("At least {least} characters; a few words are easiest to remember.", least=MIN_PASSWORD),
            min_length=MIN_PASSWORD,
            max_length=200,
            json_schema_extra={"widget": "password", "autocomplete": "new-password"},
        ),
    ]


_OPEN: dict[str, Any] = {"sign_in": False}


class _SignIn(Controller):
    """The routes of a surface: relative to ``/admin`` or ``/``."""

    opt = _OPEN
    surface: sessions.Surface = "portal"
    base = ""
    home = "/"

    @get("/sign-in", sync_to_thread=True)
    def show(self, web: Page) -> Response[Any]:
        """The form."""
        if web.visit.person:
            return web.leave_for(self.home)
        return _form(web, form_for(Credentials))

    @post("/sign-in", sync_to_thread=True, status_code=200)
    def enter(self, web: Page) -> Response[Any]:
        """Try to sign in."""
        parsed = parse_form(Credentials, web.form)
        if parsed.value is None:
            return _form(web, parsed.form, status=422)
        agent = web.request.headers.get("user-agent", "")
        with web.session() as session:
            outcome = sign_in(
                session,
                self.surface,
                parsed.value.email,
                parsed.value.password,
                address=web.visit.address,
                user_agent=agent,
                lifetime=lifetime(web),
            )
        if outcome.token:
            return go_on(web, outcome, outcome.token, _next(web, self.home))
        return _form(web, parsed.form.with_errors({}, _sentence(outcome)), status=422)

    @get("/second-factor", sync_to_thread=True)
    def ask_code(self, web: Page) -> Response[Any]:
        """Ask for the second factor, or set it up."""
        return self._code_form(web, form_for(Code))

    @post("/second-factor", sync_to_thread=True, status_code=200)
    def take_code(self, web: Page) -> Response[Any]:
        """Take the second factor's code."""
        parsed = parse_form(Code, web.form)
        if parsed.value is None:
            return self._code_form(web, parsed.form, status=422)
        agent = web.request.headers.get("user-agent", "")
        with web.session() as session:
            code = parsed.value.code.replace(" ", "")
            outcome = finish_sign_in(
                session,
                self.surface,
                web.visit.session_token,
                code,
                address=web.visit.address,
                user_agent=agent,
                lifetime=lifetime(web),
            )
        if outcome.outcome == "signed_in":
            if outcome.recovery_codes:
                page = web.render(
                    "sign/recovery_codes.html", codes=outcome.recovery_codes, home=self.home, title=_("Recovery codes")
                )
                return _with_cookie(web, page, outcome.token or "")
            return go_on(web, outcome, outcome.token or "", self.home)
        message = (
            str(_("That code is not right, or it has been used.")) if outcome.outcome == "wrong" else _sentence(outcome)
        )
        return self._code_form(web, parsed.form.with_errors({"code": message}), status=422)

    @post("/sign-out", sync_to_thread=True)
    def leave(self, web: Page) -> Response[Any]:
        """Sign out."""
        if web.visit.session_token:
            with web.session() as session:
                sessions.sign_out(session, web.visit.session_token, self.surface)
        answer = web.leave_for(f"{self.base}/sign-in", notice=_("You are signed out."))
        answer.delete_cookie(_cookie(self.surface), path=self.home)
        return answer

    def _code_form(self, web: Page, form: Form, status: int = 200) -> Response[Any]:
        with web.session() as session:
            waiting = sessions.find_row(session, web.visit.session_token, self.surface)
            if waiting is None or waiting.stage == "full":
                return web.leave_for(f"{self.base}/sign-in")
            secret = address = ""
            if waiting.stage == "enrol":
                person = sessions.person_of(session, waiting)
                secret, address = second_factor.waiting_enrolment(session, person, web.visit.tenant.name)
        return web.render(
            "sign/second_factor.html", status=status, form=form, secret=secret, address=address,
            qr=qr_code(address) if address else "", title=_("Second factor"),
        )  # fmt: skip


class AdminSignIn(_SignIn):
    """Staff."""

    path = "/"
    surface: sessions.Surface = "admin"
    base = "/admin"
    home = "/admin"


class PortalSignIn(_SignIn):
    """Customers."""

    path = "/"


def portal_registration() -> list[ControllerRouterHandler]:
    """Registration at the portal, where the brokerage has it open."""

    @get("/register", opt=_OPEN, sync_to_thread=True)
    def show(web: Page) -> Response[Any]:
        return _registration(web, form_for(Registration))

    @post("/register", opt=_OPEN, sync_to_thread=True, status_code=200)
    def register(web: Page) -> Response[Any]:
        parsed = parse_form(Registration, web.form)
        if parsed.value is None:
            return _registration(web, parsed.form, status=422)
        wanted = parsed.value
        try:
            with web.session() as session:
                made = register_customer(session, wanted.email, wanted.name, wanted.password)
                _tell_staff(session, made)
        except InvalidError as error:
            return _registration(web, parsed.form.with_errors({error.field: str(error)}), status=422)
        except NotAllowedError as error:
            return _registration(web, parsed.form.with_errors({}, str(error)), status=422)
        with web.session() as session:
            agent = web.request.headers.get("user-agent", "")
            outcome = sign_in(
                session,
                "portal",
                wanted.email,
                wanted.password,
                address=web.visit.address,
                user_agent=agent,
                lifetime=lifetime(web),
            )
        if not outcome.token:
            return web.leave_for("/sign-in", notice=_("Your registration is complete. Please sign in."))
        return go_on(web, outcome, outcome.token, "/")

    return [show, register]


def _tell_staff(session: TenantSession, customer: Customer) -> None:
    """Whoever verifies customers hears that one waits."""
    held = staff_permissions(session)
    notify(
        session, "core", "registered", [person for person, may in held.items() if "customers.manage" in may],
        _("{name} has registered and waits to be verified.", name=customer.name),
        href=f"/admin/customers/{customer.id}", kind="staff",
    )  # fmt: skip


def _registration(web: Page, form: Form, status: int = 200) -> Response[Any]:
    if web.visit.tenant.registration != "open":
        raise NotFoundError("customers come by invitation")
    return web.render("sign/register.html", status=status, form=form, title=_("Open an account"))


def _form(web: Page, form: Form, status: int = 200) -> Response[Any]:
    register = web.surface == "portal" and web.visit.tenant.registration == "open"
    return web.render(
        "sign/sign_in.html", status=status, form=form, register=register, next=_next(web, ""), title=_("Sign in")
    )


def _next(web: Page, default: str) -> str:
    """Where to go on: an address of this surface, never of another host."""
    sent = web.form.get("next", [web.query.get("next", "")])
    path = sent[-1] if sent else ""
    inside = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if inside and path.startswith("/admin") == (web.surface == "admin") else default


def go_on(web: Page, outcome: SignIn, token: str, target: str, *, notice: str | None = None) -> Response[Any]:
    """Keep the token of a sign-in in the browser; go to the target, or to the second factor where that is asked for first.

    :param notice: said on the page that follows.
    """
    base = "/admin" if web.surface == "admin" else ""
    step = target if outcome.outcome == "signed_in" else f"{base}/second-factor"
    return _with_cookie(web, web.leave_for(step, notice=notice), token)


def lifetime(web: Page) -> timedelta:
    """How long a sign-in lasts at most."""
    return timedelta(hours=web.kit.platform.settings.session_hours)


def _with_cookie(web: Page, answer: Response[Any], token: str) -> Response[Any]:
    surface: sessions.Surface = "admin" if web.surface == "admin" else "portal"
    answer.set_cookie(
        Cookie(
            _cookie(surface),
            value=token,
            path="/admin" if surface == "admin" else "/",
            max_age=int(lifetime(web).total_seconds()),
            httponly=True,
            samesite="lax",
            secure=web.kit.platform.settings.https,
        )
    )
    return answer


def _cookie(surface: sessions.Surface) -> str:
    return ADMIN_COOKIE if surface == "admin" else PORTAL_COOKIE


def _sentence(outcome: SignIn) -> str:
    if outcome.outcome == "locked":
        minutes = max(1, -(-outcome.retry_after_s // 60))
        return str(
            _n(
                "Too many attempts. Try again in {count} minute.",
                "Too many attempts. Try again in {count} minutes.",
                minutes,
            )
        )
    if outcome.outcome == "blocked":
        return str(_("This account is blocked. Please contact support."))
    return str(_("E-mail or password is not right."))
