"""The books of paper copies: read for a chunk, used as locked accounts are, written back at its end.

Their cursors' locks are the books' locks, so no account waits for a copy that sends no order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import numbers, texts, uuids
from core.sdk.data import TenantSession
from core.sdk.trading import PaperAccounts, PaperBook, PaperPosition, paper_accounts


def open_books(session: TenantSession, members: Collection[tuple[UUID, UUID]]) -> PaperAccounts:
    """The paper accounts of (subscription, account) pairs, by account; each account comes once, as it does for a master."""
    return paper_accounts(session, books_of(session, members))


def books_of(session: TenantSession, members: Collection[tuple[UUID, UUID]]) -> list[PaperBook]:
    """The books of paper copies as they are stored."""
    ids = {"ids": uuids(subscription_id for subscription_id, _ in members)}
    balances = session.execute(
        text(
            "select subscription_id, balance from copy_trading.mock_accounts"
            " where subscription_id = any(cast(:ids as uuid[]))"
        ),
        ids,
    )
    accounts = dict(members)
    books = {row[0]: PaperBook(accounts[row[0]], row[1]) for row in balances}
    rows = session.execute(
        text(
            "select subscription_id, id, symbol_id, side, volume, opened_volume, open_price, margin, realised, commission,"
            " subscription_id, opened_ts_ms from copy_trading.mock_positions"
            " where subscription_id = any(cast(:ids as uuid[])) and closed_ts_ms is null order by opened_ts_ms, id"
        ),
        ids,
    )
    for row in rows:
        books[row[0]].positions.append(PaperPosition(*row[1:]))
    return list(books.values())


def write_books(session: TenantSession, paper: PaperAccounts, members: Mapping[UUID, UUID]) -> None:
    """Store what has become of paper accounts; ``members`` are subscriptions by account."""
    books = paper.books()
    _write_balances(session, {members[key]: book for key, book in books.items()})
    _write_positions(session, [one for book in books.values() for one in book.positions])


def _write_balances(session: TenantSession, books: Mapping[UUID, PaperBook]) -> None:
    session.execute(
        text(
            "update copy_trading.mock_accounts a set balance = t.balance"
            " from unnest(cast(:ids as uuid[]), cast(:balances as numeric[])) as t(id, balance)"
            " where a.subscription_id = t.id and a.balance <> t.balance"
        ),
        {"ids": uuids(books), "balances": numbers(book.balance for book in books.values())},
    )


def _write_positions(session: TenantSession, positions: Collection[PaperPosition]) -> None:
    if not positions:
        return
    session.execute(
        text(
            "insert into copy_trading.mock_positions as p (id, subscription_id, symbol_id, side, volume, opened_volume,"
            " open_price, close_price, margin, realised, commission, opened_ts_ms, closed_ts_ms)"
            " select * from unnest(cast(:ids as uuid[]), cast(:owners as uuid[]), cast(:symbols as uuid[]),"
            " cast(:sides as text[]), cast(:volumes as numeric[]), cast(:opened as numeric[]), cast(:prices as numeric[]),"
            " cast(:closes as numeric[]), cast(:margins as numeric[]), cast(:realised as numeric[]),"
            " cast(:commissions as numeric[]), cast(:opened_at as bigint[]), cast(:closed_at as bigint[]))"
            " on conflict (tenant_id, id) do update set volume = excluded.volume, opened_volume = excluded.opened_volume,"
            " open_price = excluded.open_price, close_price = coalesce(excluded.close_price, p.close_price),"
            " margin = excluded.margin, realised = excluded.realised, commission = excluded.commission,"
            " closed_ts_ms = excluded.closed_ts_ms"
        ),
        {
            "ids": uuids(one.id for one in positions),
            "owners": uuids(one.owner_id for one in positions),
            "symbols": uuids(one.symbol_id for one in positions),
            "sides": texts(one.side for one in positions),
            "volumes": numbers(one.volume for one in positions),
            "opened": numbers(one.opened_volume for one in positions),
            "prices": numbers(one.open_price for one in positions),
            "closes": numbers(one.close_price for one in positions),
            "margins": numbers(one.margin for one in positions),
            "realised": numbers(one.realised for one in positions),
            "commissions": numbers(one.commission for one in positions),
            "opened_at": numbers(one.opened_ts_ms for one in positions),
            "closed_at": numbers(one.closed_ts_ms for one in positions),
        },
    )
