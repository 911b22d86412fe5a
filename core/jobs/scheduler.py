"""The scheduler's process: the sweep, schedules, lanes' slices, modules that drain, retention.

Everything here may run in several processes at once and at any time; none of it is needed for what is woken right away.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Final

import redis
from rq import Queue
from rq.registry import clean_registries
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from core.jobs.postman import Postman
from core.jobs.retention import retain
from core.jobs.schedules import run_schedules
from core.jobs.sweep import sweep, wake_delayed
from core.runtime.draining import settle_draining
from core.trading.rollover import roll_over
from core.venues.courier import Courier

if TYPE_CHECKING:
    from core.platform import Platform

TICK_S: Final = 0.2
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Task:
    """Something done every so often."""

    name: str
    every_s: float
    do: Callable[[Platform], object]
    next_at: float = field(default_factory=time.monotonic)


def tasks() -> list[Task]:
    """What the scheduler does."""
    return [
        Task("sweep", 1.0, sweep),
        Task("delayed runs", 0.2, wake_delayed),
        Task("schedules", 1.0, run_schedules),
        Task("lanes", 2.0, wake_lanes),
        Task("draining modules", 2.0, settle_draining),
        Task("venues", 1.0, Courier().start_round),
        Task("mails", 2.0, Postman().start_round),
        Task("roll-over", 60.0, roll_over),
        Task("retention", 60.0, retain),
        Task("registries of the queues", 600.0, tidy_queues),
    ]


def main(platform: Platform) -> None:
    """Work until the process is asked to stop (SIGTERM, SIGINT). What fails is logged and tried again at its next time."""

    def stop(_signum: int, _frame: FrameType | None) -> None:
        platform.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    platform.start("scheduler")
    planned = tasks()
    while not platform.stopping.is_set():
        for task in planned:
            if time.monotonic() >= task.next_at and not platform.stopping.is_set():
                do(platform, task)
        platform.stopping.wait(TICK_S)


def do(platform: Platform, task: Task) -> None:
    """Do a task once; servers that are away are not the end."""
    task.next_at = time.monotonic() + task.every_s
    try:
        task.do(platform)
    except (SQLAlchemyError, redis.RedisError, OSError) as error:
        _log.warning("%s could not be done: %s", task.name, error)
    except Exception:  # noqa: BLE001 - one task that fails must not stop the others; it is logged with its trace
        _log.exception("%s failed", task.name)


def wake_lanes(platform: Platform) -> None:
    """See that each lane has a slice queued; one that is there already is enough."""
    for lane in range(platform.settings.lanes):
        platform.queues.wake_lane(lane)


def tidy_queues(platform: Platform) -> None:
    """Forget jobs of workers that were killed; RQ does so only for the queues that it knows its workers listen to."""
    for queue in Queue.all(platform.redis, serializer=JSONSerializer):
        clean_registries(queue)
