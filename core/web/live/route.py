"""The address of a page's stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from sqlalchemy import text

from core.web.live.hub import Hub
from core.web.live.listener import Group
from core.web.page import Page
from core.web.refusals import NotFoundError

__all__ = ["live_route"]

MAX_TOPICS = 40
_TYPE_OF = text(
    "select account_type_id from core.accounts where id = :id and (cast(:customer as uuid) is null or customer_id = :customer)"
)


def live_route() -> ControllerRouterHandler:
    """``/live?topics=a,b,quotes:<account>``: events by topic, as far as the person may hear them.

    A topic that starts with a module's key is heard while the module is on; the stream of a module that goes off falls silent
    when the page is asked for anew, since a message carries no more than a page shows.
    """

    @get("/live")
    async def live(web: Page, hub: NamedDependency[Hub]) -> Stream:
        topics = {topic for topic in web.query.get("topics", "").split(",") if topic}
        if len(topics) > MAX_TOPICS:
            raise NotFoundError("too many topics")
        quotes_of: Group | None = None
        heard = set()
        for topic in topics:
            if topic.startswith("quotes:"):
                quotes_of = await sync_to_thread(_group, web, topic.removeprefix("quotes:"))
            elif await sync_to_thread(may_hear, web, topic):
                heard.add(topic)

        async def body() -> AsyncIterator[bytes]:
            async with hub.listen(web.tenant_id, frozenset(heard | {"look-again"}), quotes_of) as listener:
                async for chunk in listener.stream():
                    yield chunk

        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return Stream(body(), media_type="text/event-stream; charset=utf-8", headers=headers)

    return live


def may_hear(web: Page, topic: str) -> bool:
    """Customers hear what is about their accounts (``account:<id>`` is checked) and their own person; staff hear modules that are on."""
    module = topic.partition(".")[0].partition(":")[0]
    if module in web.kit.platform.runtime.plugins and not web.visit.tenant.is_on(module):
        return False
    if topic.startswith("notifications:"):
        return topic == f"notifications:{web.person_id}"
    if web.surface == "admin":
        return not topic.startswith("account:") or web.may("trading.view")
    name, _, subject = topic.partition(":")
    if subject == str(web.person_id):
        return True
    return name == "account" and _owns(web, subject)


def _owns(web: Page, account: str) -> bool:
    try:
        return _type_of(web, UUID(account)) is not None
    except ValueError:
        return False


def _group(web: Page, account: str) -> Group:
    try:
        found = _type_of(web, UUID(account))
    except ValueError:
        found = None
    if found is None:
        raise NotFoundError(account)
    return Group(web.tenant_id, found, web.visit.language, web.visit.time_zone)


def _type_of(web: Page, account: UUID) -> Any:
    customer = web.person_id if web.surface == "portal" else None
    with web.session() as session:
        return session.execute(_TYPE_OF, {"id": account, "customer": customer}).scalar_one_or_none()
