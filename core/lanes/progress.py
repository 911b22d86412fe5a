"""How far lanes are, as others can see it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from core.lanes.lease import EXPIRY_S
from tenants.db import SystemSession


@dataclass(frozen=True, slots=True)
class LaneProgress:
    """An instrument in its lane.

    :ivar seq: the quote that others see; its effects may still be on their way.
    :ivar done: up to which quote everything is booked; the events it caused may still be on their way.
    :ivar alive: whether some process works on the lane.
    """

    seq: int
    done: int
    alive: bool


def progress(session: SystemSession, instrument_id: UUID) -> LaneProgress:
    """How far an instrument is worked off. A tenant without subjects on it is never waited for."""
    row = session.execute(
        text(
            "select coalesce(q.seq, 0) as seq, coalesce(w.waiting_from, q.seq, 0) as done,"
            " coalesce(l.heartbeat_at > clock_timestamp() - make_interval(secs => :expiry), false) as alive"
            " from core.instruments i left join core.quotes q on q.instrument_id = i.id"
            " left join core.lanes l on l.id = i.lane"
            " left join lateral (select min(case when t.armed then greatest(t.since_seq, coalesce(c.seq, 0)) else t.since_seq"
            "   end) as waiting_from from core.triggers t left join core.lane_cursors c on c.tenant_id = t.tenant_id"
            "   and c.instrument_id = t.instrument_id where t.instrument_id = i.id"
            "   and (not t.armed or num_nonnulls(t.ask_le, t.ask_ge, t.bid_le, t.bid_ge) > 0)"
            "   and not exists (select from core.parked_subjects p where p.tenant_id = t.tenant_id and p.kind = t.kind"
            "     and p.subject_id = t.subject_id)) w on true"
            " where i.id = :id"
        ),
        {"id": instrument_id, "expiry": EXPIRY_S},
    ).one()
    return LaneProgress(row.seq, min(row.done, row.seq), row.alive)
