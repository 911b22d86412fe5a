"""The surface's middleware and guard: no brokerage, and an operator's own session or none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from core.operator.signing import SignedInOperator, find
from core.web.gate import Gate, plain_not_found, read_cookies, request_id_of
from core.web.guards import own_form
from core.web.operator.visit import OPERATOR_COOKIE, PLACE, OperatorVisit, operator_visit
from core.web.refusals import SignInError
from core.web.visit import LANGUAGE_COOKIE, VISITOR_COOKIE
from tenants.text import languages, speak

if TYPE_CHECKING:
    from core.platform import Platform
    from tenants.snapshot import SnapshotHolder

__all__ = ["OperatorGate", "OperatorGuard", "is_operator_host"]


def is_operator_host(host: str, wanted: str) -> bool:
    """Whether a host header, with or without a port, names the operators' host."""
    name, _, port = host.strip().lower().rpartition(":")
    return (name if name and port.isdigit() else host.strip().lower()).rstrip(".") == wanted


class OperatorGate(Gate):
    """ASGI middleware: the same headers as everywhere, and a visit without a brokerage."""

    def __init__(self, app: ASGIApp, snapshot: SnapshotHolder, *, https: bool, host: str) -> None:
        super().__init__(app, snapshot, https=https)
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        if not is_operator_host(headers.get("host", ""), self._host):
            await plain_not_found(send)
            return
        cookies = read_cookies(headers.get("cookie", ""))
        client = scope.get("client")
        visit = OperatorVisit(
            snapshot=self._snapshot.current,
            tenant=PLACE,
            area="portal",
            request_id=request_id_of(headers),
            address=client[0] if client else "",
            session_token=cookies.get(OPERATOR_COOKIE, ""),
            visitor=cookies.get(VISITOR_COOKIE, ""),
            chosen_language=chosen if (chosen := cookies.get(LANGUAGE_COOKIE, "")) in languages() else "",
        )
        speak(visit.language)
        await self.answer(scope, receive, send, visit)


class OperatorGuard:
    """The guard of every route of the surface: a good session of an operator, and forms of our own."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Let the request through, or raise what it is answered with."""
        if handler.opt.get("static"):
            return
        visit = operator_visit(connection)
        if visit.session_token:
            visit.operator = await sync_to_thread(self._find, visit.session_token)
        await own_form(connection, visit)
        if handler.opt.get("sign_in", True) and visit.operator is None:
            raise SignInError

    def _find(self, token: str) -> SignedInOperator | None:
        idle = timedelta(minutes=self._platform.settings.session_idle_minutes)
        with self._platform.database.system() as session:
            return find(session, token, idle=idle)
