"""What a position would come to at a price, for who is about to open it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from core.trading.booking.load import load_world
from core.trading.rules.money import multiply, subtract
from core.trading.services.prices import middle_rate
from tenants.db import TenantSession


def profits_at(
    session: TenantSession,
    symbol_id: UUID,
    currency: str,
    side: str,
    volume: Decimal,
    entry: Decimal,
    prices: dict[str, Decimal],
) -> dict[str, Decimal]:
    """The gross profit of ``volume`` lots opened at ``entry`` and closed at each of the named prices, in ``currency``.

    volume × contract × (close − open), against it for a sale, converted at the middle of the current quotes; empty without
    a symbol or a rate.
    """
    symbol = load_world(session, ()).symbols.get(symbol_id)
    rate = middle_rate(session, symbol.quote, currency) if symbol else None
    if symbol is None or rate is None:
        return {}
    lots = multiply(volume, symbol.contract_size)
    found = {}
    for name, price in prices.items():
        move = subtract(price, entry) if side == "buy" else subtract(entry, price)
        found[name] = multiply(multiply(lots, move), rate)
    return found
