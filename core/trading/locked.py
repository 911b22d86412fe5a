"""Many accounts under their locks, with all that a decision on copying or risk needs: a fixed number of statements.

What is read here stays true until the transaction ends, since everything of an account is only changed under its lock.
Only quotes may move on, so an order that follows still says its limit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from core.trading.booking import book, open_batch
from core.trading.booking.account import AccountWork
from core.trading.booking.batch import Batch
from core.trading.booking.views import World
from core.trading.rules.commission import commission
from core.trading.rules.margin import position_margin
from core.trading.rules.money import ZERO, subtract
from core.trading.types import OrderRequest, OrderResult
from tenants.db import TenantSession

_ONE = Decimal(1)


class HeldPosition(Protocol):
    """An open position, as it is at the moment of looking. ``volume`` in lots."""

    @property
    def id(self) -> UUID: ...
    @property
    def symbol_id(self) -> UUID: ...
    @property
    def side(self) -> str: ...
    @property
    def volume(self) -> Decimal: ...
    @property
    def open_price(self) -> Decimal: ...
    @property
    def origin(self) -> str: ...
    @property
    def origin_id(self) -> UUID | None: ...


class LockedAccount:
    """An account under its lock, as it is at the moment of looking: orders placed through it are in its figures at once.

    Money in its currency.
    """

    __slots__ = ("_work",)

    def __init__(self, work: AccountWork) -> None:
        self._work = work

    @property
    def id(self) -> UUID:
        return self._work.row.id

    @property
    def account_type_id(self) -> UUID:
        return self._work.row.account_type_id

    @property
    def currency(self) -> str:
        return self._work.row.currency

    @property
    def mode(self) -> str:
        """``hedging`` or ``netting``."""
        return self._work.row.mode

    @property
    def status(self) -> str:
        """``active``, ``close_only`` or ``disabled``."""
        return self._work.row.status

    @property
    def customer_status(self) -> str:
        """``new``, ``verified`` or ``blocked``."""
        return self._work.row.customer_status

    @property
    def balance(self) -> Decimal:
        return self._work.row.balance

    @property
    def equity(self) -> Decimal | None:
        """Balance + floating P&L; none while a position cannot be measured."""
        return self._work.equity()

    @property
    def free_margin(self) -> Decimal:
        """Equity − margin − reservations; 0 while the equity is not known."""
        row, equity = self._work.row, self._work.equity()
        return ZERO if equity is None else subtract(subtract(equity, row.margin), row.reserved)

    @property
    def margin(self) -> Decimal:
        """What the open positions bind."""
        return self._work.row.margin

    def opening(self, origin_id: UUID) -> int:
        """How many orders of an origin are on their way to open something."""
        return sum(order.origin_id == origin_id and not order.reduce_only for order in self._work.orders.values())

    def is_closing(self, position_id: UUID) -> bool:
        """Whether an order that closes a position waits or is on its way."""
        return any(order.position_id == position_id and order.reduce_only for order in self._work.orders.values())

    @property
    def positions(self) -> Collection[HeldPosition]:
        """The open positions, the oldest first."""
        return self._work.positions.values()


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


class LockedAccounts:
    """Accounts under their locks, and symbols as their types see them."""

    def __init__(self, session: TenantSession, batch: Batch) -> None:
        self._session, self._batch, self._world = session, batch, batch.world
        self.accounts = {key: LockedAccount(work) for key, work in batch.accounts.items()}
        self._markets: dict[tuple[UUID, UUID], MarketView] = {}

    def place_orders(self, requests: Sequence[OrderRequest]) -> list[OrderResult]:
        """Place orders of these accounts on the quotes that were read with them, as the service ``place_orders`` does."""
        return book(self._session, requests, batch=self._batch)

    def market(self, account_type_id: UUID, symbol_id: UUID) -> MarketView:
        """A symbol as accounts of a type see it. Raises ``KeyError`` for a symbol the tenant does not have."""
        known = self._markets.get((account_type_id, symbol_id))
        if known is None:
            known = self._markets[account_type_id, symbol_id] = _market(self._world, account_type_id, symbol_id)
        return known

    def notional(self, account_id: UUID) -> Decimal:
        """Value of an account's open positions at the middle, in its currency; what has no quote counts nothing."""
        account = self.accounts[account_id]
        total = ZERO
        for held in account.positions:
            market = self.market(account.account_type_id, held.symbol_id)
            total += held.volume * market.contract_size * (market.bid + market.ask) / 2 * market.money_rate
        return total

    def symbol_id(self, code: str) -> UUID | None:
        """The tenant's symbol of that code."""
        return next((symbol.id for symbol in self._world.symbols.values() if symbol.code == code), None)

    def symbol_code(self, symbol_id: UUID) -> str:
        """A symbol's code. Raises ``KeyError`` for a symbol the tenant does not have."""
        return self._world.symbols[symbol_id].code

    def contract_size(self, symbol_id: UUID) -> Decimal:
        """Units of the base in one lot. Raises ``KeyError`` for a symbol the tenant does not have."""
        return self._world.symbols[symbol_id].contract_size

    def quote_currency(self, symbol_id: UUID) -> str:
        """The currency that a symbol is priced in. Raises ``KeyError`` for a symbol the tenant does not have."""
        return self._world.symbols[symbol_id].quote

    def middle_rate(self, source: str, target: str) -> tuple[Decimal, Decimal] | None:
        """Worth of one unit of ``source`` in ``target`` at the middle, as a fraction; none where no symbol leads there."""
        rate = self._world.rate(source, target)
        return None if rate is None else (rate.middle_num, rate.middle_den)


def lock_accounts_with_markets(session: TenantSession, account_ids: Collection[UUID]) -> LockedAccounts:
    """Lock accounts in the order of their ids and read all that decisions about them need, a fixed number of statements.

    :raises UnknownReferenceError: for an account that the tenant does not have.
    """
    return LockedAccounts(session, open_batch(session, account_ids))


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
