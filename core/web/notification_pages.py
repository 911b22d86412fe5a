"""What a person is told, on both surfaces: the bell, the page, and what of it is mailed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.response import Response

from core.web.own import base_of, own_tabs, person_of
from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.tables import TableQuery
from tenants.services import notifications
from tenants.text import _

__all__ = ["AdminNotifications", "PortalNotifications"]


class _Notifications(Controller):
    """The pages of a surface."""

    @get("/notifications", sync_to_thread=True)
    def listing(self, web: Page) -> Response[str]:
        """Messages, the newest first; all of them, those that are not read, or those of one product."""
        sources = _sources(web)
        source = web.query.get("source", "")
        source = source if source in sources else ""
        fresh = web.query.get("show", "") == "unread"
        query = TableQuery.read(web.query, ())
        with web.session() as session:
            person = person_of(session, web)
            rows, total = notifications.messages(
                session, person, source=source, unread_only=fresh, limit=query.size, offset=query.offset
            )
            waiting = notifications.unread(session, _kind(web), person.id)
        return web.render(
            "settings/notifications.html", rows=rows, total=total, query=query, waiting=waiting, base=base_of(web),
            sources=sources, source=source, fresh=fresh, title=_("Notifications"),
        )  # fmt: skip

    @get("/notifications/bell", sync_to_thread=True)
    def bell(self, web: Page) -> Response[str]:
        """The bell alone, asked for again when something new is there."""
        with web.session() as session:
            waiting = notifications.unread(session, _kind(web), web.person_id)
        return web.render("settings/bell.html", unread=waiting)

    @get("/notifications/{notification_id:uuid}", sync_to_thread=True)
    def follow(self, web: Page, notification_id: FromPath[UUID]) -> Response[Any]:
        """Go where a message leads; it counts as read."""
        with web.session() as session:
            target = notifications.mark_read(session, person_of(session, web), notification_id)
        if target is None:
            raise NotFoundError(str(notification_id))
        inside = target.startswith("/") and not target.startswith(("//", "/\\"))
        return web.leave_for(target if inside else f"{base_of(web)}/notifications")

    @post("/notifications/read", sync_to_thread=True, status_code=200)
    def read_all(self, web: Page) -> Response[Any]:
        """Mark all of them read."""
        with web.session() as session:
            notifications.mark_read(session, person_of(session, web))
        return web.leave_for(f"{base_of(web)}/notifications", notice=_("All notifications are read."))

    @get("/settings/notifications", sync_to_thread=True)
    def ask(self, web: Page) -> Response[str]:
        """What is mailed."""
        with web.session() as session:
            chosen = notifications.mail_choices(session, person_of(session, web))
        items = [(key, title, chosen.get(key, True)) for key, title in _sources(web).items()]
        return web.render(
            "settings/mails.html", items=items, base=base_of(web), tabs=own_tabs(web), title=_("Notifications")
        )

    @post("/settings/notifications", sync_to_thread=True, status_code=200)
    def choose(self, web: Page) -> Response[Any]:
        """Keep it."""
        ticked = set(web.form.get("mail", ()))
        with web.session() as session:
            notifications.choose_mails(session, person_of(session, web), {key: key in ticked for key in _sources(web)})
        return web.leave_for(f"{base_of(web)}/settings/notifications", notice=_("Your choice is saved."))


class AdminNotifications(_Notifications):
    """Staff's."""

    path = "/"


class PortalNotifications(_Notifications):
    """Customers'."""

    path = "/"


def _kind(web: Page) -> Any:
    return "staff" if web.surface == "admin" else "customer"


def _sources(web: Page) -> dict[str, str]:
    """Who tells people something here: the brokerage itself, and the modules that are on."""
    plugins = web.kit.platform.runtime.plugins
    named = {key: plugin.manifest.title for key, plugin in plugins.items() if web.visit.tenant.is_on(key)}
    return {"core": _("Your account"), **named}
