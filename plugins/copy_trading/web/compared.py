"""The two values of a skip record in the reader's language.

What is stored are numbers and codes, some with values of their own behind colons: ``paused:follower,risk``. Records of
earlier releases hold English words instead, which are read as the codes that took their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.sdk.text import Text, _
from plugins.copy_trading.services.lists import PAUSED_BY

__all__ = ["compared"]

_STATES = {
    "on": _("on"),
    "off": _("off"),
    "halted": _("halted"),
    "active": _("active"),
    "paused": _("paused"),
    "pending": _("pending"),
    "stopping": _("stopping"),
    "stopped": _("stopped"),
    "deactivated": _("deactivated"),
    "rejected": _("rejected"),
    "new": _("not verified"),
    "invited": _("invited"),
    "verified": _("verified"),
    "blocked": _("blocked"),
    "close_only": _("close only"),
    "disabled": _("disabled"),
    "hedging": _("hedging"),
    "netting": _("netting"),
    "critical": _("critical"),
    "high": _("high"),
}
_WORDS = {
    **_STATES,
    "allow_list": _("in the allow-list"),
    "account_symbol": _("a symbol of the account type"),
    "tradable": _("tradable"),
    "this_copy": _("this copy"),
    "manual": _("opened by hand"),
    "copy": _("another copy"),
    "bot": _("a bot"),
    "sizing_mode": _("a sizing mode"),
    "size": _("a size"),
    "open_position": _("an open position of the master"),
    "margin_above_call": _("above the margin call level"),
    "accepted": _("accepted"),
    "no_permission": _("no permission to copy"),
    "permission": _("the permission"),
    "position_without_quote": _("a position without a quote"),
    "equity_known": _("equity known"),
    "rate": _("a rate"),
    "quote_stale": _("no fresh price"),
    "market_closed": _("market closed"),
    "symbol_disabled": _("symbol disabled"),
    "symbol_close_only": _("closes only"),
    "symbol_not_enabled": _("not available for the account"),
    "no_conversion": _("no price for the conversion"),
    "margin_call": _("margin call"),
    "module_off": _("off"),
    "symbol_owned": _("held otherwise"),
}
_EARLIER = {
    "in the allow-list": "allow_list",
    "a symbol of the account type": "account_symbol",
    "a symbol": "account_symbol",
    "this subscription": "this_copy",
    "a sizing mode": "sizing_mode",
    "a size": "size",
    "an open position of the master": "open_position",
    "above the margin call level": "margin_above_call",
    "no permission to copy": "no_permission",
    "the permission": "permission",
    "a position without a quote": "position_without_quote",
    "equity known": "equity_known",
    "a rate": "rate",
}
_EARLIER_FORMS = (
    (re.compile(r"paused \((.*)\)"), "paused:{}"),
    (re.compile(r"customer (\w+)"), "customer:{}"),
    (re.compile(r"no equity, warning (\w+)"), "leverage:none:{}"),
    (re.compile(r"leverage ([\d.]+)×, warning (\w+)"), "leverage:{}:{}"),
    (re.compile(r"below ([\d.]+)×"), "below_leverage:{}"),
    (re.compile(r"no rate from (\w+) to (\w+)"), "no_rate:{}:{}"),
)


def compared(value: str) -> str:
    """A stored value in words; a number, a symbol and whatever is not known stay as they are."""
    code, *values = _code(value).split(":")
    made = _FORMS.get((code, len(values)))
    if made is not None:
        return made(*values)
    return str(_WORDS[code]) if code in _WORDS and not values else value


def _code(value: str) -> str:
    if value in _EARLIER:
        return _EARLIER[value]
    for form, code in _EARLIER_FORMS:
        if found := form.fullmatch(value):
            return code.format(*found.groups())
    return value


def _paused(reasons: str) -> Text:
    who = (PAUSED_BY.get(reason.strip(), reason.strip()) for reason in reasons.split(","))
    return _("paused ({who})", who=", ".join(str(one) for one in who))


def _state(status: str) -> str:
    return _STATES.get(status, status)


def _leverage(leverage: str, warning: str) -> Text:
    if leverage == "none":
        return _("no equity, warning {level}", level=_state(warning))
    return _("leverage {leverage}×, warning {level}", leverage=leverage, level=_state(warning))


_FORMS: dict[tuple[str, int], Callable[..., str]] = {
    ("paused", 1): lambda reasons: str(_paused(reasons)),
    ("customer", 1): lambda status: str(_("customer: {status}", status=_state(status))),
    ("leverage", 2): lambda leverage, warning: str(_leverage(leverage, warning)),
    ("below_leverage", 1): lambda most: str(_("below {leverage}×", leverage=most)),
    ("no_rate", 2): lambda one, other: str(_("no rate from {one} to {other}", one=one, other=other)),
}
