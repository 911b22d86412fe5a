"""Which prices an instrument is fed with: its feed's key decides, and the settings say how."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol
from uuid import UUID

from core.feeds import demo
from core.feeds.bars import BarPath
from core.feeds.files import PriceFile
from core.feeds.live import ExchangeError, LiveTickers, open_exchange
from core.feeds.pacing import Paced, as_recorded, every
from core.feeds.recorded import RecordedPrices
from core.feeds.synthetic import SyntheticMarket
from core.feeds.ticks import PriceScale, Ticks
from core.settings import Settings

log = logging.getLogger(__name__)

_POLL_S: Final = 1.0
_TYPICAL: Final = {
    "EURUSD": "1.0850", "GBPUSD": "1.2700", "USDJPY": "151.00", "AUDUSD": "0.6600", "USDCHF": "0.9000",
    "XAUUSD": "2350.00", "BTCUSD": "64000.00", "ETHUSD": "3100.00",
}  # fmt: skip
"""Prices around which synthetic markets of known symbols wander; others are a hundred thousand ticks high."""
_TYPICAL_TICKS: Final = 100_000
_INTERVAL_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class FedInstrument:
    """An instrument that some feed of this process feeds."""

    id: UUID
    feed: str
    symbol: str
    tick: Decimal
    lane: int


class Source(Protocol):
    """Prices of all instruments of one feed."""

    def due(self, instrument: FedInstrument, seq: int, now_s: float) -> Ticks:
        """What follows quote `seq` and is due now."""
        ...

    def clock_ms(self, now_s: float) -> int:
        """The feed's own clock; 0 where only its quotes tell the time."""
        ...


class PlayedSource:
    """Prices that are played: recorded or made up."""

    def __init__(self, settings: Settings, feed: str) -> None:
        self._settings, self._feed = settings, feed
        self._paced: dict[UUID, Paced | None] = {}
        self._file: RecordedPrices | None = None

    def due(self, instrument: FedInstrument, seq: int, now_s: float) -> Ticks:
        """See `Source`. A symbol that the feed does not have is said once in the log, and silent."""
        if instrument.id not in self._paced:
            self._paced[instrument.id] = self._open(instrument)
        paced = self._paced[instrument.id]
        return Ticks.of([]) if paced is None else paced.due(seq, now_s)

    def clock_ms(self, now_s: float) -> int:
        """See `Source`: recorded prices carry their own time, made-up ones the wall clock's."""
        return int(now_s * 1000) if self._feed == "synthetic" else 0

    def _open(self, instrument: FedInstrument) -> Paced | None:
        speed = self._settings.feed_speed
        try:
            match self._feed:
                case "demo":
                    # Four quotes a day: at speed 1 a quote a second.
                    return Paced(demo.demo_prices(instrument.symbol), every(1.0 / speed))
                case "file":
                    return Paced(self._read_file(instrument), as_recorded(speed))
                case _:
                    return Paced(self._synthetic(instrument), every(_INTERVAL_S / speed), restamped=True)
        except (KeyError, ValueError, demo.DemoPricesMissingError) as error:
            log.error("%s is not fed: %s", instrument.symbol, error)
            return None

    def _synthetic(self, instrument: FedInstrument) -> SyntheticMarket:
        base = Decimal(_TYPICAL.get(instrument.symbol.upper().replace("/", ""), _TYPICAL_TICKS * instrument.tick))
        return SyntheticMarket(self._settings.feed_seed, instrument.symbol, base, instrument.tick)

    def _read_file(self, instrument: FedInstrument) -> RecordedPrices:
        if self._file is None:
            path = self._settings.feed_prices
            if path is None:
                raise ValueError("no price file is set")
            quotes, dropped = (
                PriceFile(path, instrument.tick, BarPath.OHLC, rounding=True).quotes().not_older_than(None)
            )
            if dropped:
                log.warning("%s: %d quotes older than the one before them are left out", path.name, dropped)
            self._file = RecordedPrices(quotes, loop=True)
        return self._file


class LiveSource:
    """Prices of an exchange, asked for in turns for all instruments together."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.feed_exchange
        self._tickers: LiveTickers | None = None
        self._scales: dict[str, PriceScale] = {}
        self._found: Mapping[str, Ticks] = {}
        self._asked_s = 0.0
        self._silent = False

    def due(self, instrument: FedInstrument, seq: int, now_s: float) -> Ticks:
        """See `Source`. While the exchange is out of reach nothing is due; that is said once in the log."""
        del seq  # what was missed is gone: an exchange tells what is now
        self._scales.setdefault(instrument.symbol, PriceScale(instrument.tick, rounding=True))
        if now_s - self._asked_s >= _POLL_S:
            self._asked_s = now_s
            self._found = self._ask(int(now_s * 1000))
        found = dict(self._found)
        ticks = found.pop(instrument.symbol, Ticks.of([]))
        self._found = found
        return ticks

    def clock_ms(self, now_s: float) -> int:
        """See `Source`: the wall clock, while the exchange answers."""
        return 0 if self._silent else int(now_s * 1000)

    def _ask(self, now_ms: int) -> Mapping[str, Ticks]:
        try:
            if self._tickers is None:
                self._tickers = LiveTickers(open_exchange(self._name), self._scales)
            found = self._tickers.poll(now_ms)
        except ExchangeError as error:
            if not self._silent:
                log.warning("%s: %s", self._name, error)
            self._silent = True
            return {}
        self._silent = False
        return found


def sources(settings: Settings) -> dict[str, Source]:
    """The feeds of this process by their keys. Synthetic prices are always to be had; the setting names the others."""
    found: dict[str, Source] = {}
    if settings.feed == "none":
        return found
    found["synthetic"] = PlayedSource(settings, "synthetic")
    if settings.feed in ("demo", "file"):
        found[settings.feed] = PlayedSource(settings, settings.feed)
    if settings.feed == "live":
        found["live"] = LiveSource(settings)
    return found
