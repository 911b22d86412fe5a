"""What each command does. One meaning of each on every screen, in the API, in bulk, on module off and after a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from core.sdk.data import TenantSession
from plugins.bot_trading.models import Bot, BotCommand
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.errors import REFUSALS, refusal
from plugins.bot_trading.services.locking import module_is_on
from plugins.bot_trading.services.moving import Move
from plugins.bot_trading.services.releasing import protect_released
from plugins.bot_trading.strategies.protocol import Command, LogEntry, Quote, Refusal, Step

__all__ = ["LIFTS", "Acting", "act"]

LIFTS: Final[Mapping[str, tuple[str, ...]]] = {
    "customer": ("customer", "module"),
    "admin": ("admin", "risk", "module"),
    "system": (),
}
"""Whose resume lifts which reasons of a pause: a customer cannot lift an admin's, nor an admin a customer's."""

_STOPS: Final = {"stop_close": "close", "stop_keep": "keep", "wind_down": "wind_down"}


@dataclass(slots=True)
class Acting:
    """A command at work. Account, subject, bot and command are locked. ``move``: the step that follows from it, if any."""

    session: TenantSession
    bot: Bot
    running: Running
    quote: Quote
    command: BotCommand
    move: Move | None = None

    def step(self, step: Step[Any], entry: LogEntry, command: Command | None = None) -> None:
        """Have a step of the strategy carried out, with the command's own entry before the strategy's."""
        self.move = Move(self.bot, self.running, step, self.quote, command, (entry,), self.command.actor)

    def note(self, result: str, **facts: str) -> None:
        """What came of a command that was done, where it is not what one would expect."""
        self.command.result = result
        self.command.detail = {**self.command.detail, **facts}
        if text := REFUSALS.get(result):
            self.command.detail = {**self.command.detail, "message": text[0]}

    def entry(self, code: str, **facts: str) -> LogEntry:
        """The log entry of the command."""
        told = {"by": self.command.reason, **facts}
        return LogEntry(code, {**told, "note": self.command.note} if self.command.note else told)


def act(acting: Acting) -> Refusal | None:
    """Carry out the command; gives the refusal where it is refused."""
    return _ACTS[acting.command.command](acting)


def _pause(acting: Acting) -> Refusal | None:
    bot = acting.bot
    if bot.status in ("stopping", "stopped"):
        return refusal("stopped", stop=bot.stop)
    reasons = {item["reason"] for item in bot.pauses}
    if acting.command.reason in reasons:
        return None
    bot.pauses = [*bot.pauses, _reason(acting.command)]
    if bot.status in ("running", "waiting_trigger"):
        bot.status = "paused"
    acting.step(acting.running.on_command("pause", acting.quote), acting.entry("paused"), "pause")
    return None


def _resume(acting: Acting) -> Refusal | None:
    bot = acting.bot
    if bot.status != "paused":
        return refusal("not_paused", status=bot.status)
    lifted = LIFTS.get(acting.command.reason, ())
    left = [item for item in bot.pauses if item["reason"] not in lifted]
    if left:
        bot.pauses = left
        acting.note("still_held", held=", ".join(item["reason"] for item in left))
        return None
    if not module_is_on(acting.session):
        return refusal("module_off")
    step = acting.running.on_command("resume", acting.quote)
    if step.intents and not acting.command.detail.get("confirmed"):
        return refusal("confirmation_needed", orders=str(len(step.intents)))
    bot.pauses = []
    bot.status = acting.running.took(step).status()
    acting.step(step, acting.entry("resumed", orders=str(len(step.intents))), "resume")
    return None


def _stop(acting: Acting) -> Refusal | None:
    bot, name = acting.bot, acting.command.command
    wanted = _STOPS[name]
    if bot.stop and bot.stop != "wind_down":
        # The same stop again is the first one; another one is refused with it.
        return None if bot.stop == wanted else refusal("stopped_otherwise", stop=bot.stop)
    if bot.status == "stopped":
        return refusal("stopped", stop=bot.stop, reason=bot.end_reason)
    if bot.stop == wanted:
        return None
    bot.stop, bot.status, bot.pauses, bot.halt = wanted, "stopping", [], ""
    if wanted == "keep":
        protect_released(acting.session, acting.running, acting.quote)
    strategy: Command = "stop_close" if name == "stop_close" else "stop_keep" if name == "stop_keep" else "wind_down"
    acting.step(
        acting.running.on_command(strategy, acting.quote),
        acting.entry(f"stop_{wanted}" if wanted != "wind_down" else "winding_down"),
        strategy,
    )
    return None


def _halt(acting: Acting) -> Refusal | None:
    bot = acting.bot
    if bot.status in ("stopping", "stopped"):
        return refusal("stopped", stop=bot.stop)
    if bot.status == "halted":
        return None
    bot.status, bot.halt = "halted", str(acting.command.detail.get("halt", "kill_switch"))
    acting.step(acting.running.on_command("pause", acting.quote), acting.entry("halted", reason=bot.halt), "pause")
    return None


def _lift(acting: Acting) -> Refusal | None:
    """What was halted from outside is paused from then on: nothing starts, and each bot waits for its own resume."""
    bot = acting.bot
    if bot.status != "halted" or bot.halt == "module":
        return refusal("not_halted", status=bot.status)
    if acting.command.reason not in {item["reason"] for item in bot.pauses}:
        bot.pauses = [*bot.pauses, _reason(acting.command)]
    was, bot.status, bot.halt = bot.halt, "paused", ""
    acting.step(acting.running.on_command("pause", acting.quote), acting.entry("halt_lifted", reason=was), "pause")
    return None


def _reason(command: BotCommand) -> dict[str, str]:
    now = datetime.now(UTC).isoformat()
    return {"reason": command.reason, "actor": command.actor, "note": command.note, "at": now}


_ACTS: Final[Mapping[str, Callable[[Acting], Refusal | None]]] = {
    "pause": _pause,
    "resume": _resume,
    "stop_close": _stop,
    "stop_keep": _stop,
    "wind_down": _stop,
    "halt": _halt,
    "lift": _lift,
}
