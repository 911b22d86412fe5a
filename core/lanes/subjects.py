"""Reactors' subjects from outside the lane: started, changed and ended by their plugin's commands.

A command locks the subject's state, asks its strategy, carries out the orders and writes the new state with triggers that
the lane takes into its book before its next quote. The lane locks the same row before it acts, so a command that has
committed is always seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.lanes.book import Thresholds
from core.lanes.reactor import ReactorOrder, Triggers
from core.trading.rules.quotes import Condition, markup_offset, raw_threshold
from core.trading.types import OrderRequest, Origin
from tenants.db import TenantSession


@dataclass(frozen=True, slots=True)
class SubjectState:
    """A subject as it is in the database. ``version`` grows with each change."""

    id: UUID
    plugin: str
    reactor: str
    account_id: UUID
    symbol_id: UUID
    state: dict[str, Any]
    active: bool
    version: int


@dataclass(frozen=True, slots=True)
class NewState:
    """What a subject becomes. Triggers are prices as its account sees them.

    :ivar since_seq: number of the quote that the state was made at, so that none after it is missed; none: the current one.
    """

    id: UUID
    state: Mapping[str, Any]
    triggers: Triggers
    active: bool = True
    since_seq: int | None = None


def start_subject(
    session: TenantSession,
    *,
    plugin: str,
    reactor: str,
    account_id: UUID,
    symbol_id: UUID,
    state: NewState,
) -> None:
    """Make a subject. It answers quotes that come after the one that is current now."""
    session.execute(
        text(
            "insert into core.reactor_states (id, plugin, reactor, account_id, symbol_id, state, active, version)"
            " values (:id, :plugin, :reactor, :account, :symbol, '{}', false, 0)"
        ),
        {"id": state.id, "plugin": plugin, "reactor": reactor, "account": account_id, "symbol": symbol_id},
    )
    change_subjects(session, [state])


def lock_subjects(session: TenantSession, ids: Iterable[UUID]) -> dict[UUID, SubjectState]:
    """The subjects, locked until the transaction ends, in the order of their ids so that two callers never deadlock.

    Lock their accounts first where orders will follow: the account comes before the subject everywhere.
    """
    rows = session.execute(
        text(
            "select id, plugin, reactor, account_id, symbol_id, state, active, version"
            " from core.reactor_states where id = any(:ids) order by id for update"
        ),
        {"ids": list(ids)},
    ).all()
    return {row.id: SubjectState(*row) for row in rows}


def change_subjects(session: TenantSession, changes: Sequence[NewState]) -> None:
    """Write new states and triggers, a fixed number of statements for any number of subjects.

    The new triggers look only at quotes after the current one; the lane takes them up before its next batch.
    """
    if not changes:
        return
    write_states(session, changes)


@dataclass(frozen=True, slots=True)
class Written:
    """A subject's row in ``core.triggers`` as it has just been written. Thresholds are raw ticks."""

    id: UUID
    account_id: UUID
    thresholds: Thresholds
    since_seq: int
    version: int
    after_ms: int | None


def write_states(session: TenantSession, changes: Sequence[NewState], *, armed: bool = False) -> list[Written]:
    """Write new states and triggers in three statements.

    :param armed: true only in the lane, which has the new triggers in its book when it commits.
    """
    rows = session.execute(
        text(
            "with new as (select * from unnest(cast(:ids as uuid[]), cast(:states as text[]), cast(:active as bool[]))"
            " as t(id, state, active))"
            " update core.reactor_states r set state = new.state::jsonb, active = new.active, version = r.version + 1"
            " from new where r.id = new.id"
            " returning r.id, r.account_id, r.symbol_id, r.version"
        ),
        {
            "ids": [change.id for change in changes],
            "states": [json.dumps(change.state) for change in changes],
            "active": [change.active for change in changes],
        },
    ).all()
    found = {row.id: row for row in rows}
    known = folds(session, {(row.account_id, row.symbol_id) for row in rows})
    written, instruments = [], []
    for change in changes:
        row = found[change.id]
        fold = known[row.account_id, row.symbol_id]
        raw = fold.raw(change.triggers) if change.active else Thresholds()
        since = fold.seq if change.since_seq is None else change.since_seq
        after_ms = change.triggers.after_ms if change.active else None
        written.append(Written(change.id, row.account_id, raw, since, row.version, after_ms))
        instruments.append(fold.instrument_id)
    session.execute(
        text(
            "insert into core.triggers (kind, subject_id, instrument_id, account_id, ask_le, ask_ge, bid_le, bid_ge,"
            " after_ms, since_seq, version, armed)"
            " select 'reactor', t.*, :armed from unnest(cast(:subjects as uuid[]), cast(:instruments as uuid[]),"
            " cast(:accounts as uuid[]), cast(:ask_le as bigint[]), cast(:ask_ge as bigint[]), cast(:bid_le as bigint[]),"
            " cast(:bid_ge as bigint[]), cast(:after as bigint[]), cast(:since as bigint[]), cast(:versions as bigint[])) as t"
            " on conflict (tenant_id, kind, subject_id, instrument_id) do update set"
            " ask_le = excluded.ask_le, ask_ge = excluded.ask_ge, bid_ge = excluded.bid_ge, bid_le = excluded.bid_le,"
            " after_ms = excluded.after_ms,"
            " since_seq = excluded.since_seq, version = excluded.version, armed = excluded.armed"
        ),
        {
            "armed": armed,
            "subjects": [row.id for row in written],
            "instruments": instruments,
            "accounts": [row.account_id for row in written],
            "ask_le": [row.thresholds.ask_le for row in written],
            "ask_ge": [row.thresholds.ask_ge for row in written],
            "bid_le": [row.thresholds.bid_le for row in written],
            "bid_ge": [row.thresholds.bid_ge for row in written],
            "after": [row.after_ms for row in written],
            "since": [row.since_seq for row in written],
            "versions": [row.version for row in written],
        },
    )
    return written


def unwatched_subjects(session: TenantSession, expected: Sequence[NewState]) -> list[UUID]:
    """Subjects that the lane does not watch at the prices that their states ask for: their row is missing, or says otherwise.

    :param expected: states of active subjects with the triggers that follow from them.
    """
    rows = session.execute(
        text(
            "select r.id, r.account_id, r.symbol_id, r.version as state_version, t.ask_le, t.ask_ge, t.bid_le, t.bid_ge,"
            " t.after_ms, t.version from core.reactor_states r left join core.triggers t on t.tenant_id = r.tenant_id"
            " and t.kind = 'reactor' and t.subject_id = r.id where r.id = any(:ids)"
        ),
        {"ids": [state.id for state in expected]},
    ).all()
    found = {row.id: row for row in rows}
    known = folds(session, {(row.account_id, row.symbol_id) for row in rows})
    wrong = []
    for state in expected:
        row = found.get(state.id)
        if row is None:
            wrong.append(state.id)
            continue
        raw = known[row.account_id, row.symbol_id].raw(state.triggers)
        if (row.after_ms, row.ask_le, row.ask_ge, row.bid_le, row.bid_ge, row.version) != (
            state.triggers.after_ms,
            raw.ask_le,
            raw.ask_ge,
            raw.bid_le,
            raw.bid_ge,
            row.state_version,
        ):
            wrong.append(state.id)
    return wrong


def order_requests(
    session: TenantSession, orders: Sequence[tuple[UUID, UUID, UUID, ReactorOrder]], origin: Mapping[UUID, Origin]
) -> list[OrderRequest]:
    """Subjects' wishes as order requests, for the lane and for commands alike.

    :param orders: (subject, account, symbol, order), in the order in which they are carried out.
    :param origin: of each subject.

    The client order id is made of subject and key. A closing order names the position that its ``close_key`` opened.
    """
    wanted = {
        (account_id, client_order_id(subject_id, order.close_key))
        for subject_id, account_id, _symbol, order in orders
        if order.close_key is not None
    }
    positions: dict[tuple[UUID, str], UUID] = {}
    if wanted:
        rows = session.execute(
            text(
                "select o.account_id, o.client_order_id, f.position_id from core.orders o"
                " join core.fills f on f.tenant_id = o.tenant_id and f.order_id = o.id and f.effect in ('open', 'add')"
                " where (o.account_id, o.client_order_id) in"
                " (select * from unnest(cast(:accounts as uuid[]), cast(:keys as text[])))"
            ),
            {"accounts": [account for account, _ in wanted], "keys": [key for _, key in wanted]},
        ).all()
        positions = {(row.account_id, row.client_order_id): row.position_id for row in rows}
    requests = []
    for subject_id, account_id, symbol_id, order in orders:
        position_id = None
        if order.close_key is not None:
            # An unknown key closes nothing: the request is refused with ``nothing_to_close``.
            position_id = positions.get((account_id, client_order_id(subject_id, order.close_key)), subject_id)
        requests.append(
            OrderRequest(
                client_order_id=client_order_id(subject_id, order.key),
                account_id=account_id,
                symbol_id=symbol_id,
                side=order.side,
                volume=order.volume,
                kind=order.kind,
                price=order.price if order.kind == "limit" else None,
                fill_price=order.price,
                stop_loss=order.stop_loss,
                take_profit=order.take_profit,
                position_id=position_id,
                reduce_only=position_id is not None,
                fund_from=subject_id,
                origin=origin[subject_id],
                reason=origin[subject_id].kind if position_id is not None else None,
            )
        )
    return requests


def client_order_id(subject_id: UUID, key: str) -> str:
    """The client order id of a subject's order: deterministic, so that the same wish twice is one order."""
    return f"{subject_id}:{key}"


@dataclass(frozen=True, slots=True)
class Fold:
    """How an account's prices on a symbol become the instrument's ticks."""

    instrument_id: UUID
    tick: Decimal
    offset: int
    seq: int

    def raw(self, triggers: Triggers) -> Thresholds:
        """Prices as the account sees them, as raw ticks."""

        def fold(condition: Condition, price: Decimal | None) -> int | None:
            return None if price is None else raw_threshold(condition, price, self.offset, self.tick)

        return Thresholds(
            ask_le=fold("ask_le", triggers.ask_le),
            ask_ge=fold("ask_ge", triggers.ask_ge),
            bid_le=fold("bid_le", triggers.bid_le),
            bid_ge=fold("bid_ge", triggers.bid_ge),
        )


def folds(session: TenantSession, pairs: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Fold]:
    """How (account, symbol) pairs see prices."""
    rows = session.execute(
        text(
            "select a.id as account_id, s.id as symbol_id, s.instrument_id, i.tick,"
            " coalesce(ats.markup, at.markup) * s.pip as markup, coalesce(q.seq, 0) as seq"
            " from unnest(cast(:accounts as uuid[]), cast(:symbols as uuid[])) as p(account_id, symbol_id)"
            " join core.accounts a on a.id = p.account_id"
            " join core.account_types at on at.id = a.account_type_id"
            " join core.symbols s on s.id = p.symbol_id"
            " join core.instruments i on i.id = s.instrument_id"
            " left join core.account_type_symbols ats on ats.account_type_id = at.id and ats.symbol_id = s.id"
            " left join core.quotes q on q.instrument_id = s.instrument_id"
        ),
        {"accounts": [account for account, _ in pairs], "symbols": [symbol for _, symbol in pairs]},
    ).all()
    return {
        (row.account_id, row.symbol_id): Fold(row.instrument_id, row.tick, markup_offset(row.markup, row.tick), row.seq)
        for row in rows
    }
