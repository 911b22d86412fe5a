"""What the codes of the decision log mean, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["PAUSES", "STATUS_HELP", "decision_text"]

_TEXTS: dict[str, str] = {
    "launched": "Launched; {investment} reserved",
    "started": "Started at {price}: {held} cells bought, {quantity} lots each",
    "investment_too_small": "Not started: at {price} the orders would be smaller than the symbol allows",
    "bought": "Bought {count} at {prices}",
    "sold": "Sold {count} at {prices}",
    "round_trips": "Grid profit of {profit}",
    "blocked": "{orders} orders wait: {reason}",
    "close_waits": "{orders} closing orders wait: {reason}",
    "compounded": "Profit put to work: {from} to {to} lots an order",
    "trailed_up": "Grid moved up by {cells} cells, now {lower} to {upper}",
    "trailed_down": "Grid moved down by {cells} cells, now {lower} to {upper}",
    "stop_loss": "Stop-loss price reached at {price}",
    "take_profit": "Take-profit price reached at {price}",
    "stopped": "Ended at {price}",
    "wound_down": "Wound down: nothing is held any more",
    "closed_by_hand": "{volume} lots were closed by somebody else at {price}; no counter order follows",
    "closed": "{volume} lots closed at {price}",
    "level_opened": "Level {level} opened: {side} {volume} lots at {price}",
    "cycle_won": "Cycle won at level {level}: {profit}",
    "cycle_lost": "Cycle ended at level {level} by {why}: {profit}",
    "cycles_done": "Ended after {cycles} cycles",
    "waits": "Opens nothing for now: {reason}",
    "quote_stale": "Let a stale price of {bid} pass: nothing is ordered on it",
    "quote_leaps": "Let a price of {bid} pass that leaps from {before}: nothing is ordered on it",
    "paused": "Paused by {by}: no new orders, positions stay open",
    "resumed": "Resumed by {by}",
    "stop_close": "Stop by {by}: close all positions",
    "stop_keep": "Stop by {by}: keep positions open",
    "winding_down": "Winding down, asked for by {by}",
    "halted": "Halted: {reason}",
}

STATUS_HELP = {
    "waiting_trigger": "Waits for its trigger price.",
    "running": "Places and fills its orders.",
    "paused": "Places no new orders; positions and the orders that close them stay.",
    "stopping": "Is on its way out.",
    "stopped": "Has ended.",
    "halted": "Was halted from outside; only closing orders are honoured.",
    "error": "Needs a person.",
}

PAUSES = {
    "customer": "the customer",
    "admin": "staff",
    "risk": "a risk guard",
    "module": "Bot Trading having been switched off",
    "system": "the system",
}


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def decision_text(code: str, facts: Mapping[str, Any]) -> str:
    """An entry of the decision log as a sentence. Codes of other people's strategies are shown as they are."""
    template = _TEXTS.get(code)
    if template is None:
        told = ", ".join(f"{key} {value}" for key, value in facts.items())
        return code.replace("_", " ").capitalize() + (f": {told}" if told else "")
    words = {key: str(value).replace("_", " ") for key, value in facts.items()}
    if "by" in words:
        words["by"] = PAUSES.get(words["by"], words["by"])
    sentence = template.format_map(_Known(words))
    return f"{sentence} ({words['note']})" if words.get("note") else sentence
