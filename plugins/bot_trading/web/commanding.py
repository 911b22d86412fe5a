"""Pause, Resume and Stop: the same dialogs on every page of staff and customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.sdk.data import new_id
from core.sdk.text import _
from core.sdk.web import Action, FromPath, NotFoundError, Web
from plugins.bot_trading.live import announce
from plugins.bot_trading.models import BotCommand
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.commands import COMMANDS, CommandName, Reason, carry_out, store_command
from plugins.bot_trading.services.details import closing_now, load_bot, resuming_now
from plugins.bot_trading.services.errors import REFUSALS
from plugins.bot_trading.services.views import BotRow
from plugins.bot_trading.texts import PAUSES
from plugins.bot_trading.web.finding import find_bot, reason_of
from plugins.bot_trading.web.permissions import LAUNCH, MANAGE

__all__ = ["bot_actions", "command_routes", "give_command", "outcome_text", "refused_text"]

_NOTICES = {
    "pause": _("Paused. The bot places no new orders; its positions stay open."),
    "resume": _("Resumed."),
    "stop_close": _("Stopped. Its positions are closed at the market price."),
    "stop_keep": _("Stopped. Its positions stay open and are the customer's own now."),
    "wind_down": _("Winding down. The bot buys no more and ends when nothing is left."),
    "halt": _("Halted."),
    "lift": _("The halt is lifted. The bot is paused until it is resumed."),
}
_DIALOGS = {MANAGE: ("pause", "resume", "stop", "lift"), LAUNCH: ("pause", "resume", "stop")}
"""Dialogs by the permission that acting needs: only staff lift a halt."""
_STOPS: dict[str, CommandName] = {"close": "stop_close", "keep": "stop_keep", "wind_down": "wind_down"}


def bot_actions(web: Web, row: BotRow, back: str) -> list[Action]:
    """What can be done with a bot now. ``back``: where to go afterwards."""
    if not row.live or (row.status == "stopping" and row.stop != "wind_down"):
        return []
    found = []

    def add(label: str, name: str, icon: str, danger: bool = False) -> None:
        href = web.url(f"bots/{row.id}/{name}") + f"?back={back}"
        found.append(Action(label, href, icon=icon, dialog=True, danger=danger))

    if row.status == "paused":
        add(_("Resume"), "resume", "player-play")
    elif row.status in ("running", "waiting_trigger"):
        add(_("Pause"), "pause", "player-pause")
    elif row.status == "halted" and row.halt != "module" and web.may(MANAGE):
        add(_("Lift halt"), "lift", "lock-open")
    add(_("Stop"), "stop", "player-stop", danger=True)
    return found


def give_command(
    web: Web,
    strategies: Strategies,
    bot_id: UUID,
    command: CommandName,
    *,
    key: str,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> BotCommand:
    """Store a command, then carry it out: two transactions, so that whatever happens in between it is finished."""
    with web.session() as session:
        row = find_bot(web, session, bot_id)
        reason = cast(Reason, reason_of(web))
        command_id = store_command(
            session, bot_id, command, reason=reason, actor=web.actor, key=key, note=note, detail=detail
        )
        web.audit(
            session,
            f"bot_trading.bot.{command}",
            str(bot_id),
            before={"status": row.status},
            after={"command": command, "note": note, "customer": row.email},
        )
    with web.session() as session:
        done = carry_out(session, strategies, command_id)
        announce(session, row.customer_id)
        return done


def outcome_text(command: BotCommand) -> str:
    """What came of a command, in words."""
    if command.result == "still_held":
        held = [PAUSES.get(name, name) for name in str(command.detail.get("held", "")).split(", ")]
        return _("Still paused: held by {reasons}.", reasons=_(" and ").join(str(name) for name in held))
    if command.status == "refused":
        return refused_text(command.result)
    return _NOTICES[command.command]


def refused_text(code: str) -> str:
    """Why a command was refused, and the way out, in words."""
    message, remedy = REFUSALS.get(code, (_("Refused: {reason}.", reason=code.replace("_", " ")), ""))
    return f"{message} {remedy}".strip()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A submitted dialog."""

    back: str
    note: str
    key: str
    choice: str
    confirmed: bool

    @classmethod
    def read(cls, web: Web) -> _Asked:
        def value(name: str) -> str:
            return (list(web.form.get(name, ())) or [""])[-1]

        return cls(
            _back(value("back")),
            value("note")[:200],
            value("key")[:64] or str(new_id()),
            value("choice"),
            bool(value("confirmed")),
        )


def command_routes(strategies: Strategies, opt: Mapping[str, Any]) -> list[ControllerRouterHandler]:
    """The dialogs and what they send, for one area."""
    dialogs = _Dialogs(strategies)
    return [route for name in _DIALOGS[str(opt["permission"])] for route in _routes(dialogs, name, dict(opt))]


def _routes(dialogs: _Dialogs, name: str, options: dict[str, Any]) -> list[ControllerRouterHandler]:
    @get(f"/bots/{{bot_id:uuid}}/{name}", opt=options, sync_to_thread=True)
    def ask(web: Web, bot_id: FromPath[UUID]) -> Response[str]:
        """Ask first, and show what it would do."""
        return dialogs.show(web, bot_id, name)

    @post(f"/bots/{{bot_id:uuid}}/{name}", opt=options, sync_to_thread=True, status_code=200)
    def do(web: Web, bot_id: FromPath[UUID]) -> Response[Any]:
        """Do it."""
        asked = _Asked.read(web)
        command = _STOPS.get(asked.choice) if name == "stop" else cast(CommandName, name)
        if command is None:
            return dialogs.show(web, bot_id, name, error=_("Choose what happens to the positions."), status=422)
        return dialogs.act(web, bot_id, name, command, asked)

    return [ask, do]


@dataclass(frozen=True, slots=True)
class _Dialogs:
    """The three dialogs."""

    strategies: Strategies

    def show(self, web: Web, bot_id: UUID, name: str, error: str = "", status: int = 200) -> Response[str]:
        with web.session() as session:
            row = find_bot(web, session, bot_id)
            bot, running, quote = load_bot(session, self.strategies, bot_id)
            closing = closing_now(bot, running, quote)
            at_once = resuming_now(running, quote) if row.status == "paused" else ()
        return web.render(
            f"shared/{name}.html",
            status=status,
            bot=row,
            back=_Asked.read(web).back or _back(web.query.get("back", "")),
            key=str(new_id()),
            error=error,
            closing=closing,
            at_once=at_once,
        )

    def act(self, web: Web, bot_id: UUID, name: str, command: CommandName, asked: _Asked) -> Response[Any]:
        detail = {"confirmed": True} if asked.confirmed else {}
        done = give_command(web, self.strategies, bot_id, command, key=asked.key, note=asked.note, detail=detail)
        if done.status == "refused":
            return self.show(web, bot_id, name, error=outcome_text(done), status=422)
        return web.redirect(f"bots/{bot_id}" if asked.back == "bot" else asked.back, notice=outcome_text(done))


def _back(wanted: str) -> str:
    """Where a dialog leads back to; nothing but our own pages."""
    return wanted if wanted in ("mission-control", "bot", "") else ""


def command_named(name: str) -> CommandName:
    """A command by its name in the API. Raises ``NotFoundError``."""
    if name not in COMMANDS or name in ("halt", "lift"):
        raise NotFoundError(name)
    return name
