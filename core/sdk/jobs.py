"""Jobs for plugins: queue one from a page, a command or a lane, and see how far it is. Jobs have ``context.enqueue`` for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.jobs.context import enqueue_job
from core.jobs.queues import SERVICE
from core.runtime.gate import GATE
from tenants.db import TenantSession

__all__ = ["RunState", "enqueue", "run_state"]


def enqueue(session: TenantSession, plugin: str, job: str, payload: Mapping[str, Any], *, delay_s: float = 0) -> UUID:
    """Write a run of a plugin's job in this transaction and wake a worker after the commit. Returns the run's identifier.

    :param delay_s: not before so many seconds from now, to about a quarter of a second.
    :raises LookupError: where the session belongs to no platform, or the plugin or job is not loaded in it.
    """
    gate, queues = session.info.get(GATE), session.info.get(SERVICE)
    found = gate.runtime.get(plugin) if gate is not None else None
    if found is None or queues is None:
        raise LookupError(f"no platform of this session has the plugin {plugin}")
    return enqueue_job(session, found, job, payload, queues, delay_s=delay_s)


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run of a job is.

    :ivar status: ``queued``, ``running``, ``done``, ``failed`` (given up) or ``parked`` (its module is not on).
    :ivar total: how many steps there are; 0 while that is not known.
    :ivar result: what the job has said with ``context.progress``, empty before.
    :ivar error: the trace of its last failure; not for customers' eyes.
    """

    id: UUID
    job: str
    payload: Mapping[str, Any]
    status: str
    done: int
    total: int
    result: Mapping[str, Any]
    error: str

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it by itself."""
        return self.status in ("done", "failed", "parked")


def run_state(session: TenantSession, run_id: UUID) -> RunState | None:
    """How far a run is; none where the tenant has no such run, or it is so long ago that it was forgotten."""
    row = session.execute(
        text(
            "select id, job, payload, status, done, total, coalesce(result, '{}'::jsonb) as result,"
            " coalesce(error, '') as error from core.job_runs where id = :run"
        ),
        {"run": run_id},
    ).first()
    return None if row is None else RunState(**row._mapping)
