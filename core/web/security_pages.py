"""Security of one's own sign-in, on both surfaces: password, second factor, recovery codes, and where one is signed in."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import segno
from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.response import Response
from markupsafe import Markup
from pydantic import BaseModel, Field

from core.web.devices import device_of
from core.web.forms import Form, form_for, parse_form
from core.web.own import base_of, own_tabs, person_of
from core.web.page import Page
from core.web.password_field import PasswordToBe
from core.web.refusals import NotFoundError
from core.web.sign_ins import sessions_table
from tenants.services import authentication, second_factor, sessions
from tenants.services.errors import InvalidError, TenantsError
from tenants.text import _, _n

__all__ = ["AdminSecurity", "PortalSecurity", "qr_code"]

_WRONG = _("This is not your password. After five wrong ones you have to wait a quarter of an hour.")
_NOW = Field(
    title=_("Your password now"),
    max_length=200,
    json_schema_extra={"widget": "password", "autocomplete": "current-password"},
)


class PasswordChange(BaseModel):
    """A new password, and the one it replaces."""

    old: Annotated[str, _NOW]
    new: PasswordToBe


class FirstCode(BaseModel):
    """The first code of a new second factor."""

    code: Annotated[
        str, Field(title=_("Six-digit code"), max_length=12, json_schema_extra={"autocomplete": "one-time-code"})
    ]


class Proof(BaseModel):
    """The password, asked again."""

    password: Annotated[str, _NOW]


def qr_code(address: str) -> Markup:
    """An address as a QR code, as SVG within the page."""
    return Markup(segno.make(address, error="m").svg_inline(border=0, scale=4))  # noqa: S704 - drawn here from modules, no text in it


class _Security(Controller):
    """The pages of a surface."""

    @get("/settings/security", sync_to_thread=True)
    def show(self, web: Page) -> Response[str]:
        """Everything at a glance."""
        with web.session() as session:
            person = person_of(session, web)
            table = sessions_table(
                web, session, person, f"{base_of(web)}/settings/security/sessions", manages=True, current=_here(web)
            )
            left = second_factor.recovery_codes_left(session, person)
            required = second_factor.required(session, person)
        return web.render(
            "settings/security.html", person=person, table=table, left=left, required=required, here=_here(web),
            device_of=device_of, base=base_of(web), tabs=own_tabs(web), title=_("Security"),
        )  # fmt: skip

    @get("/settings/security/password", sync_to_thread=True)
    def ask_password(self, web: Page) -> Response[str]:
        """Which password, and the one it replaces."""
        return _password(web, form_for(PasswordChange))

    @post("/settings/security/password", sync_to_thread=True, status_code=200)
    def change_password(self, web: Page) -> Response[Any]:
        """Change it; everywhere else one is signed out."""
        parsed = parse_form(PasswordChange, web.form)
        if parsed.value is None:
            return _password(web, parsed.form, status=422)
        wanted = parsed.value
        try:
            with web.session() as session:
                person = person_of(session, web)
                done = authentication.change_password(session, person, wanted.old, wanted.new, web.who, keep=_here(web))
        except InvalidError as error:
            return _password(web, parsed.form.with_errors({"new": str(error)}), status=422)
        if not done:
            return _password(web, parsed.form.with_errors({"old": str(_WRONG)}), status=422)
        return _back(web, _("Your password is changed. Everywhere else you have to sign in again."))

    @get("/settings/security/second-factor", sync_to_thread=True)
    def ask_factor(self, web: Page) -> Response[str]:
        """The code for the authenticator app."""
        return _factor(web, form_for(FirstCode))

    @post("/settings/security/second-factor", sync_to_thread=True, status_code=200)
    def set_factor(self, web: Page) -> Response[Any]:
        """Put it in force by its first code, and show the recovery codes this once."""
        parsed = parse_form(FirstCode, web.form)
        if parsed.value is None:
            return _factor(web, parsed.form, status=422)
        try:
            with web.session() as session:
                codes = second_factor.confirm_enrolment(session, person_of(session, web), parsed.value.code, web.who)
        except InvalidError as error:
            return _factor(web, parsed.form.with_errors({error.field: str(error)}), status=422)
        return _codes(web, codes)

    @get("/settings/security/second-factor/remove", sync_to_thread=True)
    def ask_remove(self, web: Page) -> Response[str]:
        """Whether to go without."""
        return _prove(web, "remove", form_for(Proof))

    @post("/settings/security/second-factor/remove", sync_to_thread=True, status_code=200)
    def remove_factor(self, web: Page) -> Response[Any]:
        """Take it away."""
        parsed = parse_form(Proof, web.form)
        if parsed.value is None:
            return _prove(web, "remove", parsed.form, status=422)
        try:
            with web.session() as session:
                person = person_of(session, web)
                right = authentication.prove_password(session, person, parsed.value.password, web.who)
                if right:
                    second_factor.remove(session, person, web.who)
        except TenantsError as error:
            return _prove(web, "remove", parsed.form.with_errors({}, str(error)), status=409)
        if not right:
            return _prove(web, "remove", parsed.form.with_errors({"password": str(_WRONG)}), status=422)
        return _back(web, _("The second factor is removed."))

    @get("/settings/security/recovery-codes", sync_to_thread=True)
    def ask_codes(self, web: Page) -> Response[str]:
        """Whether to make new ones."""
        return _prove(web, "codes", form_for(Proof))

    @post("/settings/security/recovery-codes", sync_to_thread=True, status_code=200)
    def new_codes(self, web: Page) -> Response[Any]:
        """Make them, and show them this once."""
        parsed = parse_form(Proof, web.form)
        if parsed.value is None:
            return _prove(web, "codes", parsed.form, status=422)
        codes: list[str] = []
        with web.session() as session:
            person = person_of(session, web)
            if authentication.prove_password(session, person, parsed.value.password, web.who):
                codes = second_factor.renew_recovery_codes(session, person, web.who)
        if not codes:
            return _prove(web, "codes", parsed.form.with_errors({"password": str(_WRONG)}), status=422)
        return _codes(web, codes)

    @get("/settings/security/sessions/revoke", sync_to_thread=True)
    def ask_sign_out_others(self, web: Page) -> Response[str]:
        """Whether to sign out everywhere else."""
        action = f"{base_of(web)}/settings/security/sessions/revoke"
        return web.render("settings/session_revoke.html", action=action, name="", all=True, title=_("Sign out"))

    @post("/settings/security/sessions/revoke", sync_to_thread=True, status_code=200)
    def sign_out_others(self, web: Page) -> Response[Any]:
        """Sign out everywhere else."""
        with web.session() as session:
            others = sessions.revoke_others(session, person_of(session, web), _here(web), web.who)
        return _back(web, _n("{count} other browser is signed out.", "{count} other browsers are signed out.", others))

    @get("/settings/security/sessions/{session_id:uuid}/revoke", sync_to_thread=True)
    def ask_sign_out(self, web: Page, session_id: FromPath[UUID]) -> Response[str]:
        """Which browser would be signed out."""
        with web.session() as session:
            person = person_of(session, web)
            if session_id not in {row.id for row in sessions.live_sessions(session, person)}:
                raise NotFoundError(str(session_id))
        action = f"{base_of(web)}/settings/security/sessions/{session_id}/revoke"
        return web.render(
            "settings/session_revoke.html", action=action, name=person.name, all=False, title=_("Sign out")
        )

    @post("/settings/security/sessions/{session_id:uuid}/revoke", sync_to_thread=True, status_code=200)
    def sign_out(self, web: Page, session_id: FromPath[UUID]) -> Response[Any]:
        """Sign it out."""
        with web.session() as session:
            sessions.revoke_session(session, person_of(session, web), session_id, web.who)
        return _back(web, _("That browser is signed out."))


class AdminSecurity(_Security):
    """Staff's own."""

    path = "/"


class PortalSecurity(_Security):
    """Customers' own."""

    path = "/"


def _here(web: Page) -> UUID:
    if web.visit.person is None:
        raise LookupError("nobody is signed in on this page")
    return web.visit.person.session_id


def _back(web: Page, notice: str) -> Response[Any]:
    return web.leave_for(f"{base_of(web)}/settings/security", notice=notice)


def _password(web: Page, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "settings/password.html", status=status, form=form, base=base_of(web), title=_("Change your password")
    )


def _factor(web: Page, form: Form, status: int = 200) -> Response[str]:
    with web.session() as session:
        secret, address = second_factor.waiting_enrolment(session, person_of(session, web), web.visit.tenant.name)
    return web.render(
        "settings/second_factor.html", status=status, form=form, secret=secret, address=address, qr=qr_code(address),
        base=base_of(web), title=_("Set up a second factor"),
    )  # fmt: skip


def _codes(web: Page, codes: list[str]) -> Response[str]:
    return web.render("settings/recovery_codes.html", codes=codes, base=base_of(web), title=_("Recovery codes"))


def _prove(web: Page, what: str, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "settings/prove.html", status=status, what=what, form=form, base=base_of(web), title=_("Your password, please")
    )
