"""The instruments that a feed's demo trades, made where they are missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import select

from core.feeds import demo as stocks
from core.onboarding import conditions_of
from core.settings import Settings
from core.trading.models import Instrument
from tenants.db import SystemSession

_CENT: Final = Decimal("0.01")
_SYNTHETIC_LABEL: Final = "Synthetic prices: made up by a formula"
_STOCKS: Final = {"AAPL": "Apple", "GOOG": "Google", "IBM": "IBM", "MSFT": "Microsoft"}
_SYNTHETIC: Final = {
    "EURUSD": ("Euro / US dollar", Decimal("0.00001")),
    "XAUUSD": ("Gold / US dollar", _CENT),
    "BTCUSD": ("Bitcoin / US dollar", _CENT),
    "ETHUSD": ("Ether / US dollar", _CENT),
}
_FX_TICK, _YEN_TICK = Decimal("0.00001"), Decimal("0.001")


@dataclass(frozen=True, slots=True)
class NewInstrument:
    """An instrument to make: its feed, the feed's name for it, a title, its price tick, and what people must know of it."""

    feed: str
    symbol: str
    title: str
    tick: Decimal
    label: str


def instruments_of(settings: Settings) -> list[NewInstrument]:
    """What the feed of the settings has to offer. Where the stocks' package is missing, synthetic prices stand in."""
    if settings.feed == "file" and settings.feed_prices is not None:
        symbol = settings.feed_symbol or settings.feed_prices.stem.split(".")[0]
        return [NewInstrument("file", symbol, symbol, _usual_tick(symbol), f"Prices of {settings.feed_prices.name}")]
    if settings.feed == "live":
        quote = "USD" if settings.feed_exchange in ("coinbase", "kraken", "bitstamp", "gemini") else "USDT"
        return [
            NewInstrument(
                "live", f"{coin}/{quote}", f"{title} / {quote}", _CENT, f"Live prices of {settings.feed_exchange}"
            )
            for coin, title in (("BTC", "Bitcoin"), ("ETH", "Ether"))
        ]
    if settings.feed == "synthetic" or not stocks.available():
        return [
            NewInstrument("synthetic", symbol, title, tick, _SYNTHETIC_LABEL)
            for symbol, (title, tick) in _SYNTHETIC.items()
        ]
    return [NewInstrument("demo", symbol, title, _CENT, stocks.TITLE) for symbol, title in _STOCKS.items()]


def ensure_instruments(session: SystemSession, settings: Settings) -> list[Instrument]:
    """The instruments of the settings' feed, spread over the lanes; those that are missing are made."""
    found = []
    for number, wanted in enumerate(instruments_of(settings)):
        row = session.scalar(
            select(Instrument).where(Instrument.feed == wanted.feed, Instrument.feed_symbol == wanted.symbol)
        )
        if row is None:
            row = Instrument(
                feed=wanted.feed, feed_symbol=wanted.symbol, title=wanted.title, tick=wanted.tick, label=wanted.label
            )
            session.add(row)
        row.lane = number % settings.lanes
        session.flush()
        found.append(row)
    return found


def _usual_tick(symbol: str) -> Decimal:
    conditions = conditions_of("file", symbol, _CENT)
    if conditions.asset_class != "fx":
        return _CENT
    return _YEN_TICK if conditions.quote == "JPY" else _FX_TICK
