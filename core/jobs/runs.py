"""Running the jobs that plugins declare: each run is a row, and its outcome is written in the transaction of its effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.jobs.alerts import raise_alert
from core.jobs.context import Context
from core.jobs.queues import Queues
from core.runtime.gate import Contribution, Gate, PluginError
from core.runtime.records import LoadedPlugin
from core.runtime.states import may_run, module_state
from core.sdk.declarations import Job
from tenants.db import Database, TenantSession

if TYPE_CHECKING:
    import redis

LONGEST_PAUSE_S: Final = 60.0

_CLAIM: Final = text("""
update core.job_runs set status = 'running', attempt = attempt + 1, worker = :worker, started_at = now()
where id = :run and status = 'queued' and due_at <= now() returning job, payload, attempt
""")
# Only the newest attempt may write: one whose worker was taken for dead finds its number passed.
_DONE: Final = text("""
update core.job_runs set status = 'done', ended_at = clock_timestamp(), error = null
where id = :run and attempt = :attempt and status = 'running'
""")
_CHECK: Final = text("""
select 1 from core.job_runs where id = :run and attempt = :attempt and status = 'running' for update
""")
_PARK: Final = text(
    "update core.job_runs set status = 'parked', error = :reason where id = :run and attempt = :attempt"
)
_AGAIN: Final = text("""
update core.job_runs set status = 'queued', error = :error,
  due_at = clock_timestamp() + make_interval(secs => least(:longest, power(2, least(attempt, 10) - 1)))
where id = :run and attempt = :attempt and status = 'running'
""")
_GIVE_UP: Final = text("""
update core.job_runs set status = 'failed', error = :error, ended_at = clock_timestamp()
where id = :run and attempt = :attempt and status = 'running'
""")


class OvertakenError(RuntimeError):
    """Another attempt of the same run has begun: this one's effects are rolled back."""


@dataclass(slots=True)
class Runs:
    """Runs jobs.

    :ivar worker: the process's id in ``tenants.processes``, by which a dead worker's runs are found.
    """

    gate: Gate
    queues: Queues
    redis: redis.Redis
    worker: UUID

    def run(self, tenant_id: UUID, run_id: UUID) -> bool:
        """Run a queued job; false where it is another's, done, or not due, or its module does not let it run."""
        with self._database.tenant(tenant_id) as session:
            claimed = session.execute(_CLAIM, {"run": run_id, "worker": self.worker}).first()
        if claimed is None:
            return False
        key, _, name = claimed.job.partition(".")
        names = {"run": run_id, "attempt": claimed.attempt}
        plugin = self.gate.runtime.get(key)
        job = plugin.jobs.get(name) if plugin else None
        if plugin is None or job is None:
            self._park(tenant_id, names, "no such job is installed")
            return False
        try:
            return self._work(tenant_id, plugin, job, claimed.payload, names)
        except OvertakenError:
            return False
        except (PluginError, DBAPIError) as raised:
            error = (
                raised
                if isinstance(raised, PluginError)
                else PluginError(_contribution(plugin, job), tenant_id, raised)
            )
            self.gate.record(error)
            self._failed(tenant_id, plugin, job, names, error)
            return False

    def _work(
        self, tenant_id: UUID, plugin: LoadedPlugin, job: Job, payload: dict[str, Any], names: dict[str, Any]
    ) -> bool:
        with self._database.tenant(tenant_id) as session:
            state = module_state(session, plugin.key)
            if not may_run(state, reduces=job.reduces):
                session.execute(_PARK, {**names, "reason": f"the module is {state}"})
                return False

            def commit() -> str:
                _still_ours(session, names)
                session.commit()
                for action in session.take_after_commit():
                    action()
                return module_state(session, plugin.key)

            context = Context(session, plugin, state, self.queues, self.redis, commit, names["run"])

            def work() -> None:
                job.run(context, payload)
                session.flush()

            self.gate.call(_contribution(plugin, job), tenant_id, work, job.timeout_s)
            done: Any = session.execute(_DONE, names)
            if done.rowcount != 1:
                raise OvertakenError(str(names["run"]))
        return True

    def _failed(
        self, tenant_id: UUID, plugin: LoadedPlugin, job: Job, names: dict[str, Any], error: PluginError
    ) -> None:
        values = {**names, "error": error.trace}
        with self._database.tenant(tenant_id) as session:
            spent = names["attempt"] > job.retries and not error.passing
            # What reduces risk is tried for ever.
            if spent and not job.reduces:
                session.execute(_GIVE_UP, values)
            else:
                session.execute(_AGAIN, {**values, "longest": LONGEST_PAUSE_S})
            if spent:
                raise_alert(
                    session,
                    plugin.key,
                    "job_failed",
                    f"The job {plugin.key}.{job.name} failed {names['attempt']} times."
                    + (" It is tried again and again." if job.reduces else " It is not tried again."),
                    severity="critical" if job.reduces else "warning",
                    subject=f"{plugin.key}.{job.name}",
                    detail={"error": str(error), "trace": error.trace, "run": str(names["run"])},
                )

    def _park(self, tenant_id: UUID, names: dict[str, Any], reason: str) -> None:
        with self._database.tenant(tenant_id) as session:
            session.execute(_PARK, {**names, "reason": reason})

    @property
    def _database(self) -> Database:
        return self.gate.database


def _still_ours(session: TenantSession, names: dict[str, Any]) -> None:
    if session.execute(_CHECK, names).first() is None:
        raise OvertakenError(str(names["run"]))


def _contribution(plugin: LoadedPlugin, job: Job) -> Contribution:
    return Contribution(plugin.key, "job", job.name)
