"""What a chunk reads: one statement each, whatever the number of followers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from plugins.copy_trading.replication.rows import Follower, LinkRow, MasterRow
from plugins.copy_trading.rules.views import Opening, Terms

ACCOUNT_STREAM = "account:"


def master_of_stream(session: TenantSession, stream: str) -> MasterRow | None:
    """The master whose account a stream is of; none when the account is no master's (any more)."""
    row = session.execute(
        text(
            "select m.id, m.account_id, m.status, a.currency, a.mode, t.leverage, (select jsonb_object_agg(e.symbol_id,"
            " e.leverage) from core.account_type_symbols e where e.account_type_id = t.id and e.leverage is not null)"
            " from copy_trading.masters m join core.accounts a on a.tenant_id = m.tenant_id and a.id = m.account_id"
            " join core.account_types t on t.tenant_id = a.tenant_id and t.id = a.account_type_id"
            " where m.account_id = :account"
        ),
        {"account": UUID(stream.removeprefix(ACCOUNT_STREAM))},
    ).one_or_none()
    return None if row is None else MasterRow(*row)


def shard_count(session: TenantSession, stream: str) -> int:
    """How many shards the followers of a stream's master are in, at least one."""
    most = session.scalar(
        text(
            "select max(s.shard) from copy_trading.subscriptions s"
            " join copy_trading.masters m on m.tenant_id = s.tenant_id and m.id = s.master_id"
            " where m.account_id = :account and s.status <> 'stopped'"
        ),
        {"account": UUID(stream.removeprefix(ACCOUNT_STREAM))},
    )
    return 1 if most is None else int(most) + 1


def take_turns(session: TenantSession, master_id: UUID, shard: int) -> None:
    """Let closes and opens of one shard work one after the other: wait for the other's commit, so that its links are seen.

    Without it a close could pass by a link that an open is just about to commit, and nobody would come back for it.
    """
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"copy_trading:{master_id}:{shard}"}
    )


class Members(NamedTuple):
    """(subscription, account) of a shard in account order: those who copy, and those who copy on paper."""

    live: list[tuple[UUID, UUID]]
    paper: list[tuple[UUID, UUID]]


def members(session: TenantSession, master_id: UUID, shard: int) -> Members:
    """The followers of a shard; parked ones are not among them, they are retried alone."""
    rows = session.execute(
        text(
            "select s.id, s.account_id, s.mock from copy_trading.subscriptions s"
            " join copy_trading.cursors c on c.tenant_id = s.tenant_id and c.subscription_id = s.id"
            " where s.master_id = :master and s.shard = :shard and s.status <> 'stopped' and c.parked_at is null"
            " order by s.account_id, s.id"
        ),
        {"master": master_id, "shard": shard},
    )
    found = Members([], [])
    for row in rows:
        (found.paper if row[2] else found.live).append((row[0], row[1]))
    return found


def linked_members(session: TenantSession, master_id: UUID, shard: int, positions: Collection[UUID]) -> Members:
    """As :func:`members`, of those alone that hold a live link to one of the master's positions."""
    # Two plain look-ups and not a join: while the statistics of the tables are old, the planner's choice for a join
    # reads every link for every follower.
    linked = set(
        session.scalars(
            text(
                "select subscription_id from copy_trading.links"
                " where master_position_id = any(cast(:positions as uuid[])) and state = 'live'"
            ),
            {"positions": uuids(positions)},
        )
    )
    if not linked:
        return Members([], [])
    everybody = members(session, master_id, shard)
    return Members(
        [member for member in everybody.live if member[0] in linked],
        [member for member in everybody.paper if member[0] in linked],
    )


@lru_cache(maxsize=256)
def _allowed(symbols: tuple[str, ...]) -> frozenset[str]:
    return frozenset(symbols)


def followers(session: TenantSession, ids: Collection[UUID]) -> list[Follower]:
    """Subscriptions with their cursors, which stay locked until the transaction ends; lock the accounts before.

    Locked first and read then: whoever changed a subscription meanwhile held its cursor, and is seen.
    """
    session.execute(
        text(
            "select from copy_trading.cursors where subscription_id = any(cast(:ids as uuid[]))"
            " order by subscription_id for update"
        ),
        {"ids": uuids(ids)},
    )
    rows = session.execute(
        text(
            "select s.id, s.account_id, s.customer_id, s.status, s.reasons, s.mode, s.copy_ratio, s.fixed_size,"
            " s.fixed_basis, s.max_open_trades, s.minimum_equity, s.slippage_tolerance, s.round_up, s.maximum_lot,"
            " s.symbols, s.symbol_map, s.reverse, c.last_close, c.last_open, c.short_of_equity,"
            " s.mode_settings"
            " from copy_trading.subscriptions s"
            " join copy_trading.cursors c on c.tenant_id = s.tenant_id and c.subscription_id = s.id"
            " where s.id = any(cast(:ids as uuid[])) and s.status <> 'stopped' order by s.account_id, s.id"
        ),
        {"ids": uuids(ids)},
    )
    return [Follower._make((*row[:5], _terms(row), row[17], row[18], row[19])) for row in rows]


def _terms(row: Sequence[Any]) -> Terms:
    allowed = None if row[14] is None else _allowed(tuple(row[14]))
    return Terms._make((*row[5:14], allowed, tuple(row[15].items()), row[16], row[20]))


def links(session: TenantSession, ids: Collection[UUID], positions: Collection[object]) -> list[LinkRow]:
    """The live links of subscriptions to the master's positions."""
    rows = session.execute(
        text(
            "select id, subscription_id, master_position_id, account_id, symbol_id, side, target, held, position_ids, flying"
            " from copy_trading.links where master_position_id = any(:positions) and state = 'live'"
            " and subscription_id = any(cast(:ids as uuid[])) order by account_id, id"
        ),
        {"ids": uuids(ids), "positions": list(positions)},
    )
    return [LinkRow(*row) for row in rows]


def live_links(session: TenantSession, ids: Collection[UUID]) -> list[LinkRow]:
    """All live links of subscriptions."""
    rows = session.execute(
        text(
            "select id, subscription_id, master_position_id, account_id, symbol_id, side, target, held, position_ids, flying"
            " from copy_trading.links where state = 'live' and subscription_id = any(cast(:ids as uuid[]))"
            " order by account_id, id"
        ),
        {"ids": uuids(ids)},
    )
    return [LinkRow(*row) for row in rows]


def openings(
    session: TenantSession, ids: Collection[UUID], orders: Collection[UUID]
) -> dict[tuple[UUID, UUID], Opening]:
    """What has been made of orders of the master that filled in part before, by (order, subscription)."""
    rows = session.execute(
        text(
            "select order_id, subscription_id, ratio, fixed, counted, over from copy_trading.openings"
            " where order_id = any(:orders) and subscription_id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids(ids), "orders": list(orders)},
    )
    return {(row[0], row[1]): Opening(*row[2:]) for row in rows}
