"""Why an open was not copied, and what would have let it through: the body of every skip record."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Codes of skip records, in the order of the gates; the first that fails is written."""

    MASTER_CLOSED = "master_closed"
    MODULE = "module_off"
    MASTER = "master_not_active"
    SUBSCRIPTION = "subscription_not_active"
    ACCOUNT = "account_not_eligible"
    SYMBOL = "symbol_not_allowed"
    SYMBOL_OWNED = "symbol_owned"
    SIGNAL_AGE = "signal_too_old"
    MINIMUM_EQUITY = "below_minimum_equity"
    MAX_OPEN_TRADES = "max_open_trades"
    SIZING = "size_unknown"
    BELOW_MIN_LOT = "below_min_lot"
    MAXIMUM_LOT = "maximum_lot"
    MARGIN = "insufficient_margin"
    SLIPPAGE = "slippage_exceeded"
    REFUSED = "order_refused"


class Refusal(NamedTuple):
    """A failed gate: the code, both values compared, and the setting with the value that would have let it through."""

    reason: Reason
    found: str
    needed: str
    setting: str | None = None
    setting_value: str | None = None


def plain(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros, as people read it."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
