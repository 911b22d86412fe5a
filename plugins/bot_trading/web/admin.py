"""Staff's pages: Trading → Bot Stats, Trading → Bot Mission Control, who may run what, a bot."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.sdk.text import _
from core.sdk.web import FromPath, Web
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.web.admin_access import access_routes
from plugins.bot_trading.web.admin_bulk import bulk_routes
from plugins.bot_trading.web.admin_mission import mission_routes
from plugins.bot_trading.web.admin_reconciling import reconciling_routes
from plugins.bot_trading.web.admin_stats import stats_routes
from plugins.bot_trading.web.bot_page import show_bot
from plugins.bot_trading.web.commanding import command_routes
from plugins.bot_trading.web.permissions import MANAGE, VIEW

__all__ = ["admin_routes"]

_VIEW = {"permission": VIEW}


def admin_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The handlers of the area ``admin``."""
    return [
        *_pages(strategies),
        *stats_routes(strategies),
        *mission_routes(strategies),
        *bulk_routes(strategies),
        *access_routes(strategies),
        *reconciling_routes(),
        *command_routes(strategies, {"permission": MANAGE}),
    ]


def _pages(strategies: Strategies) -> list[ControllerRouterHandler]:
    @get("/", opt=_VIEW, sync_to_thread=True)
    def start(web: Web) -> Response[Any]:
        """The module's own address leads to its first page."""
        return web.redirect("stats")

    @get("/bots/{bot_id:uuid}", opt=_VIEW, sync_to_thread=True)
    def bot(web: Web, bot_id: FromPath[UUID]) -> Response[str]:
        """One bot with its decision log."""
        return show_bot(web, strategies, bot_id, "admin/bot.html")

    @get("/reference", opt=_VIEW, sync_to_thread=True)
    def reference(web: Web) -> Response[str]:
        """What Bot Trading is: strategies, parameters, states."""
        return web.render("shared/reference.html", title=_("Bot Trading"), strategies=list(strategies.values()))

    return [start, bot, reference]
