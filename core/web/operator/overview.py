"""The first page: what needs an operator now, and how the platform is."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from core.operator import brokerages, failures, modules, running
from core.web.operator.concerns import concerns
from core.web.operator.page import OperatorPage, Page
from tenants.text import _

__all__ = ["ROUTES"]


@get("/", sync_to_thread=True)
def overview(web: Page) -> Response[str]:
    """Concerns first, then numbers."""
    return _draw(web, "operator/overview.html")


@get("/overview/now", sync_to_thread=True)
def now(web: Page) -> Response[str]:
    """The same without the frame, asked for again while the page is open."""
    return _draw(web, "operator/overview_now.html")


def _draw(web: OperatorPage, template: str) -> Response[str]:
    platform = web.kit.platform
    with web.system() as session:
        found = brokerages.listed(session)
        rows = modules.listed(session, platform.runtime)
        numbers = failures.counts(session)
        processes = running.processes(session)
        lanes = running.lanes(session)
        queues = running.queues(session, platform.queues)
    return web.render(
        template,
        brokerages=found,
        rows=rows,
        numbers=numbers,
        processes=processes,
        lanes=lanes,
        queues=queues,
        concerns=concerns(web.kit.platform.runtime, numbers, lanes, queues, processes, found),
        title=_("Overview"),
    )


ROUTES = [overview, now]
