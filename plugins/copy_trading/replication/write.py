"""What a chunk writes: one statement for each table, whatever the number of followers."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import flags, numbers, texts, uuids
from core.sdk.data import TenantSession
from plugins.copy_trading.replication.rows import Changes, LinkRow, SkipRow


def write(session: TenantSession, changes: Changes) -> None:
    """Links, openings and skip records of a chunk."""
    _insert_links(session, [link for link in changes.links if link.fresh])
    _update_links(session, [link for link in changes.links if not link.fresh])
    _openings(session, changes)
    _skips(session, changes.skips)


def _insert_links(session: TenantSession, links: list[LinkRow]) -> None:
    if not links:
        return
    session.execute(
        text(
            "insert into copy_trading.links (id, subscription_id, master_position_id, account_id, symbol_id, side, target,"
            " held, position_ids, state, opened_no, cut_from, asked, flying)"
            " select id, subscription_id, master_position_id, account_id, symbol_id, side, target, held,"
            " cast(position_ids as uuid[]), state, opened_no, cut_from, asked, cast(flying as uuid[]) from unnest(cast(:ids as uuid[]),"
            " cast(:subscriptions as uuid[]), cast(:masters as uuid[]), cast(:accounts as uuid[]), cast(:symbols as uuid[]),"
            " cast(:sides as int[]), cast(:targets as numeric[]), cast(:held as numeric[]), cast(:positions as text[]),"
            " cast(:states as text[]), cast(:opened as bigint[]), cast(:cuts as numeric[]), cast(:asked as numeric[]),"
            " cast(:flying as text[]))"
            " as t(id, subscription_id, master_position_id, account_id, symbol_id, side, target, held, position_ids, state,"
            " opened_no, cut_from, asked, flying)"
        ),
        {
            "ids": uuids(link.id for link in links),
            "subscriptions": uuids(link.subscription_id for link in links),
            "masters": uuids(link.master_position_id for link in links),
            "accounts": uuids(link.account_id for link in links),
            "symbols": uuids(link.symbol_id for link in links),
            "sides": numbers(link.side for link in links),
            "targets": numbers(link.target for link in links),
            "held": numbers(link.held for link in links),
            "positions": texts(uuids(link.position_ids) for link in links),
            "states": texts(link.state for link in links),
            "opened": numbers(link.opened_no for link in links),
            "cuts": numbers(link.cut_from for link in links),
            "asked": numbers(link.asked for link in links),
            "flying": texts(uuids(link.flying) for link in links),
        },
    )


def _update_links(session: TenantSession, links: list[LinkRow]) -> None:
    if not links:
        return
    session.execute(
        text(
            "update copy_trading.links l set target = t.target, held = t.held,"
            " position_ids = cast(t.position_ids as uuid[]), state = t.state, cut_from = t.cut_from,"
            " asked = l.asked + t.asked, flying = cast(t.flying as uuid[])"
            " from unnest(cast(:ids as uuid[]), cast(:targets as numeric[]), cast(:held as numeric[]),"
            " cast(:positions as text[]), cast(:states as text[]), cast(:cuts as numeric[]), cast(:asked as numeric[]),"
            " cast(:flying as text[]))"
            " as t(id, target, held, position_ids, state, cut_from, asked, flying) where l.id = t.id"
        ),
        {
            "ids": uuids(link.id for link in links),
            "targets": numbers(link.target for link in links),
            "held": numbers(link.held for link in links),
            "positions": texts(uuids(link.position_ids) for link in links),
            "states": texts(link.state for link in links),
            "cuts": numbers(link.cut_from for link in links),
            "asked": numbers(link.asked for link in links),
            "flying": texts(uuids(link.flying) for link in links),
        },
    )


def _openings(session: TenantSession, changes: Changes) -> None:
    """Kept while the master's order may still fill, forgotten once it is complete."""
    kept = [(key, opening) for key, (opening, complete) in changes.openings.items() if not complete]
    gone = [key for key, (_, complete) in changes.openings.items() if complete]
    if kept:
        session.execute(
            text(
                "insert into copy_trading.openings (order_id, subscription_id, ratio, fixed, counted, over)"
                " select * from unnest(cast(:orders as uuid[]), cast(:subscriptions as uuid[]), cast(:ratios as numeric[]),"
                " cast(:fixed as bool[]), cast(:counted as numeric[]), cast(:over as bool[]))"
                " on conflict (tenant_id, order_id, subscription_id) do update"
                " set counted = excluded.counted, over = excluded.over"
            ),
            {
                "orders": uuids(key[0] for key, _ in kept),
                "subscriptions": uuids(key[1] for key, _ in kept),
                "ratios": numbers(opening.ratio for _, opening in kept),
                "fixed": flags(opening.fixed for _, opening in kept),
                "counted": numbers(opening.counted for _, opening in kept),
                "over": flags(opening.over for _, opening in kept),
            },
        )
    if gone:
        session.execute(
            text(
                "delete from copy_trading.openings o using unnest(cast(:orders as uuid[]), cast(:subscriptions as uuid[]))"
                " as t(order_id, subscription_id)"
                " where o.order_id = t.order_id and o.subscription_id = t.subscription_id"
            ),
            {"orders": uuids(key[0] for key in gone), "subscriptions": uuids(key[1] for key in gone)},
        )


def _skips(session: TenantSession, skips: list[SkipRow]) -> None:
    if not skips:
        return
    session.execute(
        text(
            "insert into copy_trading.skips (subscription_id, fill_no, symbol_id, side, volume, reason, found, needed,"
            " setting, setting_value, at_ms, asked)"
            " select * from unnest(cast(:subscriptions as uuid[]), cast(:fills as bigint[]), cast(:symbols as uuid[]),"
            " cast(:sides as int[]), cast(:volumes as numeric[]), cast(:reasons as text[]), cast(:found as text[]),"
            " cast(:needed as text[]), cast(:settings as text[]), cast(:values as text[]), cast(:at as bigint[]),"
            " cast(:asked as numeric[]))"
        ),
        {
            "subscriptions": uuids(skip.subscription_id for skip in skips),
            "fills": numbers(skip.fill_no for skip in skips),
            "symbols": uuids(skip.symbol_id for skip in skips),
            "sides": numbers(skip.side for skip in skips),
            "volumes": numbers(skip.volume for skip in skips),
            "reasons": texts(skip.reason for skip in skips),
            "found": texts(skip.found for skip in skips),
            "needed": texts(skip.needed for skip in skips),
            "settings": texts(skip.setting for skip in skips),
            "values": texts(skip.setting_value for skip in skips),
            "at": numbers(skip.at_ms for skip in skips),
            "asked": numbers(skip.asked for skip in skips),
        },
    )


def mark_short_of_equity(session: TenantSession, ids: Collection[UUID], short: bool) -> None:
    """Note for subscriptions that an episode below the minimum equity has begun, or is over."""
    if ids:
        session.execute(
            text(
                "update copy_trading.cursors set short_of_equity = :short"
                " where subscription_id = any(cast(:ids as uuid[]))"
            ),
            {"ids": uuids(ids), "short": short},
        )


def move_cursors(
    session: TenantSession, ids: Collection[UUID], *, last_close: int, last_open: int | None = None
) -> None:
    """Move subscriptions' cursors ahead; they never go back."""
    if not ids:
        return
    session.execute(
        text(
            "update copy_trading.cursors set last_close = greatest(last_close, :last_close),"
            " last_open = greatest(last_open, coalesce(cast(:last_open as bigint), last_open))"
            " where subscription_id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids(ids), "last_close": last_close, "last_open": last_open},
    )
