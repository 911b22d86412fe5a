"""Swaps: what open positions are charged or paid at the tenant's roll-over, midnight in the tenant's time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core.trading.booking import close_batch, open_batch
from core.trading.booking.account import AccountWork
from core.trading.booking.arrays import numbers, uuids
from core.trading.booking.rows import PositionRow
from core.trading.rules.money import add
from core.trading.rules.swap import nights_between, swap_amount
from tenants.db import TenantSession

MIDNIGHT: Final = time(0, 0)
CHUNK: Final = 1000
"""Accounts in one call of `charge_swaps`, so that their locks are short."""


def charge_swaps(session: TenantSession) -> int:
    """Book the swaps of roll-overs that the feed's time has passed, for up to `CHUNK` accounts; gives how many were charged.

    Call it until it gives 0. A roll-over missed while nothing ran is charged later, once. Swap-free types pay none. The
    amount converts at the rate of the moment.
    """
    due = _due(session)
    if not due:
        return 0
    zone = ZoneInfo(
        session.execute(
            text("select time_zone from tenants.tenants where id = :id"), {"id": session.tenant_id}
        ).scalar_one()
    )
    batch = open_batch(session, {account_id for account_id, _, _ in due})
    passed: list[tuple[UUID, int]] = []
    for account_id, position_id, charged_ms in due:
        account = batch.accounts[account_id]
        held = account.positions.get(position_id)
        if held is not None:
            _charge(account, held, max(charged_ms, held.opened_ts_ms), zone, passed)
    close_batch(session, batch)
    session.execute(
        text(
            "update core.positions p set swap_ts_ms = new.until from unnest(cast(:ids as uuid[]), cast(:until as bigint[]))"
            " as new(id, until) where p.id = new.id"
        ),
        {"ids": uuids(key for key, _ in passed), "until": numbers(until for _, until in passed)},
    )
    return len({account_id for account_id, _, _ in due})


def _due(session: TenantSession) -> Sequence[tuple[UUID, UUID, int]]:
    """Account, position and time of the last charge of positions whose symbol's clock has moved on by a day since."""
    rows = session.execute(
        text(
            "with due as ("
            " select p.account_id, p.id, p.swap_ts_ms from core.positions p"
            " join core.symbols s on s.tenant_id = p.tenant_id and s.id = p.symbol_id"
            " join core.quotes q on q.instrument_id = s.instrument_id"
            " join core.accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id"
            " join core.account_types t on t.tenant_id = a.tenant_id and t.id = a.account_type_id and not t.swap_free"
            " join tenants.tenants n on n.id = p.tenant_id"
            " where p.closed_ts_ms is null"
            " and case p.side when 'buy' then s.swap_long else s.swap_short end <> 0"
            " and (to_timestamp(greatest(p.swap_ts_ms, p.opened_ts_ms) / 1000.0) at time zone n.time_zone)::date"
            " < (to_timestamp(q.feed_ts_ms / 1000.0) at time zone n.time_zone)::date)"
            " select account_id, id, swap_ts_ms from due where account_id in"
            " (select distinct account_id from due order by account_id limit :chunk) order by account_id, id"
        ),
        {"chunk": CHUNK},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _charge(
    account: AccountWork, held: PositionRow, since_ms: int, zone: ZoneInfo, passed: list[tuple[UUID, int]]
) -> None:
    terms = account.terms(held.symbol_id)
    if terms.quote is None or terms.rate is None:
        return
    until_ms = terms.quote.feed_ts_ms
    symbol = terms.symbol
    points = symbol.swap_long if held.side == "buy" else symbol.swap_short
    nights = nights_between(since_ms, until_ms, MIDNIGHT, zone)
    amount = swap_amount(held.volume, symbol.contract_size, points, symbol.tick, nights, terms.rate)
    passed.append((held.id, until_ms))
    if amount:
        held.swap = add(held.swap, amount)
        account.batch.change_position(held)
        account.enter(
            "swap", amount, f"swap:{held.id}:{until_ms}", ts_ms=until_ms, swap=amount,
            origin=held.origin, origin_id=held.origin_id, note=f"{nights} night{'s' if nights > 1 else ''}",
        )  # fmt: skip
