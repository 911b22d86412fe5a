"""The rules of a symbol for an account, and its quote, as strategies see them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.money import round_amount
from core.sdk.prices import middle_rate
from core.sdk.trading import QuoteView, quotes
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import Market, Quote

__all__ = ["Place", "find_place", "quote_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bot runs: an account and a symbol, with their rules and the current quote.

    :ivar quote: none while the symbol has no price yet.
    :ivar problem: why nothing can be opened now: ``market_closed``, ``quote_stale``, ``symbol_disabled`` and the like.
    """

    account_id: UUID
    account_number: str
    account_currency: str
    customer_id: UUID
    symbol_id: UUID
    symbol_code: str
    demo: bool
    market: Market
    quote: Quote | None
    problem: str | None


_LONG_MS = 10**12

_PLACE = text("""
select a.id as account_id, a.number, a.currency, a.customer_id, a.mode, a.status as account_status,
  t.leverage as type_leverage, t.commission_kind, t.commission, t.demo, t.status as type_status,
  s.id as symbol_id, s.code, s.quote, s.contract_size, s.tick, s.pip, s.staleness_ms, s.lot_step, s.min_lot, s.max_lot, s.min_notional,
  s.status as symbol_status, x.leverage as symbol_leverage, coalesce(x.enabled, false) as enabled
from core.accounts a
join core.account_types t on t.id = a.account_type_id
join core.symbols s on s.id = :symbol_id
left join core.account_type_symbols x on x.account_type_id = t.id and x.symbol_id = s.id
where a.id = :account_id
""")


def find_place(session: TenantSession, account_id: UUID, symbol_id: UUID) -> Place | None:
    """The account and symbol of this tenant; none where it has not both."""
    row = session.execute(_PLACE, {"account_id": account_id, "symbol_id": symbol_id}).one_or_none()
    if row is None:
        return None
    view = quotes(session, account_id, [symbol_id]).get(symbol_id)
    fee_per_lot = _fee_per_lot(session, row)
    return Place(
        account_id=row.account_id,
        account_number=row.number,
        account_currency=row.currency,
        customer_id=row.customer_id,
        symbol_id=row.symbol_id,
        symbol_code=row.code,
        demo=row.demo,
        market=_market(row, ZERO if fee_per_lot is None else fee_per_lot),
        quote=None if view is None else quote_of(view),
        problem=_problem(row, view) or ("no_conversion" if fee_per_lot is None else None),
    )


def quote_of(view: QuoteView) -> Quote:
    """A quote as strategies see it."""
    # A view says that a quote is stale, not since when: so the clock is put past every limit.
    clock_ms = view.ts_ms + _LONG_MS if view.reason == "quote_stale" else None
    return Quote(bid=view.bid, ask=view.ask, ts_ms=view.ts_ms, seq=view.seq, clock_ms=clock_ms)


def _fee_per_lot(session: TenantSession, row: Any) -> Decimal | None:
    """The commission of a lot and side in the quote currency, at the middle rate of now; none where no rate leads there."""
    if row.commission_kind != "per_lot" or not row.commission:
        return ZERO
    rate = middle_rate(session, row.currency, row.quote)
    return None if rate is None else round_amount(row.commission * rate)


def _market(row: Any, fee_per_lot: Decimal) -> Market:
    percent = row.commission_kind == "percent"
    # The smaller one counts, as for every position.
    leverage = row.type_leverage if row.symbol_leverage is None else min(row.type_leverage, row.symbol_leverage)
    return Market(
        tick=row.tick,
        lot_step=row.lot_step,
        contract=row.contract_size,
        min_lot=row.min_lot,
        max_lot=row.max_lot,
        min_notional=row.min_notional,
        fee_rate=row.commission / Decimal(100) if percent else ZERO,
        fee_per_lot=fee_per_lot,
        currency=row.quote,
        account_currency=row.currency,
        hedging=row.mode == "hedging",
        leverage=leverage,
        pip=row.pip,
        staleness_ms=row.staleness_ms,
    )


def _problem(row: Any, view: QuoteView | None) -> str | None:
    if row.account_status != "active":
        return "account_close_only" if row.account_status == "close_only" else "account_disabled"
    if row.type_status != "active":
        return "account_type_disabled"
    if row.symbol_status != "active":
        return "symbol_close_only" if row.symbol_status == "close_only" else "symbol_disabled"
    if not row.enabled:
        return "symbol_not_enabled"
    if view is None:
        return "quote_stale"
    return view.reason
