"""Reason codes of trading in words, with the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["reason_text"]

_TEXTS = {
    "insufficient_margin": "There is not enough free margin: {needed} is needed, {free} is free.",
    "insufficient_funds": "There is not enough money: {needed} is needed, {free} is free.",
    "quote_stale": "There is no fresh price for this symbol at the moment. Try again shortly.",
    "market_closed": "The market is closed for this symbol now.",
    "below_min_lot": "The smallest order is {minimum} lots.",
    "above_max_lot": "The largest order is {maximum} lots.",
    "below_min_notional": "The order's value is below the least of {minimum}.",
    "off_step": "Lots go in steps of {step}.",
    "price_off_tick": "Prices go in steps of {tick}.",
    "invalid_stop_loss": "The stop-loss is on the wrong side of the price.",
    "invalid_take_profit": "The take-profit is on the wrong side of the price.",
    "symbol_disabled": "This symbol cannot be traded.",
    "symbol_close_only": "Positions in this symbol can only be closed.",
    "symbol_not_enabled": "This symbol is not available for this account.",
    "account_disabled": "This account is disabled.",
    "account_close_only": "Positions of this account can only be closed.",
    "customer_blocked": "This account is blocked. Please contact support.",
    "short_not_allowed": "This account cannot sell what it does not hold.",
    "margin_call": "The margin level is too low to open anything.",
    "not_within_limit": "The market is not within the limit: it is at {quote}.",
    "no_conversion": "There is no price to convert into the account's currency.",
    "price_missing": "A price is needed for this kind of order.",
    "symbol_owned": "Another strategy holds this symbol on this account.",
    "wrong_side": "The order is on the wrong side for this position.",
    "module_halted": "This product is halted.",
    "module_off": "This product is not available.",
    "nothing_to_close": "There is nothing left to close.",
    "tenant_suspended": "Trading is suspended at the moment.",
}


def reason_text(reason: str | None, detail: Mapping[str, Any] | None = None) -> str:
    """One sentence for a person; numbers that are not there leave their part of the sentence out."""
    if not reason:
        return "The order was not accepted."
    template = _TEXTS.get(reason)
    if template is None:
        return f"Not accepted: {reason.replace('_', ' ')}."
    try:
        return template.format(**{key: _number(value) for key, value in (detail or {}).items()})
    except (KeyError, IndexError):
        return template.split(":")[0].split("{")[0].rstrip(" :") + "."


def _number(value: Any) -> str:
    text = str(value)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text
