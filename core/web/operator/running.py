"""Queues, processes, lanes and the events that wait."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from core.operator import running
from core.web.operator.page import OperatorPage, Page
from tenants.text import _

__all__ = ["ROUTES"]


@get("/running", sync_to_thread=True)
def page(web: Page) -> Response[str]:
    """Everything that runs."""
    return _draw(web, "operator/running.html")


@get("/running/now", sync_to_thread=True)
def now(web: Page) -> Response[str]:
    """The same without the frame, asked for again while the page is open."""
    return _draw(web, "operator/running_now.html")


def _draw(web: OperatorPage, template: str) -> Response[str]:
    platform = web.kit.platform
    with web.system() as session:
        processes = running.processes(session)
        queues = running.queues(session, platform.queues)
        lanes = running.lanes(session)
    handlers = running.handlers(platform.database, platform.runtime)
    return web.render(
        template, processes=processes, queues=queues, lanes=lanes, handlers=handlers, title=_("Queues and lanes")
    )


ROUTES = [page, now]
