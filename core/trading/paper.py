"""Accounts on paper: orders are decided and filled by the rules that hold for real ones, and nothing is written.

A paper account stands beside a real one and has its type, currency and standing, but money and positions of its own, which
the caller keeps. Everything fills at the house, on the quotes of now.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.booking import UnknownReferenceError, load
from core.trading.booking.account import AccountWork
from core.trading.booking.arrays import uuids
from core.trading.booking.batch import Batch
from core.trading.booking.engine import result_of
from core.trading.booking.place import Gates, place
from core.trading.booking.rows import AccountRow, PositionRow
from core.trading.booking.views import World
from core.trading.locked import LockedAccounts
from core.trading.rules.conversion import NoConversionError
from core.trading.rules.margin import Bound, account_margin
from core.trading.rules.money import ONE, ZERO
from core.trading.types import OrderRequest, OrderResult
from core.venues.port import HOUSE
from tenants.db import TenantSession


@dataclass(slots=True)
class PaperPosition:
    """A position on paper. Sizes in lots, money in the account's currency.

    :ivar close_price: of the last close, none before.
    """

    id: UUID
    symbol_id: UUID
    side: str
    volume: Decimal
    opened_volume: Decimal
    open_price: Decimal
    margin: Decimal
    realised: Decimal
    commission: Decimal
    owner_id: UUID
    opened_ts_ms: int
    closed_ts_ms: int | None = None
    close_price: Decimal | None = None


@dataclass(slots=True)
class PaperBook:
    """What a paper account has: its balance and its positions. ``account_id`` is the real account that it stands beside."""

    account_id: UUID
    balance: Decimal
    positions: list[PaperPosition] = field(default_factory=list)


_ROWS = text(
    "select a.id, a.account_type_id, a.currency, a.mode, a.balance, a.margin, a.reserved, a.fill_no, a.ledger_no,"
    " a.margin_called, a.watched, a.status, c.status"
    " from core.accounts a join tenants.customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id"
    " where a.id = any(cast(:ids as uuid[])) order by a.id"
)


class PaperAccounts(LockedAccounts):
    """Paper accounts, used as locked ones are. Whoever keeps their books locks them."""

    def __init__(self, session: TenantSession, batch: Batch) -> None:
        super().__init__(session, batch)
        self._close_prices: dict[UUID, Decimal] = {}

    def place_orders(self, requests: Sequence[OrderRequest]) -> list[OrderResult]:
        """Decide and fill orders on the quotes that were read. Nothing waits on paper: a close that cannot fill is rejected.

        A close fills at the last price also while the market is closed.
        """
        modules = load.module_states(self._session, {one.origin.module for one in requests if one.origin.module})
        gates = Gates(load.tenant_active(self._session), modules)
        results = []
        for request in requests:
            account = self._batch.accounts[request.account_id]
            row = place(account, self._now(account, request), gates)
            if row.status == "waiting":
                row.status = "rejected"
                account.orders.pop(row.id)
            for fill in row.fills:
                if fill.effect in ("reduce", "close"):
                    self._close_prices[fill.position_id] = fill.price
            account.lift(row.placed_ts_ms)
            results.append(result_of(row))
        return results

    def floating(self, account_id: UUID, position_id: UUID) -> Decimal | None:
        """P&L of an open position at the quotes that were read; none where it is not open or cannot be measured now."""
        account = self._batch.accounts[account_id]
        held = account.positions.get(position_id)
        if held is None:
            return None
        try:
            exposure = account.terms(held.symbol_id).exposure(held.side, held.volume, held.open_price)
            return self._world.market.equity(ZERO, [exposure])
        except (KeyError, NoConversionError):
            return None

    def books(self) -> dict[UUID, PaperBook]:
        """The accounts as they are now, by account; closed positions among their positions."""
        books = {}
        for key, account in self._batch.accounts.items():
            rows = [*account.positions.values(), *account.closed]
            positions = [self._position(row) for row in rows]
            books[key] = PaperBook(key, account.row.balance, positions)
        return books

    def _position(self, row: PositionRow) -> PaperPosition:
        assert row.origin_id is not None  # noqa: S101 - every paper position has an owner
        return PaperPosition(
            row.id, row.symbol_id, row.side, row.volume, row.opened_volume, row.open_price, row.margin, row.realised,
            row.commission, row.origin_id, row.opened_ts_ms, row.closed_ts_ms, self._close_prices.get(row.id),
        )  # fmt: skip

    def _now(self, account: AccountWork, request: OrderRequest) -> OrderRequest:
        terms = account.terms(request.symbol_id)
        if not request.reduce_only or not terms.closed or terms.prices is None:
            return request
        return replace(request, fill_price=terms.prices.executable(request.side))


def paper_accounts(session: TenantSession, books: Collection[PaperBook], *, origin: str = "copy") -> PaperAccounts:
    """Paper accounts with all that decisions about them need; a fixed number of statements, no locks.

    :raises UnknownReferenceError: for an account that the tenant does not have.
    """
    rows = {row[0]: AccountRow(*row) for row in session.execute(_ROWS, {"ids": uuids(one.account_id for one in books)})}
    for book in books:
        if book.account_id not in rows:
            raise UnknownReferenceError(f"no such account: {book.account_id}")
    world = _at_the_house(load.load_world(session, {row.account_type_id for row in rows.values()}))
    batch = Batch(world)
    for book in books:
        row = rows[book.account_id]
        row.balance, row.reserved, row.margin_called, row.watched = book.balance, ZERO, False, False
        row.margin = account_margin(Bound(one.symbol_id, one.side, one.margin) for one in book.positions)
        held = [_row(row.id, one, origin) for one in book.positions]
        batch.accounts[row.id] = AccountWork(batch, row, held, (), {})
    return PaperAccounts(session, batch)


def _at_the_house(world: World) -> World:
    """Venues elsewhere are not asked."""
    for key, symbol in list(world.symbols.items()):
        if symbol.venue != HOUSE:
            world.symbols[key] = replace(symbol, venue=HOUSE)
    return world


def _row(account_id: UUID, one: PaperPosition, origin: str) -> PositionRow:
    return PositionRow(
        one.id, account_id, one.symbol_id, one.side, one.volume, one.opened_volume, one.open_price, one.margin, ONE,
        None, None, one.realised, one.commission, ZERO, origin, one.owner_id, one.opened_ts_ms,
    )  # fmt: skip
