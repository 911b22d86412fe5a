"""What errors become: problem details for programs (RFC 9457), calm pages for people, a short message for parts of a page."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from litestar import Request
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Response

from core.runtime.gate import Contribution, PluginError
from core.web.page import HTML, Kit, WebPage
from core.web.refusals import ModuleUnavailableError, NotFoundError, RefusedError, SignInError
from core.web.visit import Visit
from tenants.services import errors as tenants_errors
from tenants.text import _

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Problem", "error_handlers", "problem_of"]

PROBLEM_TYPE = "application/problem+json"
_log = logging.getLogger("tradeyard.web")
AnyRequest = Request[Any, Any, Any]

_TITLES: dict[int, tuple[str, str]] = {
    400: (_("Something in this request is not right"), _("Go back and try again.")),
    401: (_("Please sign in"), _("Your session has ended.")),
    403: (_("This cannot be done from here"), _("Load the page again and repeat what you did.")),
    404: (_("There is nothing here"), _("The page does not exist, or it is not for you.")),
    405: (_("This cannot be done here"), _("Go back and try again.")),
    409: (_("This was not done"), ""),
    413: (_("That is too large"), _("Choose something smaller.")),
    422: (_("Some fields need another look"), ""),
    429: (_("That was too fast"), _("Wait a moment and try again.")),
    500: (_("Something went wrong on our side"), _("It has been noted. Try again in a moment.")),
    503: (_("This part is out of order for the moment"), _("Everything else goes on. Try again in a few minutes.")),
}


@dataclass(frozen=True)
class Problem:
    """An error as programs read it. ``code`` is stable; ``detail`` is for people."""

    status: int
    code: str
    title: str
    detail: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def problem_of(error: Exception) -> Problem:
    """The problem that an exception means."""
    match error:
        case NotFoundError() | tenants_errors.NotFoundError():
            return Problem(404, "not_found", _TITLES[404][0])
        case RefusedError():
            return Problem(409, error.code, error.message, extra=_plain(error.detail))
        case SignInError():
            return Problem(401, "sign_in", _TITLES[401][0])
        case ModuleUnavailableError():
            return Problem(503, "unavailable", str(error) or _TITLES[503][0], headers={"retry-after": "60"})
        case tenants_errors.InvalidError():
            return Problem(422, error.code, str(error), extra={"field": error.field})
        case tenants_errors.RequirementsError():
            return Problem(409, error.code, str(error), extra={"missing": list(error.missing)})
        case tenants_errors.TenantsError():
            return Problem(409, error.code, str(error))
        case ValidationException():
            status = 422 if error.status_code == 400 else error.status_code
            return Problem(status, "invalid", _TITLES[422][0], extra=_fields(error))
        case HTTPException():
            title = _TITLES.get(error.status_code, (error.detail, ""))[0]
            code = {401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}.get(
                error.status_code, "refused"
            )
            detail = error.detail if error.status_code not in (404, 500) else ""
            return Problem(error.status_code, code, title, detail, headers=dict(error.headers or {}))
    return Problem(500, "internal", _TITLES[500][0])


def error_handlers(
    kit: Kit, page_type: type[WebPage] = WebPage
) -> dict[type[Exception] | int, Callable[[AnyRequest, Exception], Response[Any]]]:
    """The handlers of the application: one for everything."""

    def answer(request: AnyRequest, error: Exception) -> Response[Any]:
        problem = problem_of(error)
        visit: Visit | None = request.scope.get("state", {}).get("visit")
        if problem.status >= 500 and problem.status != 503:
            reference = visit.request_id if visit else ""
            trace = "".join(traceback.format_exception(error))
            _log.error(
                "request %s %s failed (reference %s)\n%s", request.method, request.scope["path"], reference, trace
            )
            _count(kit, request, visit, error)
        if visit is None or visit.area == "api" or request.scope["path"] == "/api":
            return _for_programs(problem, visit)
        if isinstance(error, SignInError):
            return _to_sign_in(request, visit)
        page = page_type(kit, request, {})
        return _for_a_part(page, problem) if page.fragment else _for_people(page, problem)

    return {Exception: answer, HTTPException: answer}


def _count(kit: Kit, request: AnyRequest, visit: Visit | None, error: Exception) -> None:
    """A failing page of a plugin counts towards its quarantine; the counting does not hold the answer up."""
    module = request.route_handler.opt.get("module") if "route_handler" in request.scope else None
    if module is None or visit is None:
        return
    fault = PluginError(Contribution(module, "page", str(request.route_handler)), visit.tenant.id, error)
    asyncio.get_running_loop().run_in_executor(None, kit.platform.gate.record, fault)


def _for_programs(problem: Problem, visit: Visit | None) -> Response[Any]:
    body = {
        "type": f"urn:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if visit:
        body["instance"] = f"urn:request:{visit.request_id}"
    body |= {key: value for key, value in problem.extra.items() if key not in body}
    return Response(json.dumps(body), status_code=problem.status, headers=problem.headers, media_type=PROBLEM_TYPE)


def _for_people(page: WebPage, problem: Problem) -> Response[Any]:
    title, text = _TITLES.get(problem.status, _TITLES[500])
    if problem.status in (409, 422, 503):
        title = problem.title
    if problem.detail and problem.status < 500:
        text = problem.detail
    answer = page.draw("errors/error.html", status=problem.status, title=title, text=text, problem=problem)
    answer.headers.update(problem.headers)
    return answer


def _for_a_part(page: WebPage, problem: Problem) -> Response[Any]:
    if page.in_dialog and problem.status in (404, 409, 422, 503):
        body = page.text("errors/dialog.html", problem=problem)
        return Response(body, status_code=problem.status, media_type=HTML)
    text = problem.title if problem.status in (409, 422, 503) else _TITLES.get(problem.status, _TITLES[500])[0]
    trigger = json.dumps({"toast": {"text": str(text), "tone": "red"}})
    return Response(
        "", status_code=problem.status, headers={"hx-trigger": trigger, "hx-reswap": "none"}, media_type=HTML
    )


def _to_sign_in(request: AnyRequest, visit: Visit) -> Response[Any]:
    start = "/admin/sign-in" if visit.area == "admin" else "/sign-in"
    path = request.scope["path"]
    back = path if request.method == "GET" and path not in ("/", "/admin") else ""
    target = f"{start}?next={quote(back)}" if back else start
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=200, headers={"hx-redirect": start}, media_type=HTML)
    return Response("", status_code=303, headers={"location": target}, media_type=HTML)


def _fields(error: ValidationException) -> dict[str, Any]:
    found = error.extra if isinstance(error.extra, list) else []
    return {
        "errors": [
            {"field": str(item.get("key", "")), "message": str(item.get("message", ""))}
            for item in found
            if isinstance(item, dict)
        ]
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return plain
