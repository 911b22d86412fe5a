"""What runs: processes, queues, lanes, and the events that wait, across tenants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import redis
from sqlalchemy import text

from core.events.reading import pending
from core.jobs.queues import CLASSES, Queues
from core.lanes.lease import EXPIRY_S
from core.runtime import Runtime
from tenants.db import Database, SystemSession
from tenants.snapshot.holder import POLL_S

_PROCESSES = text("""
select p.kind, p.place, p.pid, p.started_at, p.heartbeat_at, s.version - p.snapshot_version as behind,
  p.heartbeat_at > now() - make_interval(secs => :alive) as alive
from tenants.processes p, tenants.snapshot_state s order by p.kind, p.place, p.pid
""")
_QUEUES = text("""
select queue, count(*) filter (where status = 'queued' and due_at <= now()) as due,
  count(*) filter (where status = 'queued' and due_at > now()) as later,
  count(*) filter (where status = 'running') as running,
  count(*) filter (where status = 'parked') as parked,
  extract(epoch from now() - min(due_at) filter (where status = 'queued' and due_at <= now())) as oldest_s
from core.job_runs where status in ('queued', 'running', 'parked') group by queue
""")
_LANES = text("""
select n.id, l.owner, l.token, l.heartbeat_at, l.started_at,
  coalesce(l.heartbeat_at > clock_timestamp() - make_interval(secs => :expiry), false) as alive
from (select id from core.lanes union select lane from core.instruments) n left join core.lanes l on l.id = n.id
order by n.id
""")
_INSTRUMENTS = text("""
select i.id, i.lane, i.feed, i.feed_symbol, i.lockstep, coalesce(t.seq, 0) as newest, coalesce(q.seq, 0) as seq,
  q.ts_ms, q.updated_at,
  extract(epoch from clock_timestamp() - q.updated_at) as quiet_s,
  (select count(*) from core.parked_subjects p where p.instrument_id = i.id) as parked
from core.instruments i left join core.quotes q on q.instrument_id = i.id
left join lateral (select seq from core.ticks where instrument_id = i.id order by seq desc limit 1) t on true
order by i.lane, i.feed, i.feed_symbol
""")


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process. ``behind``: versions of the snapshot that it has not seen yet."""

    kind: str
    place: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime
    behind: int
    alive: bool

    @property
    def state(self) -> str:
        """``alive`` or ``silent``."""
        return "alive" if self.alive else "silent"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A class of jobs.

    :ivar woken: wake-ups in the queue itself; none while Redis is away.
    :ivar due: runs that could begin now; ``later``: those that wait for their time.
    :ivar oldest_s: seconds for which the oldest due run has waited, none without one.
    """

    name: str
    woken: int | None
    due: int = 0
    later: int = 0
    running: int = 0
    parked: int = 0
    oldest_s: float | None = None


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """An instrument in its lane. ``newest``: the last quote of the feed; ``seq``: the last that the lane has worked off."""

    id: UUID
    lane: int
    feed: str
    feed_symbol: str
    lockstep: bool
    newest: int
    seq: int
    ts_ms: int | None
    updated_at: datetime | None
    quiet_s: float | None
    parked: int

    @property
    def lag(self) -> int:
        """Quotes that the lane has not worked off yet."""
        return max(0, self.newest - self.seq)


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A lane with its lease; ``owner`` is none while nobody has it. ``token`` grows with each owner."""

    id: int
    owner: str | None
    token: int | None
    heartbeat_at: datetime | None
    started_at: datetime | None
    alive: bool
    instruments: Sequence[InstrumentRow] = ()

    @property
    def state(self) -> str:
        """``running``, ``behind`` (quotes wait) or ``failed`` (nobody works on it)."""
        if not self.alive:
            return "failed"
        return "behind" if self.lag > BEHIND else "running"

    @property
    def lag(self) -> int:
        """The most quotes that wait for one of its instruments."""
        return max((item.lag for item in self.instruments), default=0)

    @property
    def parked(self) -> int:
        """Subjects that rest until somebody has looked at them."""
        return sum(item.parked for item in self.instruments)


BEHIND = 20
"""Waiting quotes from which a lane is called behind: fewer come and go with each turn."""


@dataclass(frozen=True, slots=True)
class HandlerLag:
    """A handler of events: how many of its streams wait, have failed, or are parked."""

    handler: str
    waiting: int
    failing: int
    parked: int


def processes(session: SystemSession) -> list[ProcessRow]:
    """Every process that is registered."""
    return [ProcessRow(*row) for row in session.execute(_PROCESSES, {"alive": 3 * POLL_S})]


def queues(session: SystemSession, service: Queues) -> list[QueueRow]:
    """The classes of jobs in the order in which they are served."""
    rows = {row.queue: row for row in session.execute(_QUEUES)}
    found = []
    for name in CLASSES:
        row = rows.get(name)
        woken = _woken(service, name)
        if row is None:
            found.append(QueueRow(name, woken))
            continue
        oldest = None if row.oldest_s is None else float(row.oldest_s)
        found.append(QueueRow(name, woken, row.due, row.later, row.running, row.parked, oldest))
    return found


def lanes(session: SystemSession) -> list[LaneRow]:
    """The lanes with their instruments."""
    of: dict[int, list[InstrumentRow]] = {}
    for row in session.execute(_INSTRUMENTS):
        item = InstrumentRow(*row)
        of.setdefault(item.lane, []).append(item)
    rows = session.execute(_LANES, {"expiry": EXPIRY_S})
    return [LaneRow(**row._mapping, instruments=of.get(row.id, ())) for row in rows]


def handlers(database: Database, runtime: Runtime) -> list[HandlerLag]:
    """The handlers of events with what waits for them."""
    waiting, failing, parked = Counter[str](), Counter[str](), Counter[str]()
    for item in pending(database, runtime):
        counts = parked if item.parked else failing if item.failures else waiting
        counts[item.handler] += 1
    return [HandlerLag(key, waiting[key], failing[key], parked[key]) for key in sorted(runtime.handlers)]


def _woken(service: Queues, name: str) -> int | None:
    try:
        return service.waiting(name)
    except redis.RedisError:
        return None
