"""Paper copies: a subscription that takes every decision a live one takes, keeps its own P&L and sends no order.

It counts neither as a follower nor as assets under copy. Its stops are the master's: a copy's stop-loss and take-profit sit at
the master's prices, so what they would close is closed with the master's position.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text, update

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.trading import PaperAccounts, paper_accounts
from plugins.copy_trading.models import MockAccount, MockPosition, Subscription
from plugins.copy_trading.replication.existing import take_over
from plugins.copy_trading.replication.orders import closing_orders
from plugins.copy_trading.replication.paper import books_of, open_books, write_books
from plugins.copy_trading.replication.read import live_links
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.numbers import ZERO
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import LIVE, SubscriptionStatus
from plugins.copy_trading.services.errors import RefusedError
from plugins.copy_trading.services.following import begin, check, choices_of, follow, followable
from plugins.copy_trading.services.locking import hold, lock_accounts, lock_cursors


def start(
    session: TenantSession,
    settings: CopyTradingSettings,
    *,
    customer_id: UUID,
    account_id: UUID,
    master_id: UUID,
    choices: Choices,
    invite_code: str = "",
    paper: Decimal | None = None,
) -> Subscription:
    """Start copying on paper, beside an account whose type, currency and conditions hold.

    ``paper`` is the money to begin with; none: the account's equity. No fee is charged and no risk notice is due.

    :raises NotFoundError: for a master that may not be seen.
    :raises RefusedError: where a gate or a bound holds, with the remedy.
    """
    hold(session)
    master = followable(session, master_id, invite_code)
    check(session, settings, master, customer_id, account_id, choices, mock=True)
    if paper is None:
        paper = lock_accounts(session, [master.account_id, account_id]).accounts[account_id].equity
        if paper is None or paper <= ZERO:
            raise RefusedError(
                "no_equity", _("This account has no equity now: choose how much paper money to begin with.")
            )
    elif paper <= ZERO:
        raise RefusedError("no_equity", _("Choose how much paper money to begin with."))
    subscription = begin(session, settings, master, customer_id, account_id, choices, paper=paper)
    session.add(MockAccount(subscription_id=subscription.id, start=paper, balance=paper))
    session.flush()
    if choices.existing_positions != "ignore":
        take_over(session, settings, subscription, any_price=choices.existing_positions == "all")
    return subscription


def stop(session: TenantSession, ids: Collection[UUID]) -> int:
    """Stop paper copies and close what they hold on paper, at the prices of now. How many were stopped.

    What has no price now is given up at its open price.
    """
    if not ids:
        return 0
    hold(session)
    lock_cursors(session, ids)
    query = select(Subscription).where(
        Subscription.id.in_(ids), Subscription.mock, Subscription.status.in_((*LIVE, SubscriptionStatus.STOPPING))
    )
    copies = {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}
    for members in _groups([(one.id, one.account_id) for one in copies.values()]):
        books = open_books(session, members)
        held = {one.id: one.volume for account in books.accounts.values() for one in account.positions}
        orders = [
            order
            for link in live_links(session, [key for key, _account in members])
            for order in closing_orders(
                session.tenant_id, link, sum((held.get(one, ZERO) for one in link.position_ids), ZERO), 0, held
            )
        ]
        books.place_orders(orders)
        write_books(session, books, {account_id: key for key, account_id in members})
    session.execute(
        update(MockPosition)
        .where(MockPosition.subscription_id.in_(copies), MockPosition.closed_ts_ms.is_(None))
        .values(volume=0, margin=0, close_price=MockPosition.open_price, closed_ts_ms=MockPosition.opened_ts_ms)
    )
    session.execute(
        text(
            "update copy_trading.links set state = 'closed', held = 0, target = 0"
            " where subscription_id = any(cast(:ids as uuid[])) and state = 'live'"
        ),
        {"ids": uuids(copies)},
    )
    for one in copies.values():
        one.status, one.stop_choice, one.stopped_at = (
            SubscriptionStatus.STOPPED,
            "close_all",
            session.scalar(func.now()),
        )
        one.fee_settled = True
    session.flush()
    return len(copies)


def convert(
    session: TenantSession,
    settings: CopyTradingSettings,
    subscription: Subscription,
    *,
    confirmed: bool,
    invite_code: str = "",
    seen_fee: Decimal | None = None,
) -> Subscription:
    """End a paper copy and follow with its settings for real: through every gate of a follow, from the master's next trade.

    Paper positions are not taken over; whoever wants the master's open positions says so in the settings.
    """
    if not subscription.mock or subscription.status not in LIVE:
        raise RefusedError("not_on_paper", _("Only a paper copy that is running can go live."))
    choices, account_id = choices_of(subscription), subscription.account_id
    master_id, customer_id = subscription.master_id, subscription.customer_id
    made = follow(
        session, settings, customer_id=customer_id, account_id=account_id, master_id=master_id, choices=choices,
        confirmed=confirmed, invite_code=invite_code, seen_fee=seen_fee,
    )  # fmt: skip
    stop(session, [subscription.id])
    return made


def _groups(members: Collection[tuple[UUID, UUID]]) -> list[list[tuple[UUID, UUID]]]:
    """Groups of (subscription, account) in which each account comes once: books are kept by account."""
    groups: list[dict[UUID, UUID]] = []
    for key, account_id in members:
        group = next((known for known in groups if account_id not in known), None)
        if group is None:
            group = {}
            groups.append(group)
        group[account_id] = key
    return [[(key, account_id) for account_id, key in group.items()] for group in groups]


@dataclass(frozen=True, slots=True)
class MockFigures:
    """A paper copy's money, in its account's currency.

    :ivar equity: none while a position cannot be measured.
    :ivar pnl: what it has earned on paper, realised and floating; commissions are off.
    """

    currency: str
    start: Decimal
    balance: Decimal
    equity: Decimal | None
    margin: Decimal
    notional: Decimal
    positions: int

    @property
    def realised(self) -> Decimal:
        """What is on the balance."""
        return self.balance - self.start

    @property
    def pnl(self) -> Decimal | None:
        """Equity less the money that it began with."""
        return None if self.equity is None else self.equity - self.start

    @property
    def level(self) -> Decimal | None:
        """Margin level, percent; none without margin."""
        return self.equity * 100 / self.margin if self.margin and self.equity is not None else None


def figures(session: TenantSession, ids: Collection[UUID]) -> dict[UUID, MockFigures]:
    """Money of paper copies at the quotes of now, by subscription; a fixed number of statements, no locks."""
    rows = session.execute(
        select(Subscription.id, Subscription.account_id, MockAccount.start)
        .join(MockAccount, MockAccount.subscription_id == Subscription.id)
        .where(Subscription.id.in_(ids))
    ).all()
    found = {}
    for group in _groups([(row.id, row.account_id) for row in rows]):
        books = paper_accounts(session, books_of(session, group))
        for key, account_id in group:
            found[key] = _figures(books, account_id, next(row.start for row in rows if row.id == key))
    return found


def _figures(books: PaperAccounts, account_id: UUID, start: Decimal) -> MockFigures:
    account = books.accounts[account_id]
    return MockFigures(
        account.currency, start, account.balance, account.equity, account.margin, books.notional(account_id),
        len(account.positions),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MockLine:
    """A paper position as people read it; ``pnl`` net of commission, floating included."""

    id: UUID
    symbol: str
    side: str
    volume: Decimal
    opened_volume: Decimal
    open_price: Decimal
    close_price: Decimal | None
    pnl: Decimal
    opened_ts_ms: int
    closed_ts_ms: int | None


def positions(session: TenantSession, subscription_id: UUID, limit: int = 200) -> list[MockLine]:
    """The positions of a paper copy: the open ones, then the newest closed."""
    [account_id] = session.scalars(select(Subscription.account_id).where(Subscription.id == subscription_id)).all()
    books = paper_accounts(session, books_of(session, [(subscription_id, account_id)]))
    rows = session.execute(
        text(
            "select p.id, y.code, p.side, p.volume, p.opened_volume, p.open_price, p.close_price,"
            " p.realised - p.commission as net, p.opened_ts_ms, p.closed_ts_ms"
            " from copy_trading.mock_positions p join core.symbols y on y.id = p.symbol_id"
            " where p.subscription_id = :id order by p.closed_ts_ms is not null, p.closed_ts_ms desc, p.opened_ts_ms desc"
            " limit :limit"
        ),
        {"id": subscription_id, "limit": limit},
    )
    return [
        MockLine(
            row.id,
            row.code,
            row.side,
            row.volume,
            row.opened_volume,
            row.open_price,
            row.close_price,
            row.net + (books.floating(account_id, row.id) or ZERO),
            row.opened_ts_ms,
            row.closed_ts_ms,
        )
        for row in rows
    ]
