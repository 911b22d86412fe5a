"""The API of bot trading: the same services as the pages, as JSON. Staff see all bots, customers their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.types import ControllerRouterHandler
from pydantic import ValidationError

from core.sdk.web import FromPath, FromQuery, JSONBody, NotFoundError, RefusedError, Web
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.details import decisions, load_bot, resting_orders
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import Launch, check_launch, launch
from plugins.bot_trading.services.views import BotRow, Wanted, list_bots
from plugins.bot_trading.strategies.protocol import Order, Preview, Refusal
from plugins.bot_trading.web.commanding import command_named, give_command, outcome_text
from plugins.bot_trading.web.finding import find_bot, own_only
from plugins.bot_trading.web.permissions import LAUNCH, MANAGE, VIEW

__all__ = ["api_routes"]

_SEE: dict[str, Any] = {"permission": (VIEW, LAUNCH)}
_ACT: dict[str, Any] = {"permission": (MANAGE, LAUNCH)}
_OWN: dict[str, Any] = {"permission": LAUNCH, "audience": "customer"}
_PAGE = 200


@dataclass(frozen=True)
class NewBot:
    """A bot to launch (or to preview). ``key`` makes it happen once; ``settings`` are the strategy's."""

    account_id: UUID
    symbol_id: UUID
    strategy: str
    settings: dict[str, Any]
    key: str = ""


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
    return [*_reading(strategies), *_writing(strategies)]


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
        return Page([_bot(row) for row in found.rows], found.total)

    @get("/bots/{bot_id:uuid}", opt=_SEE, sync_to_thread=True)
    def bot(web: Web, bot_id: FromPath[UUID]) -> dict[str, Any]:
        """A bot with its resting orders."""
        with web.session() as session:
            row = find_bot(web, session, bot_id)
            _, running, _ = load_bot(session, strategies, bot_id)
        return {**_bot(row), "orders": [_order(order) for order in resting_orders(running)]}

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
    @post("/bots/preview", opt=_OWN, sync_to_thread=True, status_code=200)
    def preview(web: Web, data: JSONBody[NewBot]) -> dict[str, Any]:
        """What a launch would do, with every reason against it."""
        try:
            with web.session() as session:
                _, found = check_launch(session, strategies, web.settings(), _wish(web, strategies, data))
        except BotRefusedError as refused:
            return {"refusals": [_refusal(item) for item in refused.refusals]}
        return _preview(found)

    @post("/bots", opt=_OWN, sync_to_thread=True)
    def start(web: Web, data: JSONBody[NewBot]) -> dict[str, Any]:
        """Launch a bot; the same key again gives the first one."""
        if not data.key:
            raise RefusedError(
                "key_missing", "Send a key of your own, so that a repeated request launches nothing twice."
            )
        try:
            with web.session() as session:
                made = launch(session, strategies, web.settings(), _wish(web, strategies, data))
        except BotRefusedError as refused:
            raise _refused(refused) from refused
        with web.session() as session:
            return _bot(find_bot(web, session, made.id))

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
                "bot": _bot(find_bot(web, session, bot_id)),
            }

    return [preview, start, command]


def _wish(web: Web, strategies: Strategies, data: NewBot) -> Launch:
    strategy = strategies.get(data.strategy)
    if strategy is None:
        raise NotFoundError(data.strategy)
    try:
        settings = strategy.settings_model.model_validate(data.settings)
    except ValidationError as error:
        wrong = {".".join(str(part) for part in item["loc"]): item["msg"] for item in error.errors(include_url=False)}
        raise RefusedError("settings_invalid", "Some settings need another look.", fields=wrong) from error
    return Launch(
        customer_id=web.person_id,
        account_id=data.account_id,
        symbol_id=data.symbol_id,
        strategy=data.strategy,
        settings=settings,
        key=f"{web.person_id}:{data.key[:64]}",
        actor=web.actor,
    )


def _refused(refused: BotRefusedError) -> RefusedError:
    first = refused.first
    return RefusedError(
        first.code, f"{first.message} {first.remedy}".strip(), refusals=[_refusal(item) for item in refused.refusals]
    )


def _refusal(item: Refusal) -> dict[str, Any]:
    return {
        "code": item.code,
        "message": item.message,
        "remedy": item.remedy,
        "field": item.field,
        "facts": dict(item.facts),
    }


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "refusals": [_refusal(item) for item in found.refusals],
        "levels": [str(level) for level in found.levels],
        "quantity": str(found.quantity),
        "needed": str(found.needed),
        "first_purchase": str(found.first_purchase),
        "orders": [_order(order) for order in found.orders],
        "facts": dict(found.facts),
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "side": order.side,
        "price": str(order.price),
        "volume": str(order.volume),
        "state": order.state,
        "label": order.label,
    }


def _bot(row: BotRow) -> dict[str, Any]:
    words = ("customer", "account", "strategy", "symbol", "status", "halt", "stop", "end_reason", "currency", "last")
    money = (
        *("investment", "base", "cycle_profit", "inventory_realised", "floating", "total", "share", "drawdown"),
        *("worst_drawdown", "fees"),
    )
    found: dict[str, Any] = {"id": str(row.id), "account_id": str(row.account_id), "symbol_id": str(row.symbol_id)}
    found |= {name: getattr(row, name) for name in (*words, "fills", "cycles", "wins", "blocked")}
    found |= {name: format(Decimal(getattr(row, name)), "f") for name in money}
    found["pauses"] = [item["reason"] for item in row.pauses]
    found["settings"] = dict(row.settings)
    found["created_at"] = row.created_at.isoformat()
    found["ended_at"] = row.ended_at.isoformat() if row.ended_at else None
    return found
