"""The language of a browser that nobody has signed in with: chosen by a link, kept in a cookie."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Response

from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.visit import LANGUAGE_COOKIE
from tenants.text import languages

__all__ = ["ROUTES"]

_YEAR_S = 365 * 86_400


@get("/language/{tag:str}", opt={"sign_in": False}, include_in_schema=False, sync_to_thread=False)
def choose(web: Page, tag: FromPath[str]) -> Response[Any]:
    """Read the pages in a language; back to where the link was, on this host."""
    if tag not in languages():
        raise NotFoundError(tag)
    back = web.query.get("back", "/")
    answer = web.leave_for(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    answer.set_cookie(
        Cookie(
            LANGUAGE_COOKIE,
            value=tag,
            path="/",
            max_age=_YEAR_S,
            httponly=True,
            samesite="lax",
            secure=web.kit.platform.settings.https,
        )
    )
    return answer


ROUTES = [choose]
