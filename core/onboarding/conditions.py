"""Sensible conditions for a symbol, told from its instrument: where a brokerage starts from and changes what it likes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

AssetClass = Literal["fx", "metal", "crypto", "index", "stock"]

_CURRENCIES: Final = frozenset(
    [
        "AUD",
        "CAD",
        "CHF",
        "CNH",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "JPY",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "SEK",
        "SGD",
        "TRY",
        "USD",
        "ZAR",
    ]
)
_METALS: Final = frozenset({"XAU", "XAG", "XPT", "XPD"})
_COIN_QUOTES: Final = ("USDT", "USDC", "USD", "EUR", "BTC")

_HOUR_MS: Final = 3_600_000
# A price is as old as its source is slow: exchanges send every few seconds, four quotes a day leave a long weekend.
_STALENESS_MS: Final = {"synthetic": 10_000, "live": 60_000, "demo": 96 * _HOUR_MS}
_OTHER_STALENESS_MS: Final = 24 * _HOUR_MS

# New York's session in winter; the five minutes let the last quote of the day be traded.
_STOCK_HOURS: Final[Mapping[str, Any]] = {day: [["14:30", "21:05"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@dataclass(frozen=True, slots=True)
class SymbolConditions:
    """What a symbol starts with. Sizes in lots; `contract_size` in units of the base; `leverage` caps the account type's."""

    code: str
    asset_class: AssetClass
    base: str
    quote: str
    contract_size: Decimal
    pip: Decimal
    lot_step: Decimal
    max_lot: Decimal
    leverage: Decimal
    staleness_ms: int
    hours: Mapping[str, Any] = field(default_factory=dict)


def conditions_of(feed: str, feed_symbol: str, tick: Decimal) -> SymbolConditions:
    """Conditions for an instrument: a pair of currencies, a metal, a coin, or else a stock in dollars.

    `BTC/USDT`, `BTC-USD` and `BTCUSD` are read alike; a name that is no pair is a stock's.
    """
    code = re.sub(r"[^A-Z0-9.]", "", feed_symbol.upper()) or "SYMBOL"
    stale = _STALENESS_MS.get(feed, _OTHER_STALENESS_MS)
    base, quote = code[:3], code[3:]
    if quote in _CURRENCIES and base in _CURRENCIES:
        return SymbolConditions(
            code, "fx", base, quote, Decimal(100_000), tick * 10, Decimal("0.01"), Decimal(100), Decimal(100), stale
        )
    if quote in _CURRENCIES and base in _METALS:
        return SymbolConditions(
            code, "metal", base, quote, Decimal(100), tick * 10, Decimal("0.01"), Decimal(50), Decimal(50), stale
        )
    coin = _coin(feed_symbol.upper(), code)
    if coin:
        return SymbolConditions(
            code, "crypto", *coin, Decimal(1), tick, Decimal("0.0001"), Decimal(1000), Decimal(10), stale
        )
    return SymbolConditions(
        code,
        "stock",
        code,
        "USD",
        Decimal(1),
        tick,
        Decimal("0.01"),
        Decimal(100_000),
        Decimal(20),
        stale,
        # Only the recorded days are known to stay within the session.
        _STOCK_HOURS if feed == "demo" else {},
    )


def _coin(written: str, code: str) -> tuple[str, str] | None:
    """Base and quote of a pair of coins; a separator or a dollar at the end tells it from a stock."""
    base, separator, quote = re.sub(r"[-_:]", "/", written).partition("/")
    if separator and base and quote in _COIN_QUOTES:
        return base, quote
    for known in _COIN_QUOTES[:3]:
        if code.endswith(known) and len(code) >= len(known) + 3:
            return code.removesuffix(known), known
    return None
