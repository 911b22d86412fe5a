"""What the codes of the decision log mean, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.sdk.text import Text, _

__all__ = ["PAUSES", "STATUS_HELP", "WHYS", "decision_text"]

_TEXTS: dict[str, Text] = {
    "launched": _("Launched; {investment} reserved"),
    "started": _("Started at {price}: {held} cells bought, {quantity} lots each"),
    "investment_too_small": _("Not started: at {price} the orders would be smaller than the symbol allows"),
    "bought": _("Bought {count} at {prices}"),
    "sold": _("Sold {count} at {prices}"),
    "round_trips": _("Grid profit of {profit}"),
    "blocked": _("{orders} orders wait: {reason}"),
    "close_waits": _("{orders} closing orders wait: {reason}"),
    "compounded": _("Profit put to work: {from} to {to} lots an order"),
    "trailed_up": _("Grid moved up by {cells} cells, now {lower} to {upper}"),
    "trailed_down": _("Grid moved down by {cells} cells, now {lower} to {upper}"),
    "stop_loss": _("Stop-loss price reached at {price}"),
    "take_profit": _("Take-profit price reached at {price}"),
    "stopped": _("Ended at {price}"),
    "wound_down": _("Wound down: nothing is held any more"),
    "closed_by_hand": _("{volume} lots were closed by somebody else at {price}; no counter order follows"),
    "closed": _("{volume} lots closed at {price}"),
    "level_opened": _("Level {level} opened: {side} {volume} lots at {price}"),
    "cycle_won": _("Cycle won at level {level}: {profit}"),
    "cycle_lost": _("Cycle ended at level {level} by {why}: {profit}"),
    "cycles_done": _("Ended after {cycles} cycles"),
    "waits": _("Opens nothing for now: {reason}"),
    "quote_stale": _("Let a stale price of {bid} pass: nothing is ordered on it"),
    "quote_leaps": _("Let a price of {bid} pass that leaps from {before}: nothing is ordered on it"),
    "paused": _("Paused by {by}: no new orders, positions stay open"),
    "resumed": _("Resumed by {by}"),
    "stop_close": _("Stop by {by}: close all positions"),
    "stop_keep": _("Stop by {by}: keep positions open"),
    "winding_down": _("Winding down, asked for by {by}"),
    "halted": _("Halted: {reason}"),
    "mended": _("Put right by the reconciler: {what}"),
    "halt_lifted": _("Halt lifted by {by}: paused until it is resumed"),
}

STATUS_HELP = {
    "waiting_trigger": _("Waits for its trigger price."),
    "running": _("Places and fills its orders."),
    "paused": _("Places no new orders; positions and the orders that close them stay."),
    "stopping": _("Is on its way out."),
    "stopped": _("Has ended."),
    "halted": _("Was halted from outside; only closing orders are honoured."),
    "error": _("Needs a person."),
}

PAUSES = {
    "customer": _("the customer"),
    "admin": _("staff"),
    "risk": _("a risk guard"),
    "module": _("Bot Trading having been switched off"),
    "system": _("the system"),
}

WHYS = {
    "cooldown": _("the cooldown after a final stop"),
    "cycles_an_hour": _("the most cycles of an hour have begun"),
    "daily_loss_limit": _("the loss limit of the day"),
    "spread_too_wide": _("the spread is too wide"),
    "insufficient_funds": _("not enough free money"),
    "insufficient_margin": _("not enough free margin"),
    "quote_stale": _("no fresh price"),
    "market_closed": _("the market is closed"),
    "kill_switch": _("the kill switch"),
    "module": _("Bot Trading was switched off"),
    "take_profit": _("take-profit"),
    "stop_loss": _("stop-loss"),
}
"""Reasons in the decision log, in words."""


_FIELD = re.compile(r"\{(\w+)\}")


def decision_text(code: str, facts: Mapping[str, Any]) -> str:
    """An entry of the decision log as a sentence, in the reader's language.

    Other people's strategies bring their sentences along (``facts["text"]``); a code without one is shown as it is.
    """
    template = _TEXTS.get(code)
    if template is None and facts.get("text"):
        template = Text(str(facts["text"]), dict.fromkeys(_FIELD.findall(str(facts["text"])), "–"))
    if template is None:
        told = ", ".join(f"{key} {value}" for key, value in facts.items() if key != "note")
        return code.replace("_", " ").capitalize() + (f": {told}" if told else "")
    words: dict[str, Any] = dict.fromkeys(_FIELD.findall(template.message), "–")
    words |= {key: _word(key, value) for key, value in facts.items() if key != "text"}
    sentence = template.format(**words)
    return _("{sentence} ({note})", sentence=sentence, note=facts["note"]) if facts.get("note") else sentence


def _word(key: str, value: Any) -> str:
    text = str(value)
    if key == "by":
        return PAUSES.get(text, text)
    return WHYS.get(text, text.replace("_", " "))
