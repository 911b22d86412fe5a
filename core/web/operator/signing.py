"""Operators signing in and out, and the second factor where they have one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.response import Response

from core.operator import signing
from core.web.forms import form_for, parse_form
from core.web.operator.page import OperatorPage, Page
from core.web.operator.visit import OPERATOR_COOKIE
from core.web.signing import Code, Credentials
from tenants.services.authentication import SignIn
from tenants.text import _, _n

__all__ = ["OperatorSignIn"]


class OperatorSignIn(Controller):
    """The routes of signing in."""

    path = "/"
    opt = {"sign_in": False}  # noqa: RUF012 - Litestar reads it as a plain dict

    @get("/sign-in", sync_to_thread=True)
    def show(self, web: Page) -> Response[Any]:
        """The form."""
        if web.visit.operator:
            return web.leave_for("/")
        return _form(web, form_for(Credentials))

    @post("/sign-in", sync_to_thread=True, status_code=200)
    def enter(self, web: Page) -> Response[Any]:
        """Try to sign in."""
        parsed = parse_form(Credentials, web.form)
        if parsed.value is None:
            return _form(web, parsed.form, status=422)
        with web.system() as session:
            outcome = signing.sign_in(session, parsed.value.email, parsed.value.password, **_browser(web))
        if outcome.outcome == "signed_in":
            return _with_cookie(web, web.leave_for(_next(web)), outcome)
        if outcome.token:
            return _with_cookie(web, web.leave_for("/second-factor"), outcome)
        return _form(web, parsed.form.with_errors({}, _sentence(outcome)), status=422)

    @get("/second-factor", sync_to_thread=True)
    def ask_code(self, web: Page) -> Response[Any]:
        """Ask for the second factor."""
        with web.system() as session:
            waiting = signing.find_row(session, web.visit.session_token)
        if waiting is None or waiting.stage == "full":
            return web.leave_for("/sign-in")
        return web.render("operator/second_factor.html", form=form_for(Code), title=_("Second factor"))

    @post("/second-factor", sync_to_thread=True, status_code=200)
    def take_code(self, web: Page) -> Response[Any]:
        """Take the second factor's code."""
        parsed = parse_form(Code, web.form)
        form = parsed.form
        if parsed.value is not None:
            with web.system() as session:
                outcome = signing.finish_sign_in(session, web.visit.session_token, parsed.value.code, **_browser(web))
            if outcome.outcome == "signed_in":
                return _with_cookie(web, web.leave_for("/"), outcome)
            wrong = outcome.outcome == "wrong"
            text = _("That code is not right, or it has been used.") if wrong else _sentence(outcome)
            form = form.with_errors({"code": text})
        return web.render("operator/second_factor.html", status=422, form=form, title=_("Second factor"))

    @post("/sign-out", sync_to_thread=True)
    def leave(self, web: Page) -> Response[Any]:
        """Sign out."""
        with web.system() as session:
            signing.sign_out(session, web.visit.session_token)
        answer = web.leave_for("/sign-in", notice=_("You are signed out."))
        answer.delete_cookie(OPERATOR_COOKIE, path="/")
        return answer


def _form(web: OperatorPage, form: Any, status: int = 200) -> Response[Any]:
    return web.render("operator/sign_in.html", status=status, form=form, next=_next(web, ""), title=_("Sign in"))


def _browser(web: OperatorPage) -> dict[str, Any]:
    return {
        "address": web.visit.address,
        "user_agent": web.request.headers.get("user-agent", ""),
        "lifetime": timedelta(hours=web.kit.platform.settings.session_hours),
    }


def _next(web: OperatorPage, default: str = "/") -> str:
    """Where to go on: an address of this surface, never of another host."""
    path = web.sent("next") or web.query.get("next", "")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else default


def _with_cookie(web: OperatorPage, answer: Response[Any], outcome: SignIn) -> Response[Any]:
    answer.set_cookie(
        Cookie(
            OPERATOR_COOKIE,
            value=outcome.token or "",
            path="/",
            max_age=web.kit.platform.settings.session_hours * 3600,
            httponly=True,
            samesite="strict",
            secure=web.kit.platform.settings.https,
        )
    )
    return answer


def _sentence(outcome: SignIn) -> str:
    if outcome.outcome == "locked":
        minutes = max(1, -(-outcome.retry_after_s // 60))
        return _n(
            "Too many attempts. Try again in {count} minute.",
            "Too many attempts. Try again in {count} minutes.",
            minutes,
        )
    if outcome.outcome == "blocked":
        return _("This sign-in is blocked.")
    return _("E-mail or password is not right.")
