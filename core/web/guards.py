"""Who may come in, asked before a handler runs. What is refused here looks like something that does not exist.

A route says what it needs by its options: ``module`` (set for every route of a plugin), ``permission`` (one, or several of
which one is enough), ``sign_in=False`` for pages anybody sees, ``audience`` (``staff`` or ``customer``) and ``scope`` for the API.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection, Request
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from core.web.refusals import ModuleUnavailableError, NotFoundError, SignInError
from core.web.visit import Visit, visit_of
from tenants.services.sessions import SignedIn, Surface, find_session
from tenants.services.tokens import TokenHolder, find_token
from tenants.text import _, speak

if TYPE_CHECKING:
    from core.platform import Platform

__all__ = ["Guard", "own_form"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_Connection = ASGIConnection[Any, Any, Any, Any]


class Guard:
    """The guard of every route."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def __call__(self, connection: _Connection, handler: BaseRouteHandler) -> None:
        """Let the request through, or raise what it is answered with."""
        options = handler.opt
        visit = visit_of(connection)
        if options.get("static"):
            return
        await self._module(visit, options.get("module"))
        if visit.area == "api":
            await self._token(connection, visit, options)
        else:
            if visit.session_token:
                visit.person = await sync_to_thread(self._find_session, visit)
                speak(visit.language)
            await own_form(connection, visit)
            if options.get("sign_in", True) and visit.person is None:
                raise SignInError
        # Staff come in to a suspended brokerage, by its sign-in page too.
        if visit.tenant.status == "suspended" and visit.kind != "staff" and visit.area != "admin":
            raise ModuleUnavailableError(_("This service is not available at the moment."))
        self._permission(visit, options)

    async def _module(self, visit: Visit, module: str | None) -> None:
        if module is None:
            return
        tenant = visit.tenant
        if tenant.state(module) in ("on", "draining") and await sync_to_thread(self._quarantined, module, tenant.id):
            raise ModuleUnavailableError(_("This part is out of order for the moment"))
        if not tenant.is_on(module):
            raise NotFoundError(f"{module} is {tenant.state(module)} here")

    def _quarantined(self, module: str, tenant_id: UUID) -> bool:
        return self._platform.gate.is_quarantined(module, tenant_id)

    def _permission(self, visit: Visit, options: dict[str, Any]) -> None:
        audience = options.get("audience")
        if audience and visit.kind != audience:
            raise NotFoundError("for somebody else")
        wanted: str | Sequence[str] | None = options.get("permission")
        if wanted is None or visit.signed_in is None:
            return
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        if not any(visit.may(name) for name in names):
            raise NotFoundError(f"needs {' or '.join(names)}")

    def _find_session(self, visit: Visit) -> SignedIn | None:
        with self._platform.database.tenant(visit.tenant.id) as session:
            idle = timedelta(minutes=self._platform.settings.session_idle_minutes)
            surface: Surface = "admin" if visit.area == "admin" else "portal"
            return find_session(session, visit.session_token, surface, idle=idle)

    async def _token(self, connection: _Connection, visit: Visit, options: dict[str, Any]) -> None:
        if not options.get("sign_in", True):
            return
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthorizedException(
                "Send a token: Authorization: Bearer …", headers={"www-authenticate": "Bearer"}
            )
        visit.holder = await sync_to_thread(self._find_token, visit, token.strip())
        if visit.holder is None:
            raise NotAuthorizedException(
                "The token is unknown, expired or revoked.",
                headers={"www-authenticate": 'Bearer error="invalid_token"'},
            )
        scope = options.get("scope") or ("read" if _method(connection) in _SAFE else "trade")
        if scope not in visit.holder.scopes:
            raise PermissionDeniedException(f"The token lacks the scope “{scope}”.")

    def _find_token(self, visit: Visit, token: str) -> TokenHolder | None:
        with self._platform.database.tenant(visit.tenant.id) as session:
            return find_token(session, token)


async def own_form(connection: _Connection, visit: Visit) -> None:
    """Refuse what another site makes a browser send: both by where it says it comes from and by the form's token."""
    if _method(connection) in _SAFE:
        return
    if connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise PermissionDeniedException(_("The form was sent from another site."))
    sent = connection.headers.get("x-csrf-token", "")
    if not sent and isinstance(connection, Request):
        sent = str((await connection.form()).get("_csrf", ""))
    if not hmac.compare_digest(sent.encode(), visit.csrf.encode()):
        raise PermissionDeniedException(
            _("This page has been open for too long. Load it again and repeat what you did.")
        )


def _method(connection: _Connection) -> str:
    return str(connection.scope.get("method", "GET"))
