"""Staff's pages: Trading → Bot Stats, Trading → Bot Mission Control, a bot."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.sdk.web import FromPath, Web
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.marks import marks
from plugins.bot_trading.web.admin_stats import stats_routes
from plugins.bot_trading.web.bot_page import show_bot
from plugins.bot_trading.web.commanding import command_routes
from plugins.bot_trading.web.permissions import MANAGE, VIEW
from plugins.bot_trading.web.tables import mission_table, strategy_titles

__all__ = ["admin_routes"]

_VIEW = {"permission": VIEW}


def admin_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The handlers of the area ``admin``."""

    @get("/", opt=_VIEW, sync_to_thread=True)
    def start(web: Web) -> Response[Any]:
        """The module's own address leads to its first page."""
        return web.redirect("stats")

    @get("/mission-control", opt=_VIEW, sync_to_thread=True)
    def mission_control(web: Web) -> Response[str]:
        """Bot Mission Control."""
        limit = web.settings().floating_loss_alert_percent
        with web.session() as session:
            table = mission_table(web, session, strategies, [])
            now = list(marks(session).values())
        warned = [mark for mark in now if mark.share <= -limit]
        counts: dict[str, int] = {}
        for mark in now:
            counts[mark.status] = counts.get(mark.status, 0) + 1
        return web.render(
            "admin/mission_control.html",
            title="Bot Mission Control",
            table=table,
            counts=counts,
            warned=len(warned),
            limit=limit,
            titles=strategy_titles(strategies),
        )

    @get("/bots/{bot_id:uuid}", opt=_VIEW, sync_to_thread=True)
    def bot(web: Web, bot_id: FromPath[UUID]) -> Response[str]:
        """One bot with its decision log."""
        return show_bot(web, strategies, bot_id, "admin/bot.html")

    @get("/reference", opt=_VIEW, sync_to_thread=True)
    def reference(web: Web) -> Response[str]:
        """What Bot Trading is: strategies, parameters, states."""
        return web.render("shared/reference.html", title="Bot Trading", strategies=list(strategies.values()))

    return [
        start,
        *stats_routes(strategies),
        mission_control,
        bot,
        reference,
        *command_routes(strategies, {"permission": MANAGE}),
    ]
