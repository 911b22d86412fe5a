"""A worker: takes jobs in turns of the tenants, runs them in its own process, and outlives Redis."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, Final

import redis
from rq import Queue, SimpleWorker
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.worker.base import WorkerStatus

from core.jobs.queues import Queues

WAIT_S: Final = 1.0
"""An idle worker looks up so often whether it is asked to stop."""
BEAT_S: Final = 10.0
_RETRY_S: Final = (0.1, 0.2, 0.5, 1.0)

_log = logging.getLogger(__name__)


class _NoLimit(BaseDeathPenalty):
    """No limit of RQ's: it would cancel alarms that are not its own."""

    def setup_death_penalty(self) -> None: ...

    def cancel_death_penalty(self) -> None: ...


class TurnsWorker(SimpleWorker):
    """A worker of RQ that serves its classes in their order, and within a class the tenants in turns.

    A job runs in this process: forking one for each costs five times as much. Its limits are those of what it runs.

    :param take: the key of the RQ queue and the id of the next job, none where none waits.
    :param wait: waits for a job at most so many seconds.
    :param away: what to do instead while Redis is away.
    :param stopping: set when the process is asked to stop, by whoever hears of it first.
    """

    death_penalty_class = _NoLimit

    def __init__(
        self,
        names: Sequence[str],
        client: redis.Redis,
        *,
        take: Callable[[], tuple[str, str] | None],
        wait: Callable[[float], None],
        away: Callable[[], object],
        stopping: threading.Event,
    ) -> None:
        super().__init__(
            list(names), connection=client, serializer=JSONSerializer, worker_ttl=60, log_job_description=False
        )
        self._take, self._wait, self._away, self._stopping = take, wait, away, stopping
        self._beaten_at = 0.0
        self.stop_asked = False
        # Nothing of a job is kept in Redis; without this each job would log that its result is discarded.
        self.log_result_lifespan = False

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """The next job; none once the process is asked to stop (or, in a burst, when nothing waits)."""
        failures = 0
        # The request may have come before RQ's handlers were there.
        while not self.stop_asked and not self._stopping.is_set():
            try:
                self._beat()
                found = self._fetch(self._take())
                if found is not None:
                    return found
                if timeout is None:
                    return None
                self._wait(WAIT_S)
                failures = 0
            except redis.RedisError as error:
                if failures == 0:
                    _log.warning("Redis is away, working from the database alone: %s", error)
                self._away()
                time.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
        return None

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job. What Redis should have known about it may be lost; what it did is in the database."""
        try:
            super().execute_job(job, queue)
        except redis.RedisError as error:
            _log.warning("a job's end could not be told to Redis: %s", error)
            self.executions.clear()

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say that the worker lives, where Redis is there to hear it."""
        try:
            super().heartbeat(timeout, pipeline)
        except redis.RedisError as error:
            _log.info("a heartbeat was lost: %s", error)

    def bootstrap(self, *_logging: Any) -> None:
        """Register without RQ's log handlers and its thread for remote commands, which nobody sends."""
        # Each job would be four lines otherwise; what fails is told by whoever runs it.
        self.log.setLevel(logging.WARNING)
        self.register_birth()  # type: ignore[no-untyped-call]  # RQ is not typed throughout
        self.set_state(WorkerStatus.STARTED)

    def run_maintenance_tasks(self) -> None:
        """Nothing: the scheduler tidies all queues up."""

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Never; see :meth:`run_maintenance_tasks`."""
        return False

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def _set_connection(self, connection: redis.Redis) -> redis.Redis:
        # RQ would wait nearly a minute for a server that hangs; we never block longer than WAIT_S.
        return connection

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """End after the running job; asked again, the same."""
        if not self.stop_asked:
            self.stop_asked = self._stop_requested = True
            self._stopping.set()

    def _install_signal_handlers(self) -> None:
        signal.signal(signal.SIGINT, self.request_stop)
        signal.signal(signal.SIGTERM, self.request_stop)

    def _fetch(self, taken: tuple[str, str] | None) -> tuple[Job, Queue] | None:
        while taken is not None:
            key, job_id = taken
            try:
                job = Job.fetch(job_id, connection=self.connection, serializer=JSONSerializer)
            except NoSuchJobError:
                taken = self._take()
            else:
                queue = Queue.from_queue_key(key, connection=self.connection, serializer=JSONSerializer)
                # RQ asks the server at each job otherwise.
                job.redis_server_version = queue.redis_server_version = (6, 2, 0)
                return job, queue
        return None

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_at > BEAT_S:
            self._beaten_at = time.monotonic()
            self.connection.ping()
            self.heartbeat()


def take_in_turns(queues: Queues, classes: Sequence[str]) -> Callable[[], tuple[str, str] | None]:
    """The next job of the first class that has one."""

    def take() -> tuple[str, str] | None:
        for name in classes:
            taken = queues.take(name)
            if taken is not None:
                return taken
        return None

    return take
