"""Statements on ``core.triggers``: read into a lane's book, lock before firing, arm, and note the tenants' cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from core.lanes.subject import RANKS, Armed, SubjectRef, subject_of
from tenants.db import SystemSession, TenantSession

Subjects = list[tuple[SubjectRef, Armed]]

_SELECT: Final = (
    "select t.instrument_id, t.tenant_id, t.kind, t.subject_id, t.account_id, t.ask_le, t.ask_ge, t.bid_le, t.bid_ge,"
    " t.after_ms, t.since_seq, t.version, r.plugin, r.reactor from core.triggers t"
    " left join core.reactor_states r on t.kind = 'reactor' and r.tenant_id = t.tenant_id and r.id = t.subject_id"
)
# What is parked rests until a person has looked at it.
_NOT_PARKED: Final = (
    " and not exists (select from core.parked_subjects p"
    " where p.tenant_id = t.tenant_id and p.kind = t.kind and p.subject_id = t.subject_id)"
)


def armed_subjects(session: SystemSession, instrument_id: UUID) -> Subjects:
    """The subjects that the lane had in its book, for a take-over; parked ones are left out."""
    return [
        subject_of(row)
        for row in session.execute(
            text(f"{_SELECT} where t.instrument_id = :id and t.armed {_NOT_PARKED}"), {"id": instrument_id}
        )
    ]


def unarmed_subjects(session: SystemSession, instrument_ids: Sequence[UUID]) -> dict[UUID, Subjects]:
    """The subjects that are new or changed, by instrument; parked ones are left out."""
    found: dict[UUID, Subjects] = {}
    rows = session.execute(
        text(f"{_SELECT} where t.instrument_id = any(:ids) and not t.armed {_NOT_PARKED}"),
        {"ids": list(instrument_ids)},
    )
    for row in rows:
        found.setdefault(row.instrument_id, []).append(subject_of(row))
    return found


def arm(session: SystemSession, instrument_id: UUID, subjects: Subjects) -> None:
    """Note that the lane has taken these versions into its book; what has changed again stays unarmed.

    So does what somebody is changing just now: waiting for it could end in a deadlock, and it comes back anyway.
    """
    session.execute(
        text(
            "with mine as (select t.tenant_id, t.kind, t.subject_id from core.triggers t"
            " join unnest(cast(:tenants as uuid[]), cast(:kinds as text[]), cast(:subjects as uuid[]),"
            " cast(:versions as bigint[]), cast(:since as bigint[])) as s(tenant_id, kind, subject_id, version, since_seq)"
            " on t.tenant_id = s.tenant_id and t.kind = s.kind and t.subject_id = s.subject_id"
            " and t.version = s.version and t.since_seq = s.since_seq"
            " where t.instrument_id = :id and not t.armed for update of t skip locked)"
            " update core.triggers t set armed = true from mine where t.tenant_id = mine.tenant_id"
            " and t.kind = mine.kind and t.subject_id = mine.subject_id and t.instrument_id = :id"
        ),
        {
            "id": instrument_id,
            "tenants": [ref.tenant_id for ref, _ in subjects],
            "kinds": [ref.kind for ref, _ in subjects],
            "subjects": [ref.subject_id for ref, _ in subjects],
            "versions": [armed.version for _, armed in subjects],
            "since": [armed.since_seq for _, armed in subjects],
        },
    )


def lock_unchanged(session: TenantSession, instrument_id: UUID, subjects: Subjects, *, armed: bool) -> list[SubjectRef]:
    """Those of one tenant's subjects whose row is still the one in the book, locked; their accounts are locked first.

    ``armed``: false while subjects are caught up. Whoever changed a row has committed before: the change wins, and comes
    back to the lane unarmed.
    """
    session.execute(
        text("select 1 from core.accounts where id = any(:ids) order by id for update"),
        {"ids": sorted({armed.account_id for _, armed in subjects})},
    )
    rows = session.execute(
        text(
            "select t.kind, t.subject_id, t.version, t.since_seq from core.triggers t where t.instrument_id = :id"
            " and t.armed = :armed and (t.kind, t.subject_id) in (select * from unnest(cast(:kinds as text[]), cast(:subjects as uuid[])))"
            " order by t.kind, t.subject_id for update"
        ),
        {
            "id": instrument_id,
            "armed": armed,
            "kinds": [ref.kind for ref, _ in subjects],
            "subjects": [ref.subject_id for ref, _ in subjects],
        },
    )
    now = {(RANKS[row.kind], row.subject_id): (row.version, row.since_seq) for row in rows}
    return [ref for ref, was in subjects if now.get((ref.rank, ref.subject_id)) == (was.version, was.since_seq)]


def pass_by(
    session: TenantSession, instrument_id: UUID, refs: Sequence[SubjectRef], seq: int, *, armed: bool
) -> set[SubjectRef]:
    """Note that these subjects have answered quote ``seq``, and give those whose row answering did not rewrite."""
    rows = session.execute(
        text(
            "update core.triggers t set since_seq = :seq where t.instrument_id = :id and t.since_seq < :seq"
            " and t.armed = :armed"
            " and (t.kind, t.subject_id) in (select * from unnest(cast(:kinds as text[]), cast(:subjects as uuid[])))"
            " returning t.tenant_id, t.kind, t.subject_id"
        ),
        {
            "id": instrument_id,
            "seq": seq,
            "armed": armed,
            "kinds": [ref.kind for ref in refs],
            "subjects": [ref.subject_id for ref in refs],
        },
    )
    return {SubjectRef(row.tenant_id, RANKS[row.kind], row.subject_id) for row in rows}


def wake_asleep(session: SystemSession, tenant_id: UUID, plugin: str, instrument_ids: Sequence[UUID]) -> None:
    """Let a plugin's subjects take part again, from the current quotes on: what they slept through is gone for them."""
    session.execute(
        text(
            "update core.triggers t set armed = false, since_seq = greatest(t.since_seq, q.seq)"
            " from core.reactor_states r, core.quotes q"
            " where t.kind = 'reactor' and r.tenant_id = t.tenant_id and r.id = t.subject_id and r.plugin = :plugin"
            " and t.tenant_id = :tenant and t.instrument_id = any(:ids) and q.instrument_id = t.instrument_id"
        ),
        {"tenant": tenant_id, "plugin": plugin, "ids": list(instrument_ids)},
    )


def reacting(session: SystemSession, pairs: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, str]]:
    """Those of the (tenant, module) pairs whose module is not halted."""
    rows = session.execute(
        text(
            "select p.tenant_id, p.module from tenants.product_configs p"
            " join unnest(cast(:tenants as uuid[]), cast(:modules as text[])) as w(tenant_id, module)"
            " on p.tenant_id = w.tenant_id and p.module = w.module where p.state <> 'halted'"
        ),
        {"tenants": [tenant_id for tenant_id, _ in pairs], "modules": [module for _, module in pairs]},
    )
    return [(row.tenant_id, row.module) for row in rows]


def note_cursors(
    session: SystemSession | TenantSession, instrument_id: UUID, tenant_ids: Sequence[UUID], seq: int
) -> None:
    """Note that all armed subjects of these tenants have been looked at up to quote ``seq``."""
    session.execute(
        text(
            "insert into core.lane_cursors (tenant_id, instrument_id, seq)"
            " select t.id, :id, :seq from unnest(cast(:tenants as uuid[])) as t(id) order by 1"
            " on conflict (tenant_id, instrument_id) do update set seq = excluded.seq"
            " where core.lane_cursors.seq < excluded.seq"
        ),
        {"id": instrument_id, "seq": seq, "tenants": list(tenant_ids)},
    )


def cursors(session: SystemSession, instrument_id: UUID) -> dict[UUID, int]:
    """Up to which quote each tenant's armed subjects have been looked at."""
    rows = session.execute(
        text("select tenant_id, seq from core.lane_cursors where instrument_id = :id"), {"id": instrument_id}
    )
    return {row.tenant_id: row.seq for row in rows}
