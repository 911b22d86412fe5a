"""Accounts and quotes as they are now, read without locks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.booking import UnknownReferenceError
from core.trading.booking.arrays import uuids
from core.trading.booking.load import load_world, open_positions
from core.trading.booking.rows import PositionRow
from core.trading.booking.views import World
from core.trading.rules.conversion import NoConversionError
from core.trading.rules.money import ZERO, add, multiply, round_amount, subtract
from core.trading.rules.pnl import notional
from core.trading.rules.risk import margin_level
from core.trading.types import AccountState, QuoteView
from tenants.db import TenantSession

_HUNDRED = Decimal(100)


def account_states(session: TenantSession, account_ids: Iterable[UUID]) -> dict[UUID, AccountState]:
    """The accounts at the current quotes, four statements for any number. Unknown ids are left out.

    A position that cannot be measured now counts with no floating P&L. `notional` converts at the middle.
    """
    rows = session.execute(
        text(
            "select id, account_type_id, currency, balance, margin, reserved from core.accounts"
            " where id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids(account_ids)},
    ).all()
    if not rows:
        return {}
    world = load_world(session, {row.account_type_id for row in rows})
    held: dict[UUID, list[PositionRow]] = {}
    for position in open_positions(session, [row.id for row in rows]):
        held.setdefault(position.account_id, []).append(position)
    states = {}
    for row in rows:
        floating = value = ZERO
        for position in held.get(row.id, ()):
            floating = add(floating, floating_of(world, row.account_type_id, position) or ZERO)
            value = add(value, _notional(world, row.account_type_id, row.currency, position))
        equity = add(row.balance, floating)
        level = margin_level(equity, row.margin)
        states[row.id] = AccountState(
            row.id, row.currency, row.balance, floating, equity, row.margin, row.reserved,
            subtract(subtract(equity, row.margin), row.reserved),
            None if level is None else round_amount(multiply(level, _HUNDRED)), value,
        )  # fmt: skip
    return states


def quotes(
    session: TenantSession, account_id: UUID, symbol_ids: Collection[UUID] | None = None
) -> dict[UUID, QuoteView]:
    """The current quotes as an account sees them, by symbol; none asked for: all. Symbols without a quote are left out.

    :raises UnknownReferenceError: for an account that the tenant does not have.
    """
    type_id = session.execute(
        text("select account_type_id from core.accounts where id = :id"), {"id": account_id}
    ).scalar_one_or_none()
    if type_id is None:
        raise UnknownReferenceError(f"no such account: {account_id}")
    world = load_world(session, [type_id])
    views = {}
    for symbol_id in world.symbols if symbol_ids is None else symbol_ids:
        if symbol_id not in world.symbols:
            continue
        terms = world.terms(type_id, symbol_id)
        if terms.quote is not None and terms.prices is not None:
            views[symbol_id] = QuoteView(
                symbol_id, terms.quote.seq, terms.quote.ts_ms, terms.prices.bid, terms.prices.ask,
                terms.closed is None, terms.closed,
            )  # fmt: skip
    return views


def floating_of(world: World, type_id: UUID, position: PositionRow) -> Decimal | None:
    """The P&L of an open position in its account's currency; none when it cannot be measured now."""
    try:
        return world.market.floating(
            world.exposure(type_id, position.symbol_id, position.side, position.volume, position.open_price)
        )
    except (KeyError, NoConversionError):
        return None


def _notional(world: World, type_id: UUID, currency: str, position: PositionRow) -> Decimal:
    """volume × contract × middle price, at the conversion's middle; at the open price while there is no quote."""
    symbol = world.symbols[position.symbol_id]
    prices = world.terms(type_id, position.symbol_id).prices
    value = notional(position.volume, symbol.contract_size, position.open_price if prices is None else prices.middle)
    rate = world.rate(symbol.quote, currency)
    return ZERO if rate is None else rate.compare(value)
