"""What the reconciler found: its last run, what was mended, and what needs a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.sdk.jobs import enqueue, run_state
from core.sdk.text import _
from core.sdk.web import FromPath, NotFoundError, Web
from plugins.bot_trading.services.moving import MODULE
from plugins.bot_trading.services.reconciling import last_report, wrong_text
from plugins.bot_trading.web.permissions import MANAGE, VIEW

__all__ = ["reconciling_routes"]


def reconciling_routes() -> list[ControllerRouterHandler]:
    """The page, and a look at once."""
    see: dict[str, Any] = {"permission": VIEW}
    act: dict[str, Any] = {"permission": MANAGE}

    def page(web: Web, run_id: UUID | None = None) -> Response[str]:
        with web.session() as session:
            report = last_report(session)
            state = run_state(session, run_id) if run_id is not None else None
        if run_id is not None and (state is None or state.job != f"{MODULE}.reconcile"):
            raise NotFoundError(str(run_id))
        return web.render(
            "admin/reconciliation.html",
            title=_("Reconciliation"),
            report=report,
            state=state,
            wrong_text=wrong_text,
            mends=web.settings().mend,
        )

    @get("/reconciliation", opt=see, sync_to_thread=True)
    def show(web: Web) -> Response[str]:
        """The last run and its findings."""
        return page(web)

    @post("/reconciliation", opt=act, sync_to_thread=True, status_code=200)
    def look(web: Web) -> Response[Any]:
        """Look at all bots now."""
        with web.session() as session:
            run_id = enqueue(session, MODULE, "reconcile", {})
            web.audit(session, "bot_trading.reconcile", str(run_id))
        return web.redirect(f"reconciliation/{run_id}")

    @get("/reconciliation/{run_id:uuid}", opt=see, sync_to_thread=True)
    def run(web: Web, run_id: FromPath[UUID]) -> Response[str]:
        """A look that somebody asked for, with its progress."""
        return page(web, run_id)

    @get("/reconciliation/{run_id:uuid}/progress", opt=see, sync_to_thread=True)
    def progress(web: Web, run_id: FromPath[UUID]) -> Response[str]:
        """How far it is."""
        with web.session() as session:
            state = run_state(session, run_id)
        if state is None or state.job != f"{MODULE}.reconcile":
            raise NotFoundError(str(run_id))
        return web.render("admin/reconciliation_progress.html", state=state)

    return [show, look, run, progress]
