"""The API of bot trading: the same services as the pages, as JSON. Staff see all bots, customers their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.types import ControllerRouterHandler

from core.sdk.web import FromPath, FromQuery, JSONBody, RefusedError, Web
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.details import decisions, load_bot, resting_orders
from plugins.bot_trading.services.views import Wanted, list_bots
from plugins.bot_trading.web.api_admin import staff_routes
from plugins.bot_trading.web.api_launch import launch_routes
from plugins.bot_trading.web.as_json import bot_json, order_json
from plugins.bot_trading.web.commanding import command_named, give_command, outcome_text
from plugins.bot_trading.web.finding import find_bot, own_only
from plugins.bot_trading.web.permissions import LAUNCH, MANAGE, VIEW

__all__ = ["api_routes"]

_SEE: dict[str, Any] = {"permission": (VIEW, LAUNCH)}
_ACT: dict[str, Any] = {"permission": (MANAGE, LAUNCH)}
_PAGE = 200


@dataclass(frozen=True)
class NewCommand:
    """``command``: pause, resume, stop_close, stop_keep or wind_down. ``confirmed``: a resume's orders were looked at."""

    command: str
    key: str
    note: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class Page:
    """A page of a list."""

    items: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0


def api_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The handlers of the area ``api``."""
    return [*_reading(strategies), *staff_routes(), *launch_routes(strategies), *_writing(strategies)]


def _reading(strategies: Strategies) -> list[ControllerRouterHandler]:
    @get("/strategies", opt=_SEE, sync_to_thread=True)
    def list_strategies(web: Web) -> list[dict[str, Any]]:
        """The strategies that the person may run (staff: that are installed), with their settings as JSON schema."""
        keys = list(strategies)
        if own_only(web) is not None:
            with web.session() as session:
                keys = allowed_strategies(session, strategies, web.settings(), web.person_id)
        return [
            {
                "key": key,
                "title": strategies[key].title,
                "summary": strategies[key].summary,
                "settings": strategies[key].settings_model.model_json_schema(),
            }
            for key in keys
        ]

    @get("/bots", opt=_SEE, sync_to_thread=True)
    def bots(
        web: Web,
        live: FromQuery[bool | None] = None,
        status: FromQuery[str] = "",
        strategy: FromQuery[str] = "",
        offset: FromQuery[int] = 0,
    ) -> Page:
        """Bots, newest first, at most 200 at a time."""
        wanted = Wanted(
            live=live,
            customer_id=own_only(web),
            status=status,
            strategy=strategy,
            offset=max(0, offset),
            size=_PAGE,
        )
        with web.session() as session:
            found = list_bots(session, wanted)
        return Page([bot_json(row) for row in found.rows], found.total)

    @get("/bots/{bot_id:uuid}", opt=_SEE, sync_to_thread=True)
    def bot(web: Web, bot_id: FromPath[UUID]) -> dict[str, Any]:
        """A bot with its resting orders."""
        with web.session() as session:
            row = find_bot(web, session, bot_id)
            _, running, _ = load_bot(session, strategies, bot_id)
        return {**bot_json(row), "orders": [order_json(order) for order in resting_orders(running)]}

    @get("/bots/{bot_id:uuid}/decisions", opt=_SEE, sync_to_thread=True)
    def log(web: Web, bot_id: FromPath[UUID], offset: FromQuery[int] = 0) -> Page:
        """The decision log, newest first."""
        with web.session() as session:
            find_bot(web, session, bot_id)
            rows, total = decisions(session, bot_id, offset=max(0, offset), size=_PAGE)
        items = [
            {"at": row.at.isoformat(), "ts_ms": row.ts_ms, "code": row.code, "text": row.text, "actor": row.actor}
            for row in rows
        ]
        return Page(items, total)

    return [list_strategies, bots, bot, log]


def _writing(strategies: Strategies) -> list[ControllerRouterHandler]:
    @post("/bots/{bot_id:uuid}/commands", opt=_ACT, sync_to_thread=True, status_code=200)
    def command(web: Web, bot_id: FromPath[UUID], data: JSONBody[NewCommand]) -> dict[str, Any]:
        """Pause, resume or stop; the same key again is the same command."""
        if not data.key:
            raise RefusedError("key_missing", "Send a key of your own, so that a repeated request acts once.")
        detail = {"confirmed": True} if data.confirmed else {}
        done = give_command(
            web, strategies, bot_id, command_named(data.command), key=data.key[:64], note=data.note[:200], detail=detail
        )
        if done.status == "refused":
            facts = {name: value for name, value in done.detail.items() if name not in ("message", "code", "confirmed")}
            raise RefusedError(done.result, outcome_text(done), **facts)
        with web.session() as session:
            return {
                "result": done.result or "done",
                "text": outcome_text(done),
                "bot": bot_json(find_bot(web, session, bot_id)),
            }

    return [command]
