"""Amounts of bots in different quote currencies, told in the brokerage's main currency: converted by a named rate, or left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.sdk.data import TenantSession
from core.sdk.money import reporting_currency
from core.sdk.prices import middle_rates

__all__ = ["Rates", "rates_of"]


@dataclass(frozen=True, slots=True)
class Rates:
    """Worth of one unit of each currency in ``currency``, at the middle of the current quotes.

    :ivar missing: currencies from which no symbol of the brokerage leads there.
    """

    currency: str
    rates: Mapping[str, Decimal]
    missing: tuple[str, ...] = ()

    @property
    def foreign(self) -> list[tuple[str, Decimal]]:
        """The rates that convert, by currency."""
        return sorted((code, rate) for code, rate in self.rates.items() if code != self.currency)


def rates_of(session: TenantSession, currencies: Collection[str]) -> Rates:
    """The rates of currencies to the brokerage's main one."""
    target = reporting_currency(session)
    found = middle_rates(session, currencies, target)
    return Rates(target, found, tuple(sorted(set(currencies) - found.keys())))
