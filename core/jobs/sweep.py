"""The sweep: whatever waits is woken again, whatever its wake-up came to. It makes all of Redis dispensable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import text

from core.events.draining import Cursor, Drainer
from core.events.reading import due
from core.jobs.context import run_wake_up
from core.jobs.queues import WakeUp
from core.jobs.runs import Runs
from core.servers.processes import alive
from tenants.db import SystemSession
from tenants.snapshot.holder import place

if TYPE_CHECKING:
    from core.platform import Platform

LIMIT: Final = 2000
"""Most cursors and most runs woken at once; the next sweep takes the rest."""
SILENT_S: Final = 10
"""A process without a heartbeat for so long is taken for dead; what it was doing is begun anew."""

# The tenants in turns, so that one that has more than the limit waiting leaves room for the others.
_RUNS_DUE: Final = text("""
select tenant_id, id, queue from core.job_runs where status = 'queued' and due_at <= now()
order by row_number() over (partition by tenant_id order by due_at) limit :limit
""")
_RUNS_JUST_DUE: Final = text("""
select tenant_id, id, queue from core.job_runs where status = 'queued' and due_at <= now()
  and due_at > now() - interval '2 seconds' limit :limit
""")
# A suspended tenant that is active again, a plugin that is installed again: switching on is not the only way back.
_UNPARK: Final = text("""
update core.job_runs r set status = 'queued', error = null, due_at = now()
where r.status = 'parked' and r.job = any(cast(:jobs as text[])) and exists (
  select from tenants.product_configs p join tenants.tenants t on t.id = p.tenant_id
  where p.tenant_id = r.tenant_id and p.module = split_part(r.job, '.', 1) and p.state = 'on' and t.status = 'active')
""")
_REVIVE: Final = text("""
update core.job_runs r set status = 'queued', worker = null
where r.status = 'running' and r.started_at < now() - interval '2 seconds' and not exists (
  select from tenants.processes p where p.id = r.worker and p.heartbeat_at > now() - make_interval(secs => :silent))
""")


@dataclass(frozen=True, slots=True)
class Due:
    """What waits: cursors behind which there are events, and runs whose time has come."""

    cursors: Sequence[Cursor]
    runs: Sequence[tuple[UUID, UUID, str]]


def sweep(platform: Platform) -> int:
    """Wake everything that waits; how much that was. A wake-up that is still queued is not doubled."""
    with platform.database.system() as session:
        _bury(session)
        session.execute(_REVIVE, {"silent": SILENT_S})
        jobs = [f"{plugin.key}.{name}" for plugin in platform.runtime.plugins.values() for name in plugin.jobs]
        session.execute(_UNPARK, {"jobs": jobs})
        found = _look(platform, session)
    wake_ups: list[WakeUp] = [cursor.wake_up() for cursor in found.cursors]
    wake_ups += [run_wake_up(tenant_id, queue, run_id) for tenant_id, run_id, queue in found.runs]
    platform.queues.wake(wake_ups)
    return len(wake_ups)


def wake_delayed(platform: Platform) -> int:
    """Wake runs whose time has come just now: what asked to be run in a moment must not wait for the whole sweep.

    The look is one index scan that finds next to nothing; what is older is left to the sweep.
    """
    with platform.database.system() as session:
        rows = session.execute(_RUNS_JUST_DUE, {"limit": LIMIT}).all()
    platform.queues.wake([run_wake_up(row.tenant_id, row.queue, row.id) for row in rows])
    return len(rows)


def work_without_queues(platform: Platform, queues: Sequence[str]) -> int:
    """Do what waits for workers of these classes, straight from the database: how work goes on while Redis is away."""
    with platform.database.system() as session:
        found = _look(platform, session)
    drainer = Drainer(platform.gate, platform.queues, platform.redis)
    runs = Runs(platform.gate, platform.queues, platform.redis, platform.snapshot.process_id)
    done = 0
    for cursor in found.cursors:
        if cursor.handler.subscription.queue in queues and not platform.stopping.is_set():
            done += drainer.drain(cursor)
    for tenant_id, run_id, queue in found.runs:
        if queue in queues and not platform.stopping.is_set():
            done += runs.run(tenant_id, run_id)
    return done


def _look(platform: Platform, session: SystemSession) -> Due:
    handlers = platform.runtime.handlers
    return Due(
        [
            Cursor(item.tenant_id, handlers[item.handler], item.stream, item.shard)
            for item in due(session, platform.runtime, LIMIT)
        ],
        [(row.tenant_id, row.id, row.queue) for row in session.execute(_RUNS_DUE, {"limit": LIMIT})],
    )


def _bury(session: SystemSession) -> None:
    """Take the rows of this machine's dead processes away, so that nobody waits for their heartbeats to grow old."""
    rows = session.execute(text("select id, pid from tenants.processes where place = :place"), {"place": place()})
    dead = [row.id for row in rows if not alive(row.pid)]
    if dead:
        session.execute(text("delete from tenants.processes where id = any(:dead)"), {"dead": dead})
