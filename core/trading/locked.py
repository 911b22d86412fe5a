"""Many accounts under their locks, with all that a decision on copying or risk needs: a fixed number of statements.

What is read here stays true until the transaction ends, since everything of an account is only changed under its lock.
Only quotes may move on, so an order that follows still says its limit.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from core.trading.booking.load import load_world, lock_accounts, open_positions
from core.trading.booking.rows import AccountRow, PositionRow
from core.trading.booking.views import World
from core.trading.rules.commission import commission
from core.trading.rules.conversion import NoConversionError
from core.trading.rules.margin import position_margin
from core.trading.rules.money import ZERO, subtract
from tenants.db import TenantSession

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """An open position. ``volume`` in lots."""

    id: UUID
    account_id: UUID
    symbol_id: UUID
    side: str
    volume: Decimal
    origin: str
    origin_id: UUID | None
    stop_loss: Decimal | None
    take_profit: Decimal | None


@dataclass(frozen=True, slots=True)
class LockedAccount:
    """An account under its lock. Money in its currency; ``equity`` is none while a position cannot be measured."""

    id: UUID
    account_type_id: UUID
    currency: str
    mode: str
    status: str
    customer_status: str
    balance: Decimal
    equity: Decimal | None
    free_margin: Decimal
    positions: tuple[HeldPosition, ...]


@dataclass(frozen=True, slots=True)
class MarketView:
    """A symbol for accounts of one type, now. Prices carry the mark-up; sizes are lots.

    :ivar at_ms: the feed's clock at the symbol, epoch milliseconds.
    :ivar problem: why no open would be accepted, none when it would: ``symbol_disabled``, ``symbol_close_only``,
        ``symbol_not_enabled``, ``market_closed``, ``quote_stale`` or ``no_conversion``.
    :ivar money_rate: worth of one unit of the quote currency in the account's, at the middle.
    :ivar margin_per_lot: what one lot binds at the ask, ``commission_per_lot`` what it is charged, in the account's currency.
    """

    symbol_id: UUID
    code: str
    asset_class: str
    base: str
    contract_size: Decimal
    tick: Decimal
    lot_step: Decimal
    min_lot: Decimal
    max_lot: Decimal
    leverage: Decimal
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    at_ms: int = 0
    money_rate: Decimal = ZERO
    margin_per_lot: Decimal = ZERO
    commission_per_lot: Decimal = ZERO
    problem: str | None = None


@dataclass(slots=True)
class LockedAccounts:
    """The accounts, and symbols as their types see them. Unknown ids are left out."""

    accounts: dict[UUID, LockedAccount]
    _world: World
    _markets: dict[tuple[UUID, UUID], MarketView] = field(default_factory=dict)

    def market(self, account_type_id: UUID, symbol_id: UUID) -> MarketView:
        """A symbol as accounts of a type see it. Raises ``KeyError`` for a symbol the tenant does not have."""
        known = self._markets.get((account_type_id, symbol_id))
        if known is None:
            known = self._markets[account_type_id, symbol_id] = _market(self._world, account_type_id, symbol_id)
        return known

    def symbol_id(self, code: str) -> UUID | None:
        """The tenant's symbol of that code."""
        return next((symbol.id for symbol in self._world.symbols.values() if symbol.code == code), None)

    def symbol_code(self, symbol_id: UUID) -> str:
        """A symbol's code. Raises ``KeyError`` for a symbol the tenant does not have."""
        return self._world.symbols[symbol_id].code

    def contract_size(self, symbol_id: UUID) -> Decimal:
        """Units of the base in one lot. Raises ``KeyError`` for a symbol the tenant does not have."""
        return self._world.symbols[symbol_id].contract_size

    def middle_rate(self, source: str, target: str) -> tuple[Decimal, Decimal] | None:
        """Worth of one unit of ``source`` in ``target`` at the middle, as a fraction; none where no symbol leads there."""
        rate = self._world.rate(source, target)
        return None if rate is None else (rate.middle_num, rate.middle_den)


def lock_accounts_with_markets(session: TenantSession, account_ids: Collection[UUID]) -> LockedAccounts:
    """Lock accounts in the order of their ids and read them, their open positions and the market, in five statements."""
    rows = lock_accounts(session, account_ids)
    world = load_world(session, {row.account_type_id for row in rows.values()})
    held: dict[UUID, list[PositionRow]] = {}
    for position in open_positions(session, list(rows)) if rows else ():
        held.setdefault(position.account_id, []).append(position)
    return LockedAccounts({key: _account(world, row, held.get(key, [])) for key, row in rows.items()}, world)


def _account(world: World, row: AccountRow, held: list[PositionRow]) -> LockedAccount:
    equity: Decimal | None = row.balance
    if held:
        try:
            exposures = [
                world.exposure(row.account_type_id, one.symbol_id, one.side, one.volume, one.open_price) for one in held
            ]
            equity = world.market.equity(row.balance, exposures)
        except (KeyError, NoConversionError):
            equity = None
    free = ZERO if equity is None else subtract(subtract(equity, row.margin), row.reserved)
    positions = tuple(
        HeldPosition(
            one.id,
            row.id,
            one.symbol_id,
            one.side,
            one.volume,
            one.origin,
            one.origin_id,
            one.stop_loss,
            one.take_profit,
        )
        for one in held
    )
    return LockedAccount(
        row.id,
        row.account_type_id,
        row.currency,
        row.mode,
        row.status,
        row.customer_status,
        row.balance,
        equity,
        free,
        positions,
    )


def _market(world: World, type_id: UUID, symbol_id: UUID) -> MarketView:
    terms, of_type = world.terms(type_id, symbol_id), world.types[type_id]
    symbol, problem = terms.symbol, None
    if symbol.status != "active":
        problem = "symbol_close_only" if symbol.status == "close_only" else "symbol_disabled"
    elif not terms.enabled:
        problem = "symbol_not_enabled"
    elif terms.closed or terms.prices is None:
        problem = terms.closed or "quote_stale"
    elif terms.rate is None:
        problem = "no_conversion"
    known = (
        symbol.id,
        symbol.code,
        symbol.asset_class,
        symbol.base,
        symbol.contract_size,
        symbol.tick,
        symbol.lot_step,
        symbol.min_lot,
        symbol.max_lot,
        terms.leverage,
    )
    quote, prices, rate = terms.quote, terms.prices, terms.rate
    if quote is None or prices is None or rate is None:
        return MarketView(*known, at_ms=quote.feed_ts_ms if quote else 0, problem=problem or "quote_stale")
    charge = commission(of_type.commission_kind, of_type.commission, _ONE, symbol.contract_size, prices.ask, rate)
    return MarketView(
        *known,
        bid=prices.bid,
        ask=prices.ask,
        at_ms=quote.feed_ts_ms,
        money_rate=rate.compare(_ONE),
        margin_per_lot=position_margin(_ONE, symbol.contract_size, prices.ask, terms.leverage, rate),
        commission_per_lot=charge,
        problem=problem,
    )
