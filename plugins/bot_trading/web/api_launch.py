"""The API of launching: validation, preview, runs over recorded prices, and the launch itself. Customers alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel, ValidationError

from core.sdk.jobs import run_state
from core.sdk.text import _
from core.sdk.web import FromPath, JSONBody, NotFoundError, RefusedError, Web
from plugins.bot_trading.models import PreviewRun
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.checking import check_form
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import Launch, check_launch, launch, open_place
from plugins.bot_trading.services.rehearsing import ask_rehearsal, find_rehearsal
from plugins.bot_trading.web.as_json import bot_json, check_json, preview_json, refusal_json
from plugins.bot_trading.web.finding import find_bot
from plugins.bot_trading.web.permissions import LAUNCH

__all__ = ["launch_routes"]

_OWN: dict[str, Any] = {"permission": LAUNCH, "audience": "customer"}


@dataclass(frozen=True)
class NewBot:
    """A bot to launch (or to look at first). ``key`` makes it happen once; ``settings`` are the strategy's."""

    account_id: UUID
    symbol_id: UUID
    strategy: str
    settings: dict[str, Any]
    key: str = ""


@dataclass(frozen=True)
class NewRun:
    """A bot's settings to be run over the recorded prices of so many days."""

    account_id: UUID
    symbol_id: UUID
    strategy: str
    settings: dict[str, Any]
    days: int = 7


def launch_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The handlers."""
    return [*_looking(strategies), *_running(strategies), _launching(strategies)]


def _looking(strategies: Strategies) -> list[ControllerRouterHandler]:
    @post("/bots/check", opt=_OWN, sync_to_thread=True, status_code=200)
    def check(web: Web, data: JSONBody[NewBot]) -> dict[str, Any]:
        """What each setting may be for this account and symbol, given the others, and what is wrong with them."""
        settings, errors = _read(strategies, data.strategy, data.settings)
        limits = web.settings()
        try:
            with web.session() as session:
                place = open_place(
                    session, strategies, limits, data.strategy, web.person_id, data.account_id, data.symbol_id
                )
                found = check_form(session, strategies, limits, place, data.strategy, data.settings, settings)
        except BotRefusedError as refused:
            return {"limits": {}, "errors": errors, "refusals": [refusal_json(item) for item in refused.refusals]}
        return check_json(found, errors)

    @post("/bots/preview", opt=_OWN, sync_to_thread=True, status_code=200)
    def preview(web: Web, data: JSONBody[NewBot]) -> dict[str, Any]:
        """What a launch would do, with every reason against it."""
        try:
            with web.session() as session:
                _place, found = check_launch(
                    session, strategies, web.settings(), _wish(web, strategies, data, data.key)
                )
        except BotRefusedError as refused:
            return {"refusals": [refusal_json(item) for item in refused.refusals]}
        return preview_json(found)

    return [check, preview]


def _running(strategies: Strategies) -> list[ControllerRouterHandler]:
    @post("/previews", opt=_OWN, sync_to_thread=True, status_code=202)
    def begin(web: Web, data: JSONBody[NewRun]) -> dict[str, Any]:
        """Run a strategy over recorded prices, in the background; the same again within minutes is the same run."""
        limits, wish = web.settings(), _wish(web, strategies, data, "")
        try:
            with web.session() as session:
                place, _found = check_launch(session, strategies, limits, wish)
                return _run(session, ask_rehearsal(session, limits, place, wish, data.days))
        except BotRefusedError as refused:
            raise _refused(refused) from refused

    @get("/previews/{preview_id:uuid}", opt=_OWN, sync_to_thread=True)
    def progress(web: Web, preview_id: FromPath[UUID]) -> dict[str, Any]:
        """How far a run is, in quotes, and what it came to: figures, equity curve, newest fills and decisions."""
        with web.session() as session:
            found = find_rehearsal(session, web.person_id, preview_id)
            if found is None:
                raise NotFoundError(str(preview_id))
            return _run(session, found)

    return [begin, progress]


def _launching(strategies: Strategies) -> ControllerRouterHandler:
    @post("/bots", opt=_OWN, sync_to_thread=True)
    def start(web: Web, data: JSONBody[NewBot]) -> dict[str, Any]:
        """Launch a bot; the same key again gives the first one."""
        if not data.key:
            raise RefusedError(
                "key_missing", _("Send a key of your own, so that a repeated request launches nothing twice.")
            )
        try:
            with web.session() as session:
                made = launch(session, strategies, web.settings(), _wish(web, strategies, data, data.key))
        except BotRefusedError as refused:
            raise _refused(refused) from refused
        with web.session() as session:
            return bot_json(find_bot(web, session, made.id))

    return start


def _read(strategies: Strategies, key: str, sent: dict[str, Any]) -> tuple[BaseModel | None, dict[str, str]]:
    """The settings, or by field why they cannot be read. Raises ``NotFoundError`` for an unknown strategy."""
    strategy = strategies.get(key)
    if strategy is None:
        raise NotFoundError(key)
    try:
        return strategy.settings_model.model_validate(sent), {}
    except ValidationError as error:
        return None, {
            ".".join(str(part) for part in item["loc"]): item["msg"] for item in error.errors(include_url=False)
        }


def _wish(web: Web, strategies: Strategies, data: NewBot | NewRun, key: str) -> Launch:
    settings, wrong = _read(strategies, data.strategy, data.settings)
    if settings is None:
        raise RefusedError("settings_invalid", _("Some settings need another look."), fields=wrong)
    return Launch(
        customer_id=web.person_id,
        account_id=data.account_id,
        symbol_id=data.symbol_id,
        strategy=data.strategy,
        settings=settings,
        key=f"{web.person_id}:{key[:64]}",
        actor=web.actor,
    )


def _run(session: Any, found: PreviewRun) -> dict[str, Any]:
    state = run_state(session, found.run_id) if found.run_id is not None else None
    status = "done" if found.result is not None else state.status if state is not None else "failed"
    done, total = (state.done, state.total) if state is not None else (0, 0)
    return {"id": str(found.id), "status": status, "done": done, "total": total, "result": found.result}


def _refused(refused: BotRefusedError) -> RefusedError:
    first = refused.first
    return RefusedError(
        first.code,
        f"{first.message} {first.remedy}".strip(),
        refusals=[refusal_json(item) for item in refused.refusals],
    )
