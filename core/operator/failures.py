"""What stands still until somebody has looked: jobs given up or parked, streams of events, subjects of lanes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from core.events import parking as streams
from core.jobs.alerts import settle_alert
from core.lanes import parking as subjects
from core.lanes.subject import RANKS, SubjectRef
from core.operator import log
from core.runtime import Runtime
from tenants.db import Database, SystemSession
from tenants.services.actor import Actor

_JOBS = text("""
select r.id, r.tenant_id, t.key as brokerage, r.job, r.queue, r.status, r.attempt, r.queued_at,
  coalesce(r.ended_at, r.started_at, r.queued_at) as at, coalesce(r.error, '') as error
from core.job_runs r join tenants.tenants t on t.id = r.tenant_id
where r.status in ('failed', 'parked') and (cast(:id as uuid) is null or r.id = :id)
  and (cast(:status as text) is null or r.status = :status)
order by 9 desc limit :limit offset :offset
""")
_COUNTS = text("""
select (select count(*) from core.job_runs where status = 'failed') as failed,
  (select count(*) from core.job_runs where status = 'parked') as waiting,
  (select count(*) from core.handler_cursors where parked) as streams,
  (select count(*) from core.parked_subjects) as subjects,
  (select count(*) from core.quarantines where lifted_at is null) as quarantines,
  (select count(*) from core.plugin_faults where at > now() - interval '24 hours') as faults,
  (select count(*) from core.alerts where closed_at is null and severity = 'critical') as alerts
""")
_STREAMS = text("""
select c.tenant_id, t.key as brokerage, c.handler, c.stream, c.shard, c.seq, c.failures, coalesce(c.error, '') as error
from core.handler_cursors c join tenants.tenants t on t.id = c.tenant_id
where c.parked order by t.key, c.handler, c.stream, c.shard limit 200
""")
_SUBJECTS = text("""
select p.id, p.tenant_id, t.key as brokerage, p.kind, p.subject_id, i.feed_symbol as instrument, p.plugin, p.seq, p.error,
  p.parked_at
from core.parked_subjects p join tenants.tenants t on t.id = p.tenant_id join core.instruments i on i.id = p.instrument_id
where cast(:id as uuid) is null or p.id = :id order by p.parked_at desc limit 200
""")
# The number of attempts goes on, since it tells a run that was taken over from the newest.
_AGAIN = text("""
update core.job_runs set status = 'queued', due_at = now(), ended_at = null, error = null
where id = :id and status in ('failed', 'parked') returning job
""")


def _last_line(trace: str) -> str:
    lines = trace.strip().splitlines()
    return lines[-1].strip() if lines else ""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A run that was given up (``failed``) or waits for its module (``parked``)."""

    id: UUID
    tenant_id: UUID
    brokerage: str
    job: str
    queue: str
    status: str
    attempt: int
    queued_at: datetime
    at: datetime
    error: str

    @property
    def problem(self) -> str:
        """The last line of the error."""
        return _last_line(self.error)


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream of events that stands still for one handler after ``seq``."""

    tenant_id: UUID
    brokerage: str
    handler: str
    stream: str
    shard: int
    seq: int
    failures: int
    error: str

    @property
    def shard_text(self) -> str:
        """Which shard, where there is more than one."""
        return f"#{self.shard}" if self.shard else ""

    @property
    def problem(self) -> str:
        """The last line of the error."""
        return _last_line(self.error)


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """A subject of a lane (``order``, ``position``, ``account``, ``reactor``) that rests since a quote."""

    id: UUID
    tenant_id: UUID
    brokerage: str
    kind: str
    subject_id: UUID
    instrument: str
    plugin: str | None
    seq: int
    error: str
    parked_at: datetime

    @property
    def problem(self) -> str:
        """The last line of the error."""
        return _last_line(self.error)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits for somebody. ``waiting``: runs whose module is not on; ``faults``: errors of the last day."""

    failed: int
    waiting: int
    streams: int
    subjects: int
    quarantines: int
    faults: int
    alerts: int

    @property
    def standing_still(self) -> int:
        """What does not go on by itself."""
        return self.failed + self.streams + self.subjects


def counts(session: SystemSession) -> Counts:
    """Numbers for the overview."""
    return Counts(*session.execute(_COUNTS).one())


def jobs(session: SystemSession, status: str = "", *, limit: int = 50, offset: int = 0) -> list[JobRow]:
    """Runs that were given up or are parked, the latest first."""
    values = {"id": None, "status": status or None, "limit": limit, "offset": offset}
    return [JobRow(*row) for row in session.execute(_JOBS, values)]


def job(session: SystemSession, run_id: UUID) -> JobRow | None:
    """One such run."""
    row = session.execute(_JOBS, {"id": run_id, "status": None, "limit": 1, "offset": 0}).one_or_none()
    return None if row is None else JobRow(*row)


def run_again(session: SystemSession, found: JobRow, actor: Actor) -> bool:
    """Queue a run once more; whether it had not gone on meanwhile. The sweep wakes it within a second."""
    taken = session.scalar(_AGAIN, {"id": found.id}) is not None
    if taken:
        log.record(session, actor, "job.again", brokerage=found.brokerage, subject=found.job, detail={"run": found.id})
    return taken


def parked_streams(session: SystemSession) -> list[StreamRow]:
    """Streams of events that are parked."""
    return [StreamRow(*row) for row in session.execute(_STREAMS)]


def resume_stream(database: Database, runtime: Runtime, row: StreamRow, actor: Actor, *, skip: bool) -> bool:
    """Let a stream go on, from the event that failed or after it (``skip``: what it should have done is not done)."""
    handler = runtime.handlers.get(row.handler)
    if handler is None:
        return False
    with database.tenant(row.tenant_id) as tenant_session:
        resumed = streams.resume(tenant_session, handler, row.stream, row.shard, skip=skip)
    if resumed:
        with database.system() as session:
            action = "events.skip" if skip else "events.resume"
            detail = {"stream": row.stream, "shard": row.shard, "seq": row.seq}
            log.record(session, actor, action, brokerage=row.brokerage, subject=row.handler, detail=detail)
    return resumed


def parked_subjects(session: SystemSession) -> list[SubjectRow]:
    """Subjects of lanes that are parked."""
    return [SubjectRow(*row) for row in session.execute(_SUBJECTS, {"id": None})]


def parked_subject(session: SystemSession, parked_id: UUID) -> SubjectRow | None:
    """One of them."""
    row = session.execute(_SUBJECTS, {"id": parked_id}).one_or_none()
    return None if row is None else SubjectRow(*row)


def resume_subject(database: Database, row: SubjectRow, actor: Actor) -> bool:
    """Let a subject take part again, from the quote at which it was parked."""
    with database.tenant(row.tenant_id) as tenant_session:
        ref = SubjectRef(row.tenant_id, RANKS[row.kind], row.subject_id)
        resumed = subjects.unpark(tenant_session, ref)
        settle_alert(tenant_session, row.plugin or "core", subjects.CODE, f"{row.kind}:{row.subject_id}")
    if resumed:
        with database.system() as session:
            log.record(
                session,
                actor,
                "subject.resume",
                brokerage=row.brokerage,
                subject=row.kind,
                detail={"id": row.subject_id},
            )
    return resumed
