"""Changing conditions under accounts that trade: locks first, the change, then everything that waits for a price anew.

Order of locks: the definition's row (`for update`, so that nobody opens an account of the type meanwhile), then all accounts
concerned in the order of their ids, then subjects. Whoever books at the same moment holds its account and is waited for, or
waits and reads the new conditions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from core.lanes.subjects import Fold, folds
from core.trading.booking import lock_accounts, open_batch
from core.trading.booking.arrays import uuids
from core.trading.booking.rearm import rearm
from tenants.db import TenantSession

__all__ = ["accounts_of_tenant", "accounts_of_type", "changing_conditions"]

_AT_ONCE = 2_000
"""Accounts whose triggers are computed together; memory, not correctness, sets it."""


def accounts_of_type(session: TenantSession, account_type_id: UUID) -> list[UUID]:
    """Every account of a type. Call it with the type's row locked."""
    rows = session.execute(
        text("select id from core.accounts where account_type_id = :type order by id"), {"type": account_type_id}
    )
    return list(rows.scalars())


def accounts_of_tenant(session: TenantSession) -> list[UUID]:
    """Every account of the brokerage."""
    return list(session.execute(text("select id from core.accounts order by id")).scalars())


@contextmanager
def changing_conditions(session: TenantSession, account_ids: Collection[UUID]) -> Iterator[None]:
    """Lock accounts, let the caller change mark-ups, pips or levels, and arm anew what waits for prices on them."""
    lock_accounts(session, account_ids)
    pairs = _subjects(session, account_ids)
    before = folds(session, set(pairs.values())) if pairs else {}
    yield
    session.flush()
    busy = _busy(session, account_ids)
    for start in range(0, len(busy), _AT_ONCE):
        rearm(session, open_batch(session, busy[start : start + _AT_ONCE]))
    if pairs:
        _refold(session, pairs, before, folds(session, set(pairs.values())))


def _busy(session: TenantSession, account_ids: Collection[UUID]) -> list[UUID]:
    rows = session.execute(
        text(
            "select account_id from core.positions where account_id = any(cast(:ids as uuid[])) and closed_ts_ms is null"
            " union select account_id from core.orders where account_id = any(cast(:ids as uuid[]))"
            " and status in ('pending', 'resting', 'waiting', 'unknown') order by 1"
        ),
        {"ids": uuids(account_ids)},
    )
    return list(rows.scalars())


def _subjects(session: TenantSession, account_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, UUID]]:
    """Active subjects of reactors (bots), locked in the order of their ids: subject → (account, symbol)."""
    rows = session.execute(
        text(
            "select id, account_id, symbol_id from core.reactor_states"
            " where account_id = any(cast(:ids as uuid[])) and active order by id for update"
        ),
        {"ids": uuids(account_ids)},
    )
    return {row.id: (row.account_id, row.symbol_id) for row in rows}


def _refold(
    session: TenantSession,
    pairs: dict[UUID, tuple[UUID, UUID]],
    before: dict[tuple[UUID, UUID], Fold],
    after: dict[tuple[UUID, UUID], Fold],
) -> None:
    """Shift the thresholds of subjects by what a side's mark-up has changed: their own prices stay as they were.

    A raw threshold is the customer's price less the offset on the ask, plus the offset on the bid, both in whole ticks, so
    the shift is exact.
    """
    moved = {subject: after[pair].offset - before[pair].offset for subject, pair in pairs.items()}
    moved = {subject: shift for subject, shift in moved.items() if shift}
    if not moved:
        return
    session.execute(
        text(
            "with moved as (select * from unnest(cast(:ids as uuid[]), cast(:shifts as bigint[])) as m(id, shift)),"
            " states as (update core.reactor_states r set version = r.version + 1 from moved m where r.id = m.id"
            "  returning r.id, r.version)"
            " update core.triggers t set ask_le = t.ask_le - m.shift, ask_ge = t.ask_ge - m.shift,"
            "  bid_le = t.bid_le + m.shift, bid_ge = t.bid_ge + m.shift, version = s.version, armed = false,"
            "  since_seq = case when t.armed then coalesce((select q.seq from core.quotes q"
            "   where q.instrument_id = t.instrument_id), t.since_seq) else t.since_seq end"
            " from moved m join states s on s.id = m.id where t.kind = 'reactor' and t.subject_id = m.id"
        ),
        {"ids": list(moved), "shifts": list(moved.values())},
    )
