"""Trading → Bot Mission Control: every running bot, live; what needs a look; the kill switch."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.sdk.data import new_id
from core.sdk.jobs import enqueue
from core.sdk.text import _
from core.sdk.web import Action, Web
from plugins.bot_trading.live import announce_all
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.batches import begin_kill_switch, recent_batches
from plugins.bot_trading.services.mission import overview, symbols_of
from plugins.bot_trading.services.moving import MODULE
from plugins.bot_trading.services.views import list_bots
from plugins.bot_trading.services.watching import open_alerts
from plugins.bot_trading.web.permissions import KILL, VIEW
from plugins.bot_trading.web.tables import (
    BOT_CSV,
    mission_query,
    mission_table,
    mission_wanted,
    strategy_titles,
    with_titles,
)

__all__ = ["WORD", "mission_routes"]

WORD = "HALT"
"""What has to be typed before all bots are halted."""


def mission_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The page, its file and the kill switch."""
    return [*_pages(strategies), *_kill_switch()]


def _pages(strategies: Strategies) -> list[ControllerRouterHandler]:
    options: dict[str, Any] = {"permission": VIEW}

    @get("/mission-control", opt=options, sync_to_thread=True)
    def mission_control(web: Web) -> Response[str]:
        """Bot Mission Control."""
        with web.session() as session:
            found = overview(session)
            table = mission_table(web, session, strategies, symbols_of(session))
            alerts, alerted = open_alerts(session)
            batches = [batch for batch in recent_batches(session) if not batch.over]
        return web.render(
            "admin/mission_control.html",
            title=_("Bot Mission Control"),
            table=table,
            found=found,
            counts=found.counts,
            alerts=alerts,
            alerted=alerted,
            batches=batches,
            actions=_actions(web),
            titles=strategy_titles(strategies),
        )

    @get("/mission-control/bots.csv", opt=options, sync_to_thread=True)
    def bots(web: Web) -> Response[str]:
        """The bots under the filters of the page, as they are now."""
        with web.session() as session:
            query, _filters = mission_query(web, strategies, symbols_of(session))
            rows = list_bots(session, mission_wanted(query, everything=True)).rows
        return web.csv("bots", BOT_CSV, with_titles(rows, strategy_titles(strategies)))

    return [mission_control, bots]


def _kill_switch() -> list[ControllerRouterHandler]:
    options: dict[str, Any] = {"permission": KILL}

    def show(web: Web, error: str = "", status: int = 200) -> Response[str]:
        with web.session() as session:
            found = overview(session)
        return web.render(
            "admin/kill_switch.html",
            status=status,
            title=_("Kill switch"),
            counts=found.counts,
            word=WORD,
            key=str(new_id()),
            error=error,
        )

    @get("/kill-switch", opt=options, sync_to_thread=True)
    def ask(web: Web) -> Response[str]:
        """Ask first, and show what it would do."""
        return show(web)

    @post("/kill-switch", opt=options, sync_to_thread=True, status_code=200)
    def do(web: Web) -> Response[Any]:
        """Halt every bot."""

        def value(name: str) -> str:
            return (list(web.form.get(name, ())) or [""])[-1].strip()

        if value("word") != WORD:
            return show(web, _("Type {word} to halt all bots.", word=WORD), 422)
        if not value("reason"):
            return show(web, _("Say why: the reason is kept."), 422)
        batch_id = halt_all(web, value("key")[:64] or str(new_id()), value("reason")[:200])
        return web.redirect(f"batches/{batch_id}", notice=_("All bots are being halted."))

    return [ask, do]


def halt_all(web: Web, key: str, note: str) -> Any:
    """Have every bot of the brokerage halted; gives the batch that does it."""
    with web.session() as session:
        batch_id, new = begin_kill_switch(session, actor=web.actor, key=key, note=note)
        if new:
            web.audit(session, "bot_trading.kill_switch", str(batch_id), after={"reason": note})
            enqueue(session, MODULE, "batch", {"batch": str(batch_id)})
            announce_all(session)
    return batch_id


def _actions(web: Web) -> list[Action]:
    if not web.may(KILL):
        return []
    return [Action(_("Kill switch"), web.url("kill-switch"), icon="alert-octagon", dialog=True, danger=True)]
