"""The form of a copy's settings: the tenant's defaults and bounds, in sections, with what is true for this customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Form, Parsed, current_formatter, form_for, parse_form
from plugins.copy_trading.rules.choices import Choices, defaults, flat, form_model
from plugins.copy_trading.rules.modes import MODES
from plugins.copy_trading.rules.settings import CopyTradingSettings

Bounds = Mapping[str, tuple[Decimal | int | None, Decimal | int | None]]
Data = Mapping[str, Sequence[str]]

SECTIONS: Mapping[str, Sequence[str]] = {
    _("Size"): ("mode", "copy_ratio", "fixed_size", "fixed_basis", "below_minimum_lot", "maximum_lot"),
    _("Limits"): ("max_open_trades", "minimum_equity", "slippage_tolerance", "stop_loss_percent"),
    _("What is copied"): ("existing_positions", "symbols", "symbol_map", "reverse"),
}
"""Every setting of a copy, in the order of the form."""
FIXED_AT_START = ("existing_positions",)
"""Settings that cannot be changed later: existing positions are taken over at the start or not at all."""
MOST_BOXES = 36
"""More symbols than this are typed, not ticked."""


def bounds(settings: CopyTradingSettings) -> Bounds:
    """The tenant's bounds of a copy's settings, for the form."""
    return {
        "copy_ratio": (settings.copy_ratio_min, settings.copy_ratio_max),
        "max_open_trades": (1, settings.max_open_trades_max),
        "minimum_equity": (0, settings.minimum_equity_max),
        "slippage_tolerance": (0, settings.slippage_max),
        "maximum_lot": (None, settings.maximum_lot_max),
        "stop_loss_percent": (None, settings.stop_loss_max),
    }


def new_form(settings: CopyTradingSettings, symbols: Sequence[str]) -> Form:
    """The form of a new copy, with the tenant's defaults."""
    made = form_for(form_model(), defaults(settings), bounds=bounds(settings), choices=_boxes(symbols))
    return _dressed(made, settings)


def form_of(settings: CopyTradingSettings, values: Mapping[str, Any], symbols: Sequence[str]) -> Form:
    """The form of a running copy, with its own values; without what is fixed at the start."""
    made = form_for(form_model(), flat(values), bounds=bounds(settings), choices=_boxes(symbols))
    return _dressed(made, settings, without=FIXED_AT_START)


def read(
    settings: CopyTradingSettings, data: Data, symbols: Sequence[str], keep: Mapping[str, Any] | None = None
) -> Parsed[Choices]:
    """A form that was sent; ``keep`` holds what it did not show."""
    parsed = parse_form(form_model(), data, bounds=bounds(settings), choices=_boxes(symbols), keep=keep)
    return replace(parsed, form=_dressed(parsed.form, settings, without=tuple(keep or ())))


def _boxes(symbols: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    found = {"mode": MODES.choices()}
    if 0 < len(symbols) <= MOST_BOXES:
        found["symbols"] = [(code, code) for code in symbols]
    return found


def _dressed(form: Form, settings: CopyTradingSettings, without: Sequence[str] = ()) -> Form:
    """Fields in their sections, without what this brokerage does not offer, and with its numbers in the help."""
    percent = current_formatter().number
    tolerances = _(
        "Most adverse deviation from the master's price. Empty: {fx} % for FX, {metal} % for metals, {major} % for BTC and"
        " ETH, {crypto} % for other crypto, {index} % for indices, {stock} % for stocks.",
        fx=percent(settings.slippage_fx),
        metal=percent(settings.slippage_metal),
        major=percent(settings.slippage_major_crypto),
        crypto=percent(settings.slippage_crypto),
        index=percent(settings.slippage_index),
        stock=percent(settings.slippage_stock),
    )
    known = {field.name: field for field in form.fields}
    fields = []
    for section, names in SECTIONS.items():
        for name in (*names, *(own_settings() if "mode" in names else ())):
            if name not in known or name in without or name in _not_offered(settings):
                continue
            field = replace(known[name], section=section)
            if name == "slippage_tolerance":
                field = replace(field, help=tolerances)
            if name == "below_minimum_lot" and not settings.allow_round_up:
                field = replace(field, choices=tuple(one for one in field.choices if one[0] != "round_up"))
            if name == "mode" and not settings.allow_fixed:
                field = replace(field, choices=tuple(one for one in field.choices if one[0] != "fixed"))
            fields.append(field)
    return replace(form, fields=tuple(fields))


def _not_offered(settings: CopyTradingSettings) -> frozenset[str]:
    """Fields that this brokerage does not offer at all."""
    offered = {
        ("reverse",): settings.allow_reverse,
        ("symbol_map",): settings.allow_symbol_map,
        ("existing_positions",): settings.allow_existing,
        ("fixed_size", "fixed_basis"): settings.allow_fixed,
    }
    return frozenset(name for names, offers in offered.items() if not offers for name in names)


def own_settings() -> list[str]:
    """Fields of the sizing modes' own settings."""
    return [f"{mode.key}_{name}" for mode in MODES.values() for name in mode.settings.model_fields]


def symbols_of(session: TenantSession, account_id: object) -> list[str]:
    """Codes of the symbols that an account may trade: what a master's trades can be in."""
    rows = session.scalars(
        text(
            "select y.code from core.accounts a join core.account_type_symbols x on x.account_type_id = a.account_type_id"
            " and x.enabled join core.symbols y on y.id = x.symbol_id and y.status <> 'disabled'"
            " where a.id = :account order by y.code"
        ),
        {"account": account_id},
    )
    return list(rows)
