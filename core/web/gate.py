"""The first thing a request meets: whose brokerage is it, and what every answer carries."""

from __future__ import annotations

import re
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.web.visit import ADMIN_COOKIE, LANGUAGE_COOKIE, PORTAL_COOKIE, VISITOR_COOKIE, Area, Visit
from tenants.text import languages, speak

if TYPE_CHECKING:
    from tenants.snapshot import SnapshotHolder

__all__ = ["Gate", "plain_not_found", "read_cookies", "request_id_of"]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class Gate:
    """ASGI middleware. An unknown host gets a plain 404; every answer gets its security headers and its request id."""

    def __init__(self, app: ASGIApp, snapshot: SnapshotHolder, *, https: bool) -> None:
        self.app, self._snapshot, self._https = app, snapshot, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        snapshot = self._snapshot.current
        tenant = snapshot.by_host(headers.get("host", ""))
        if tenant is None:
            await plain_not_found(send)
            return
        path = scope["path"]
        area: Area = (
            "admin"
            if path == "/admin" or path.startswith("/admin/")
            else "api"
            if path.startswith("/api/")
            else "portal"
        )
        cookies = read_cookies(headers.get("cookie", ""))
        client = scope.get("client")
        visit = Visit(
            snapshot=snapshot,
            tenant=tenant,
            area=area,
            request_id=request_id_of(headers),
            address=client[0] if client else "",
            session_token="" if area == "api" else cookies.get(ADMIN_COOKIE if area == "admin" else PORTAL_COOKIE, ""),
            visitor=cookies.get(VISITOR_COOKIE, ""),
            chosen_language=chosen if (chosen := cookies.get(LANGUAGE_COOKIE, "")) in languages() else "",
        )
        if area != "api":
            speak(visit.language)
        await self.answer(scope, receive, send, visit)

    async def answer(self, scope: Scope, receive: Receive, send: Send, visit: Visit) -> None:
        """Let the application answer the visit, and complete its headers."""
        scope.setdefault("state", {})["visit"] = visit

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableScopeHeaders.from_message(message), visit)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _complete(self, headers: MutableScopeHeaders, visit: Visit) -> None:
        headers["x-request-id"] = visit.request_id
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "same-origin"
        headers["x-frame-options"] = "DENY"
        headers["cross-origin-opener-policy"] = "same-origin"
        headers["cross-origin-resource-policy"] = "same-origin"
        headers["permissions-policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        if "content-security-policy" not in headers:
            headers["content-security-policy"] = content_policy(visit.nonce)
        if "cache-control" not in headers:
            headers["cache-control"] = "no-store"
        if self._https:
            headers["strict-transport-security"] = "max-age=31536000"
        if visit.new_visitor:
            secure = "; Secure" if self._https else ""
            headers.add("set-cookie", f"{VISITOR_COOKIE}={visit.visitor}; Path=/; HttpOnly; SameSite=Lax{secure}")


def request_id_of(headers: Headers) -> str:
    """The id that a proxy has given the request, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else secrets.token_hex(8)


def content_policy(nonce: str) -> str:
    """Nothing but what this host serves; scripts only with the page's nonce, which modules hand on to what they import."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def read_cookies(header: str) -> dict[str, str]:
    found: SimpleCookie = SimpleCookie()
    try:
        found.load(header)
    except CookieError:
        return {}
    return {key: morsel.value for key, morsel in found.items()}


async def plain_not_found(send: Send) -> None:
    body = b"Not found\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
