"""Current quotes for many accounts at once, and rates between currencies."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.booking.arrays import uuids
from core.trading.booking.load import load_world
from core.trading.rules.money import divide
from core.trading.types import QuoteView
from tenants.db import TenantSession

Pair = tuple[UUID, UUID]
"""An account and a symbol."""


def quotes_of_pairs(session: TenantSession, pairs: Collection[Pair]) -> dict[Pair, QuoteView]:
    """The current quotes as each account sees its symbol, a fixed number of statements for any number of pairs.

    Pairs without a quote, or of accounts or symbols that the tenant does not have, are left out.
    """
    rows = session.execute(
        text("select id, account_type_id from core.accounts where id = any(cast(:ids as uuid[]))"),
        {"ids": uuids({account_id for account_id, _ in pairs})},
    )
    types: dict[UUID, UUID] = {row.id: row.account_type_id for row in rows}
    if not types:
        return {}
    world = load_world(session, set(types.values()))
    known: dict[Pair, QuoteView | None] = {}
    views: dict[Pair, QuoteView] = {}
    for account_id, symbol_id in pairs:
        type_id = types.get(account_id)
        if type_id is None or symbol_id not in world.symbols:
            continue
        seen = (type_id, symbol_id)
        if seen not in known:
            terms = world.terms(type_id, symbol_id)
            known[seen] = (
                None
                if terms.quote is None or terms.prices is None
                else QuoteView(
                    symbol_id,
                    terms.quote.seq,
                    terms.quote.ts_ms,
                    terms.prices.bid,
                    terms.prices.ask,
                    terms.closed is None,
                    terms.closed,
                )
            )
        if (view := known[seen]) is not None:
            views[account_id, symbol_id] = view
    return views


def middle_rate(session: TenantSession, source: str, target: str) -> Decimal | None:
    """Worth of one unit of ``source`` in ``target`` at the middle of the current quotes; none where no symbol leads there."""
    return middle_rates(session, [source], target).get(source)


def middle_rates(session: TenantSession, sources: Collection[str], target: str) -> dict[str, Decimal]:
    """Worth of one unit of each currency in ``target``, as :func:`middle_rate`; currencies without a rate are left out."""
    found = {source: Decimal(1) for source in sources if source == target}
    if len(found) < len(set(sources)):
        world = load_world(session, ())
        for source in set(sources) - {target}:
            rate = world.rate(source, target)
            if rate is not None:
                found[source] = divide(rate.middle_num, rate.middle_den)
    return found
