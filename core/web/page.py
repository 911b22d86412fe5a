"""What a handler is given: the page's request, its transaction, and the ways to answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Response

from core.web.formats import Formatter
from core.web.navigation import navigation_for
from core.web.spreadsheets import csv_response
from core.web.tables import Column
from core.web.templating import Templates
from core.web.view import (
    NOTICE_COOKIE,
    THEME_COOKIE,
    View,
    brand_of,
    read_notice,
    reader_of,
    standing_of,
    theme_of,
    write_notice,
)
from core.web.visit import Visit, visit_of
from tenants.db import TenantSession
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.notifications import unread
from tenants.services.products import settings_of

if TYPE_CHECKING:
    from core.platform import Platform
    from core.web.api.openapi import Description

__all__ = ["Kit", "Page", "WebPage", "formatter_for"]

HTML = "text/html; charset=utf-8"
AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Kit:
    """What all pages of a process share."""

    platform: Platform
    templates: Templates
    description: Description


@lru_cache(maxsize=512)
def formatter_for(language: str, timezone: str) -> Formatter:
    """The one formatter of a language and a time zone."""
    return Formatter(language, timezone)


class WebPage:
    """One request as its handler sees it; the :class:`core.sdk.web.Web` of plugins and of the core's own pages."""

    def __init__(self, kit: Kit, request: AnyRequest, form: Mapping[str, Sequence[str]]) -> None:
        self.kit, self.request, self.form = kit, request, form
        self.visit: Visit = visit_of(request)
        self.module: str | None = request.route_handler.opt.get("module")

    @property
    def tenant_id(self) -> UUID:
        """The brokerage."""
        return self.visit.tenant.id

    @property
    def person_id(self) -> UUID:
        """The staff member or the customer who is signed in."""
        return self.visit.person_id

    @property
    def actor(self) -> str:
        """The person's e-mail address."""
        return self.visit.actor.name

    @property
    def who(self) -> Actor:
        """The person, their address and the request, for services that audit."""
        return self.visit.actor

    @property
    def surface(self) -> str:
        """``admin``, ``portal`` or ``api``."""
        return self.visit.area

    @property
    def path(self) -> str:
        """The path of the request."""
        return self.request.scope["path"]

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query parameters, the last value of each."""
        return {key: str(value) for key, value in self.request.query_params.items()}

    def query_list(self, name: str) -> list[str]:
        """All values of a query parameter."""
        return [str(value) for value in self.request.query_params.getall(name, [])]

    @property
    def fragment(self) -> bool:
        """Whether the page's script asks for a part, to swap it in."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def in_dialog(self) -> bool:
        """Whether the answer goes into the page's dialog."""
        return self.request.headers.get("hx-target", "").endswith("#dialog")

    def may(self, permission: str) -> bool:
        """Whether the person holds a permission."""
        return self.visit.may(permission)

    def url(self, path: str = "") -> str:
        """An address of the plugin in this area."""
        start = {"admin": "/admin", "portal": "", "api": "/api/v1"}[self.visit.area]
        own = f"/{self.module.replace('_', '-')}" if self.module else ""
        return f"{start}{own}/{path.lstrip('/')}".rstrip("/") or "/"

    @contextmanager
    def session(self) -> Iterator[TenantSession]:
        """A transaction of the tenant."""
        with self.kit.platform.database.tenant(self.tenant_id) as session:
            yield session

    def settings(self) -> Any:
        """The tenant's settings of the plugin."""
        plugin = self.kit.platform.runtime.get(self.module or "")
        if plugin is None:
            raise LookupError("only a plugin's page has settings")
        with self.session() as session:
            return plugin.settings.model_validate(settings_of(session, plugin.key))

    def audit(
        self,
        session: TenantSession,
        action: str,
        subject: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an audit entry in the transaction of the action."""
        kind = self.module or action.partition(".")[0]
        audit.record(session, self.who, action, kind, subject, before=before, after=after)

    def render(self, template: str, /, *, status: int = 200, **context: Any) -> Response[str]:
        """A page or fragment. In a plugin ``template`` is relative to its own folder."""
        name = f"{self.module}/{template}" if self.module else template
        return self.draw(name, status=status, **context)

    def draw(self, name: str, /, *, status: int = 200, **context: Any) -> Response[str]:
        """A template by its full name."""
        flashes = () if self.fragment else read_notice(self.request.cookies.get(NOTICE_COOKIE))
        body = self.text(name, flashes=flashes, **context)
        answer = Response(body, status_code=status, media_type=HTML)
        if flashes:
            answer.delete_cookie(NOTICE_COOKIE)
        answer.headers["vary"] = "HX-Request, Cookie"
        return answer

    def csv(self, name: str, columns: Sequence[Column], rows: Iterable[Any]) -> Response[str]:
        """The rows as a download; see :mod:`core.web.spreadsheets`."""
        return csv_response(name, columns, rows)

    def text(self, name: str, /, *, flashes: tuple[Any, ...] = (), **context: Any) -> str:
        """The text of a template, for messages and slots."""
        view = self._view(flashes)
        layout = "layouts/dialog.html" if self.in_dialog else f"layouts/{view.surface}.html"
        whole = {"layout": layout, "web": self, "view": view, **context}
        return self.kit.templates.render(name, whole, self.formatter)

    @property
    def formatter(self) -> Formatter:
        """How values are written for this reader."""
        return formatter_for(self.visit.language, self.visit.time_zone)

    def redirect(self, path: str, *, notice: str | None = None, tone: str = "green") -> Response[Any]:
        """After an action: go to a page and say what was done. Closes an open dialog."""
        target = path if path.startswith("/") and not self.module else self.url(path)
        return self.leave_for(target, notice=notice, tone=tone)

    def leave_for(self, target: str, *, notice: str | None = None, tone: str = "green") -> Response[Any]:
        """Go to an address of this host."""
        answer: Response[Any]
        if self.fragment:
            answer = Response("", status_code=200, headers={"hx-redirect": target}, media_type=HTML)
        else:
            answer = Response("", status_code=303, headers={"location": target}, media_type=HTML)
        if notice:
            secure = self.kit.platform.settings.https
            answer.set_cookie(
                Cookie(
                    NOTICE_COOKIE,
                    value=write_notice(notice, tone),
                    path="/",
                    max_age=60,
                    httponly=True,
                    samesite="lax",
                    secure=secure,
                )
            )
        return answer

    def done(self, text: str, tone: str = "green", *, event: str = "") -> Response[str]:
        """After an action on a live page: close the dialog, say what was done, and let parts ask for themselves again."""
        trigger = self.message(text, tone, event=event, close=True)
        return Response("", headers={"hx-trigger": trigger, "hx-reswap": "none"}, media_type=HTML)

    def message(self, text: str, tone: str = "green", *, event: str = "", close: bool = False) -> str:
        """The value of a header ``HX-Trigger`` that shows a short message, and sends an event that parts of the page hear."""
        triggers: dict[str, Any] = {"toast": {"text": str(text), "tone": tone}}
        if close:
            triggers["dialog:close"] = {}
        if event:
            triggers[event] = {}
        return json.dumps(triggers)

    def _view(self, flashes: tuple[Any, ...]) -> View:
        visit = self.visit
        return View(
            surface="admin" if visit.area == "admin" else "portal",
            brand=brand_of(visit.tenant),
            language=visit.language,
            direction=self.formatter.direction,
            theme=theme_of(self.request.cookies.get(THEME_COOKIE), visit.tenant.brand.theme),
            nonce=visit.nonce,
            csrf=visit.csrf,
            path=self.path,
            request_id=visit.request_id,
            user=reader_of(visit),
            navigation=navigation_for(visit, self.kit.platform.runtime, self.path),
            flashes=flashes,
            standing=standing_of(visit, self.kit.platform.runtime),
            unread=self._unread(),
            topics=[f"notifications:{visit.person.person_id}"] if visit.person else [],
        )

    def _unread(self) -> int:
        """Messages that wait for the reader; a part of a page shows no bell."""
        person = self.visit.person
        if person is None or self.fragment:
            return 0
        with self.session() as session:
            return unread(session, person.kind, person.person_id)


Page: TypeAlias = NamedDependency[WebPage]
"""How handlers ask for it: ``web: Page``."""
