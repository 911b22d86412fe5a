"""What codes are called on pages."""

from __future__ import annotations

from decimal import Decimal

REASONS = {
    "master_closed": "Master closed before the copy",
    "module_off": "Copy Trading switched off",
    "master_not_active": "Master not active",
    "subscription_not_active": "Copy paused",
    "account_not_eligible": "Account not eligible",
    "symbol_not_allowed": "Symbol not available",
    "symbol_owned": "Symbol held otherwise",
    "signal_too_old": "Signal too old",
    "below_minimum_equity": "Below Minimum Equity",
    "max_open_trades": "Max Open Trades reached",
    "below_min_lot": "Below minimum lot",
    "maximum_lot": "Maximum Lot below the minimum",
    "insufficient_margin": "Not enough margin",
    "slippage_exceeded": "Slippage Tolerance exceeded",
    "order_refused": "Order refused",
}
"""Reasons of skip records."""

SETTINGS = {
    "symbols": "Symbols",
    "minimum_equity": "Minimum Equity",
    "max_open_trades": "Max Open Trades",
    "below_minimum_lot": "Below Minimum Lot",
    "copy_ratio": "Copy Ratio",
    "fixed_size": "Fixed Size",
    "maximum_lot": "Maximum Lot",
    "slippage_tolerance": "Slippage Tolerance",
}
"""Settings that a skip record names."""

MODES = {"proportional": "Proportional", "fixed": "Fixed"}


def money(value: Decimal, currency: str) -> str:
    """An amount for the lines of a question, with a real minus sign."""
    return f"{value:,.2f} {currency}".replace("-", "\u2212")


def remedy(setting: str | None, value: str | None) -> str:
    """The setting that would have let a copy through, in words; empty when none would."""
    if setting is None:
        return ""
    name = SETTINGS.get(setting, setting)
    return f"{name}: {value.replace('_', ' ')}" if value else f"a larger {name}"
