"""Reason codes of trading in words, with the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from string import Formatter
from typing import Any, Final

from core.web.formats import current_formatter
from tenants.text import Text, _

__all__ = ["REASONS", "field_of", "reason_text"]

REASONS: Final[Mapping[str, Text]] = {
    "insufficient_margin": _("There is not enough free margin: {needed} is needed, {free} is free."),
    "insufficient_funds": _("There is not enough money: {needed} is needed, {free} is free."),
    "quote_stale": _("There is no fresh price for this symbol at the moment. Try again shortly."),
    "market_closed": _("The market is closed for this symbol now."),
    "below_min_lot": _("The smallest order is {minimum} lots."),
    "above_max_lot": _("The largest order is {maximum} lots."),
    "below_min_notional": _("The order's value is below the least of {minimum}."),
    "off_step": _("Lots go in steps of {step}."),
    "price_off_tick": _("Prices go in steps of {tick}."),
    "invalid_stop_loss": _("The stop-loss is on the wrong side of the price."),
    "invalid_take_profit": _("The take-profit is on the wrong side of the price."),
    "symbol_disabled": _("This symbol cannot be traded."),
    "symbol_close_only": _("Positions in this symbol can only be closed."),
    "symbol_not_enabled": _("This symbol is not available for this account."),
    "account_disabled": _("This account is disabled."),
    "account_close_only": _("Positions of this account can only be closed."),
    "customer_blocked": _("This account is blocked. Please contact support."),
    "short_not_allowed": _("This account cannot sell what it does not hold."),
    "margin_call": _("The margin level is too low to open anything."),
    "not_within_limit": _("The market is not within the limit: it is at {quote}."),
    "no_conversion": _("There is no price to convert into the account's currency."),
    "price_missing": _("A price is needed for this kind of order."),
    "symbol_owned": _("Another strategy holds this symbol on this account."),
    "wrong_side": _("The order is on the wrong side for this position."),
    "wrong_symbol": _("The order is for another symbol than this position."),
    "position_required": _("On this account an order that only closes must name its position."),
    "module_halted": _("This product is halted."),
    "module_off": _("This product is not available."),
    "nothing_to_close": _("There is nothing left to close."),
    "tenant_suspended": _("Trading is suspended at the moment."),
    "check_failed": _("The order could not be checked. Try again shortly."),
    "not_received": _("The venue never received the order; nothing was traded."),
    "venue": _("The venue refused the order."),
    "position_closed": _("The position was closed meanwhile."),
    "stop_out": _("It was cancelled as the margin level fell below the stop-out level."),
    "not_working": _("The order has ended, or waits for the market: it cannot be changed any more."),
    "not_by_hand": _("The order belongs to a copy or a bot, which changes it itself."),
    "at_venue": _("The order is at another venue: cancel it and place another."),
    "amount_not_positive": _("Enter an amount above zero."),
    "no_quote": _("There is no price for this symbol yet."),
    "replaced": _("Changed: a new order took its place."),
    "by_customer": _("Cancelled by you."),
    "by_staff": _("Cancelled by the brokerage."),
    "cancelled": _("It was cancelled."),
    "expired": _("It has expired."),
}
_WITHOUT_NUMBERS: Final[Mapping[str, Text]] = {
    "insufficient_margin": _("There is not enough free margin."),
    "insufficient_funds": _("There is not enough money."),
    "below_min_lot": _("The order is smaller than the smallest one of this symbol."),
    "above_max_lot": _("The order is larger than the largest one of this symbol."),
    "below_min_notional": _("The order's value is too small."),
    "off_step": _("Lots go in steps, and these are between two of them."),
    "price_off_tick": _("Prices go in steps, and this one is between two of them."),
    "not_within_limit": _("The market is not within the limit."),
}
_FIELDS: Final = {
    "off_step": "volume",
    "below_min_lot": "volume",
    "above_max_lot": "volume",
    "below_min_notional": "volume",
    "price_missing": "price",
    "not_within_limit": "price",
    "invalid_stop_loss": "stop_loss",
    "invalid_take_profit": "take_profit",
}
_MONEY: Final = frozenset({"needed", "free"})


def reason_text(reason: str | None, detail: Mapping[str, Any] | None = None) -> str:
    """One sentence for a person, in words alone where its numbers are not there."""
    if not reason:
        return _("The order was not accepted.")
    template = REASONS.get(reason)
    if template is None:
        return _("Not accepted: {reason}.", reason=reason.replace("_", " "))
    values = {key: _number(key, value) for key, value in (detail or {}).items()}
    named = {name for _text, name, _spec, _how in Formatter().parse(template.message) if name}
    return template.format(**values) if named <= values.keys() else _WITHOUT_NUMBERS[reason]


def field_of(reason: str | None, detail: Mapping[str, Any], given: Mapping[str, Decimal | None]) -> str:
    """Which field of a ticket a refusal is about; empty where it is about the order as a whole.

    :param given: the prices of the order by field, to find the one that is off its tick.
    """
    if reason == "price_off_tick":
        wrong = str(detail.get("price", ""))
        return next((name for name, value in given.items() if value is not None and str(value) == wrong), "price")
    return _FIELDS.get(reason or "", "")


def _number(key: str, value: Any) -> str:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return current_formatter().number(amount, 2) if key in _MONEY else current_formatter().number(amount)
