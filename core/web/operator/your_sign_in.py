"""An operator's own sign-in: password and second factor."""

from __future__ import annotations

from typing import Annotated, Any

import segno
from litestar import get, post
from litestar.response import Response
from markupsafe import Markup
from pydantic import BaseModel, Field

from core.operator import people, second_factor, signing
from core.operator.models import Operator
from core.web.forms import Form, form_for, parse_form
from core.web.operator.asking import ask
from core.web.operator.page import OperatorPage, Page
from core.web.password_field import PasswordToBe
from core.web.signing import Code
from tenants.db import SystemSession
from tenants.services.errors import TenantsError
from tenants.text import _

__all__ = ["ROUTES"]

_PATH = "/sign-in-settings"


class NewPassword(BaseModel):
    """A new password, and proof that the old one is known."""

    old: Annotated[
        str,
        Field(
            title=_("Password now"),
            max_length=200,
            json_schema_extra={"widget": "password", "autocomplete": "current-password"},
        ),
    ]
    new: PasswordToBe


@get(_PATH, sync_to_thread=True)
def page(web: Page) -> Response[str]:
    """Both."""
    return _draw(web, form_for(NewPassword))


@post(f"{_PATH}/password", sync_to_thread=True, status_code=200)
def password(web: Page) -> Response[Any]:
    """Change the password; other sign-ins end."""
    parsed = parse_form(NewPassword, web.form)
    if parsed.value is None:
        return _draw(web, parsed.form, status=422)
    with web.system() as session:
        operator = _own(web, session)
        known = signing.knows_password(session, operator, parsed.value.old, web.visit.address)
        if known:
            assert web.visit.operator is not None  # noqa: S101 - the guard has let them in
            people.set_password(session, operator, parsed.value.new, web.who, keep=web.visit.operator.session_id)
    if not known:
        return _draw(web, parsed.form.with_errors({"old": _("That is not your password.")}), status=422)
    return web.leave_for(_PATH, notice=_("Your password is changed. You are signed out everywhere else."))


@get(f"{_PATH}/second-factor", sync_to_thread=True)
def enrol(web: Page) -> Response[Any]:
    """The secret as a picture and as text, and the form for its first code."""
    return _enrolment(web, form_for(Code))


@post(f"{_PATH}/second-factor", sync_to_thread=True, status_code=200)
def confirm(web: Page) -> Response[Any]:
    """Take the first code."""
    parsed = parse_form(Code, web.form)
    if parsed.value is None:
        return _enrolment(web, parsed.form, status=422)
    try:
        with web.system() as session:
            second_factor.confirm(session, _own(web, session), parsed.value.code, web.who)
    except TenantsError as error:
        return _enrolment(web, parsed.form.with_errors({"code": str(error)}), status=422)
    return web.leave_for(_PATH, notice=_("You are asked for a code at each sign-in from now on."))


@get(f"{_PATH}/second-factor/remove", sync_to_thread=True)
def ask_remove(web: Page) -> Response[str]:
    """What removing it means."""
    text = _("Whoever has your password can then sign in as you.")
    return ask(
        web, _("Remove the second factor?"), f"{_PATH}/second-factor/remove", _("Remove"), text=text, reason=False
    )


@post(f"{_PATH}/second-factor/remove", sync_to_thread=True, status_code=200)
def remove(web: Page) -> Response[Any]:
    """Remove it."""
    with web.system() as session:
        second_factor.remove(session, _own(web, session), web.who)
    return web.leave_for(_PATH, notice=_("The second factor is removed."))


def _own(web: OperatorPage, session: SystemSession) -> Operator:
    return session.get_one(Operator, web.who.id)


def _draw(web: OperatorPage, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "operator/your_sign_in.html", status=status, form=form, operator=web.visit.operator, title=_("Your sign-in")
    )


def _enrolment(web: OperatorPage, form: Form, status: int = 200) -> Response[Any]:
    try:
        with web.system() as session:
            secret, address = second_factor.waiting_enrolment(session, _own(web, session))
    except TenantsError as error:
        return web.leave_for(_PATH, notice=str(error), tone="yellow")
    picture = segno.make_qr(address).svg_inline(scale=4, border=2, dark="#111827", light="#ffffff", omitsize=True)
    return web.render(
        "operator/enrolment.html", status=status, form=form, secret=secret, address=address, title=_("Second factor"),
        picture=Markup(picture),  # noqa: S704 - made of modules, not of text
    )  # fmt: skip


ROUTES = [page, password, enrol, confirm, ask_remove, remove]
