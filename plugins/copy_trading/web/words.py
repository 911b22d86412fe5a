"""What codes are called on pages."""

from __future__ import annotations

from decimal import Decimal

from core.sdk.text import _
from core.sdk.web import current_formatter
from plugins.copy_trading.rules.modes import MODES

REASONS = {
    "master_closed": _("Master closed before the copy"),
    "module_off": _("Copy Trading switched off"),
    "master_not_active": _("Master not active"),
    "subscription_not_active": _("Copy paused"),
    "account_not_eligible": _("Account not eligible"),
    "symbol_not_allowed": _("Symbol not available"),
    "symbol_owned": _("Symbol held otherwise"),
    "signal_too_old": _("Signal too old"),
    "below_minimum_equity": _("Below Minimum Equity"),
    "max_open_trades": _("Max Open Trades reached"),
    "size_unknown": _("Size could not be told"),
    "below_min_lot": _("Below minimum lot"),
    "maximum_lot": _("Maximum Lot below the minimum"),
    "insufficient_margin": _("Not enough margin"),
    "slippage_exceeded": _("Slippage Tolerance exceeded"),
    "order_refused": _("Order refused"),
}
"""Reasons of skip records."""

SETTINGS = {
    "mode": _("Sizing mode"),
    "symbols": _("Symbols"),
    "minimum_equity": _("Minimum Equity"),
    "max_open_trades": _("Max Open Trades"),
    "below_minimum_lot": _("Below Minimum Lot"),
    "copy_ratio": _("Copy Ratio"),
    "fixed_size": _("Fixed Size"),
    "maximum_lot": _("Maximum Lot"),
    "slippage_tolerance": _("Slippage Tolerance"),
}
"""Settings that a skip record names."""


CAUSES = {"month": _("Month"), "stop": _("Copy stopped"), "owed": _("Owed from before")}
"""Why a performance fee was reckoned up."""


def mode_label(mode: str) -> str:
    """A sizing mode as pages call it."""
    return MODES.title(mode)


def money(value: Decimal, currency: str) -> str:
    """An amount for the lines of a question, as the reader writes it."""
    return current_formatter().money(value, currency)


def remedy(setting: str | None, value: str | None) -> str:
    """The setting that would have let a copy through, in words; empty when none would."""
    if setting is None:
        return ""
    name = SETTINGS.get(setting, setting)
    if not value:
        return _("a larger {setting}", setting=name)
    return _("{setting}: {value}", setting=name, value=_("round up") if value == "round_up" else value)
