"""What a job or a handler of a plugin is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from core.jobs.alerts import raise_alert, settle_alert
from core.jobs.queues import Queues, WakeUp
from core.live import publish
from core.runtime import LoadedPlugin
from tenants.db import TenantSession, new_id
from tenants.services import products

if TYPE_CHECKING:
    import redis


class UnknownJobError(LookupError):
    """A job was to be queued that the plugin does not declare."""


class Context:
    """See :class:`core.sdk.JobContext`.

    :param commit: commits what is done so far; none where the whole is one transaction.
    :param run: the job's run, whose progress is kept; none for handlers.
    """

    def __init__(
        self,
        session: TenantSession,
        plugin: LoadedPlugin,
        module_state: str,
        queues: Queues,
        client: redis.Redis,
        commit: Callable[[], str] | None = None,
        run: UUID | None = None,
    ) -> None:
        self._session, self._plugin, self._state = session, plugin, module_state
        self._queues, self._redis, self._commit, self._run = queues, client, commit, run

    @property
    def tenant_id(self) -> UUID:
        return self._session.tenant_id

    @property
    def session(self) -> TenantSession:
        return self._session

    @property
    def module_state(self) -> str:
        return self._state

    def settings(self) -> Any:
        return self._plugin.settings.model_validate(products.settings_of(self._session, self._plugin.key))

    def commit(self) -> None:
        if self._commit is None:
            raise RuntimeError("a handler's effects and its cursor are one transaction: it cannot commit in between")
        self._state = self._commit()

    def enqueue(self, job: str, payload: Mapping[str, Any], *, delay_s: float = 0) -> UUID:
        return enqueue_job(self._session, self._plugin, job, payload, self._queues, delay_s=delay_s)

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        tenant_id = self._session.tenant_id
        self._session.after_commit(lambda: publish(self._redis, tenant_id, topic, data))

    def alert(
        self,
        code: str,
        message: str,
        *,
        severity: str = "warning",
        subject: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        raise_alert(self._session, self._plugin.key, code, message, severity=severity, subject=subject, detail=detail)

    def settle(self, code: str, subject: str | None = None) -> None:
        settle_alert(self._session, self._plugin.key, code, subject)

    def progress(self, done: int, total: int, *, result: Mapping[str, Any] | None = None) -> None:
        if self._run is None:
            return
        self._session.execute(
            text(
                "update core.job_runs set done = :done, total = :total,"
                " result = coalesce(cast(:result as jsonb), result) where id = :run"
            ),
            {
                "run": self._run,
                "done": done,
                "total": total,
                "result": None if result is None else json.dumps(dict(result), default=str),
            },
        )


def enqueue_job(
    session: TenantSession,
    plugin: LoadedPlugin,
    name: str,
    payload: Mapping[str, Any],
    queues: Queues,
    *,
    delay_s: float = 0,
) -> UUID:
    """Write a run of a job in this transaction and wake a worker after the commit. Returns the run's identifier.

    :param delay_s: not before so many seconds from now, to about a quarter of a second.
    """
    job = plugin.jobs.get(name)
    if job is None:
        raise UnknownJobError(
            f"{plugin.key} declares no job {name!r}; it has {', '.join(sorted(plugin.jobs)) or 'none'}"
        )
    run_id = new_id()
    session.execute(
        text(
            "insert into core.job_runs (id, job, queue, payload, due_at) values"
            " (:id, :job, :queue, cast(:payload as jsonb), clock_timestamp() + make_interval(secs => :delay))"
        ),
        {
            "id": run_id,
            "job": f"{plugin.key}.{name}",
            "queue": job.queue,
            "payload": json.dumps(dict(payload)),
            "delay": delay_s,
        },
    )
    if delay_s <= 0:
        item = run_wake_up(session.tenant_id, job.queue, run_id)
        session.after_commit(lambda: queues.wake([item]))
    return run_id


def run_wake_up(tenant_id: UUID, queue: str, run_id: UUID) -> WakeUp:
    """The wake-up of a run."""
    return WakeUp(queue, tenant_id, {"tenant": str(tenant_id), "run": str(run_id)}, key=f"run:{run_id}")
