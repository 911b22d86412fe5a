"""How numbers, money, prices and times are written for one reader: language, time zone and nothing else.

Every template filter goes through the formatter bound to the current render, so a macro needs no context of its own.
Display rounding is half-even and only for display; stored values are never touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import get_currency_precision

from tenants.text import language, speaking

__all__ = ["DASH", "Formatter", "Number", "bind_formatter", "current_formatter"]

Number = Decimal | int | float | str
DASH = "–"
MINUS = "−"
_RTL = frozenset({"ar", "fa", "he", "ur", "ps", "ckb", "dv", "yi"})


@dataclass(frozen=True)
class _Marks:
    decimal: str
    group: str


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))


@lru_cache(maxsize=64)
def _marks(language: str) -> _Marks:
    symbols = _locale(language).number_symbols
    latin = symbols.get("latn", symbols)
    return _Marks(decimal=str(latin["decimal"]), group=str(latin["group"]).replace("\u202f", "\u00a0"))


@lru_cache(maxsize=256)
def _currency_digits(currency: str) -> int:
    return 8 if currency.upper() in {"BTC", "ETH"} else int(get_currency_precision(currency.upper()))


def _decimal(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


@dataclass(frozen=True)
class Formatter:
    """Writes values for one language (BCP 47) and one IANA time zone."""

    language: str = "en"
    timezone: str = "UTC"
    zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.timezone))

    @property
    def direction(self) -> str:
        """``rtl`` for languages written from right to left, else ``ltr``."""
        return "rtl" if self.language.split("-")[0].lower() in _RTL else "ltr"

    def number(self, value: Number | None, digits: int | None = None, *, signed: bool = False) -> str:
        """A number with grouping; ``digits`` fixes the decimals, none keeps those that mean something."""
        if value is None or value == "":
            return DASH
        amount = _decimal(value)
        if not amount.is_finite():
            return DASH
        if digits is not None:
            amount = amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
        plain = format(abs(amount), "f")
        whole, _, fraction = plain.partition(".")
        if digits is None:
            fraction = fraction.rstrip("0")
        marks = _marks(self.language)
        grouped = f"{int(whole):,}".replace(",", marks.group)
        text = grouped + (marks.decimal + fraction if fraction else "")
        if amount < 0:
            return self._signed(MINUS, text)
        return self._signed("+", text) if signed and amount > 0 else text

    def _signed(self, sign: str, text: str) -> str:
        """Sign and digits; kept together from left to right where the text around them runs the other way."""
        return sign + text if self.direction == "ltr" else f"\u2066{sign}{text}\u2069"

    def money(
        self, value: Number | None, currency: str = "", *, signed: bool = False, digits: int | None = None
    ) -> str:
        """An amount in the display digits of its currency, its code after it: ``1,234.50 USD``."""
        if value is None or value == "":
            return DASH
        shown = self.number(value, _currency_digits(currency) if digits is None and currency else digits, signed=signed)
        return f"{shown}\u00a0{currency}" if currency and shown != DASH else shown

    def price(self, value: Number | None, tick: Number | int | None = None) -> str:
        """A price with the decimals of its tick (a ``Decimal`` such as 0.00001) or a number of digits; never grouped."""
        if value is None or value == "":
            return DASH
        digits = tick if isinstance(tick, int) else _digits_of(tick)
        text = self.number(value, digits)
        return text.replace(_marks(self.language).group, "") if _marks(self.language).group else text

    def percent(self, value: Number | None, digits: int = 2, *, signed: bool = False) -> str:
        """A figure that is already in percent: 12.5 is written ``12.50 %``."""
        if value is None or value == "":
            return DASH
        return f"{self.number(value, digits, signed=signed)}\u00a0%"

    def compact(self, value: Number | None) -> str:
        """A large number in three figures with k, M or B, for tiles and axes."""
        if value is None or value == "":
            return DASH
        amount = _decimal(value)
        for limit, suffix in ((10**9, "B"), (10**6, "M"), (10**4, "k")):
            if abs(amount) >= limit:
                divided = amount / (1000 if suffix == "k" else limit)
                return self.number(divided, 1 if abs(divided) < 100 else 0) + suffix
        return self.number(amount, 0 if amount == amount.to_integral_value() else 2)

    def moment(self, value: datetime | int | None, style: str = "medium") -> str:
        """Date and time in the reader's zone; integers are epoch milliseconds (a feed's time)."""
        local = self._local(value)
        if local is None:
            return DASH
        if style == "short":
            return str(format_datetime(local, "d MMM HH:mm", locale=_locale(self.language)))
        return str(format_datetime(local, "d MMM y, HH:mm:ss", locale=_locale(self.language)))

    def day(self, value: datetime | int | None) -> str:
        """The date alone."""
        local = self._local(value)
        return DASH if local is None else str(format_date(local, "d MMM y", locale=_locale(self.language)))

    def clock(self, value: datetime | int | None) -> str:
        """The time of day alone, to the second."""
        local = self._local(value)
        return DASH if local is None else str(format_time(local, "HH:mm:ss", locale=_locale(self.language)))

    def iso(self, value: datetime | int | None) -> str:
        """RFC 3339 in UTC, for ``<time datetime>`` and programs."""
        local = self._local(value)
        return "" if local is None else local.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def span(self, value: timedelta | int | float | None) -> str:
        """A length of time (seconds or a timedelta) in its two largest units: ``3 d 4 h``."""
        if value is None:
            return DASH
        seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
        parts: list[str] = []
        for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
            count, seconds = divmod(seconds, size)
            if count:
                parts.append(f"{count}\u00a0{unit}")
        return " ".join(parts[:2]) or "0\u00a0s"

    def _local(self, value: datetime | int | None) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000, self.zone)
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(self.zone)


def _digits_of(tick: Number | None) -> int | None:
    if tick is None:
        return None
    exponent = _decimal(tick).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None


_current: ContextVar[Formatter] = ContextVar("formatter")


@lru_cache(maxsize=64)
def _spoken(tag: str) -> Formatter:
    return Formatter(tag)


def current_formatter() -> Formatter:
    """The formatter of the render under way; outside of one that of the language spoken, with times in UTC."""
    return _current.get(None) or _spoken(language())


@contextmanager
def bind_formatter(formatter: Formatter) -> Iterator[None]:
    """Make ``formatter`` the current one for the block."""
    token = _current.set(formatter)
    try:
        with speaking(formatter.language):
            yield
    finally:
        _current.reset(token)
