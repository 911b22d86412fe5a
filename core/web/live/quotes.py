"""The current quotes as customers see them, written once for each kind of account and sent to all its pages."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from core.trading.rules.quotes import customer_prices, markup_offset
from core.web.formats import Formatter
from core.web.live.listener import Group, encode_event
from core.web.page import formatter_for

if TYPE_CHECKING:
    from core.platform import Platform

__all__ = ["QuoteBoard"]

TERMS_S = 3.0
"""Seconds for which symbols and mark-ups are kept before they are read again."""

_TERMS = text(
    """
    select s.code, s.instrument_id, s.tick, s.pip, coalesce(ts.markup, t.markup) * s.pip as markup
    from core.account_types t
    join core.account_type_symbols ts on (ts.tenant_id, ts.account_type_id) = (t.tenant_id, t.id) and ts.enabled
    join core.symbols s on (s.tenant_id, s.id) = (ts.tenant_id, ts.symbol_id) and s.status <> 'disabled'
    where t.id = :type
    order by s.code
    """
)
_QUOTES = text("select instrument_id, seq, ts_ms, bid, ask from core.quotes where instrument_id = any(:ids)")


@dataclass(frozen=True)
class _Terms:
    code: str
    instrument_id: UUID
    tick: Decimal
    pip: Decimal
    offset: int


class QuoteBoard:
    """What was last sent of each group. Used by one thread at a time."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._terms: dict[tuple[UUID, UUID], tuple[float, list[_Terms]]] = {}
        self._seen: dict[Group, dict[str, int]] = {}
        self._last: dict[Group, dict[str, bytes]] = {}

    def forget(self) -> None:
        """Nobody looks: what was sent is of no more use."""
        self._seen.clear()
        self._last.clear()

    def present(self, group: Group) -> list[bytes]:
        """What a page that comes later is sent at once."""
        found = self._last.get(group)
        return [b"".join(found.values())] if found else []

    def look(self, groups: Collection[Group]) -> Mapping[Group, Mapping[str, bytes]]:
        """Messages for the quotes that have changed since the last look, by group and symbol."""
        terms = {group: self._terms_of(group) for group in groups}
        instruments = list({item.instrument_id for items in terms.values() for item in items})
        if not instruments:
            return {}
        any_tenant = next(iter(groups)).tenant_id
        with self._platform.database.tenant(any_tenant) as session:
            quotes = {row.instrument_id: row for row in session.execute(_QUOTES, {"ids": instruments})}
        changed: dict[Group, dict[str, bytes]] = {}
        for group, items in terms.items():
            formatter = formatter_for(group.language, group.time_zone)
            seen, last = self._seen.setdefault(group, {}), self._last.setdefault(group, {})
            for item in items:
                quote = quotes.get(item.instrument_id)
                if quote is None or seen.get(item.code) == quote.seq:
                    continue
                seen[item.code] = quote.seq
                last[item.code] = changed.setdefault(group, {})[item.code] = _message(item, quote, formatter)
        return changed

    def _terms_of(self, group: Group) -> list[_Terms]:
        key = (group.tenant_id, group.account_type_id)
        known = self._terms.get(key)
        now = time.monotonic()
        if known and known[0] > now:
            return known[1]
        with self._platform.database.tenant(group.tenant_id) as session:
            rows = session.execute(_TERMS, {"type": group.account_type_id})
            found = [_Terms(r.code, r.instrument_id, r.tick, r.pip, markup_offset(r.markup, r.tick)) for r in rows]
        self._terms[key] = (now + TERMS_S, found)
        return found


def _message(terms: _Terms, quote: Any, formatter: Formatter) -> bytes:
    prices = customer_prices(quote.bid, quote.ask, terms.offset, terms.tick)
    spread = formatter.number((prices.ask - prices.bid) / terms.pip, 1)
    row = [
        terms.code,
        formatter.price(prices.bid, terms.tick),
        formatter.price(prices.ask, terms.tick),
        spread,
        formatter.clock(quote.ts_ms),
        quote.ts_ms,
        float(prices.bid),
        float(prices.ask),
    ]
    return encode_event("quotes", [row])
