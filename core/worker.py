"""The process of a worker: ``tradeyard worker --queue …``."""

from __future__ import annotations

import logging
import re
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.jobs.queues import CLASSES, lane_queue
from core.jobs.runner import PLATFORM, run_lane
from core.jobs.sweep import work_without_queues
from core.jobs.workers import TurnsWorker, take_in_turns

if TYPE_CHECKING:
    from core.platform import Platform

PAUSE_S = 0.5
_log = logging.getLogger(__name__)


class UnknownQueueError(ValueError):
    """A queue that nobody puts anything into."""


def main(platform: Platform, queues: Sequence[str]) -> None:
    """Work on the queues until the process is asked to stop (SIGTERM, SIGINT): it ends after the running job.

    :param queues: classes in the order in which they are served (``critical``, ``trading``, ``default``, ``bulk``), or one
        lane (``lane-0``).
    :raises UnknownQueueError: for others.
    """
    lanes = [int(found[1]) for name in queues if (found := re.fullmatch(r"lane-(\d+)", name))]
    unknown = [name for name in queues if name not in CLASSES and not name.startswith("lane-")]
    if unknown or not queues or (lanes and len(queues) > 1):
        raise UnknownQueueError(
            f"queues are {', '.join(CLASSES)}, or one lane such as lane-0; not {', '.join(queues)!r}"
        )
    _work(platform, queues, lanes[0] if lanes else None)


def _work(platform: Platform, queues: Sequence[str], lane: int | None) -> None:
    _on_signals(platform)
    platform.start("worker" if lane is None else "lane")
    platform.gate.last_resort = True
    know_handlers(platform)
    token = PLATFORM.set(platform)
    try:
        while not platform.stopping.is_set():
            worker = None
            try:
                worker = _worker(platform, queues, lane)
                worker.work(logging_level="WARNING")
            except redis.RedisError as error:
                # It could not even register: the servers may be starting.
                _log.warning("Redis is away: %s", error)
                _without_redis(platform, queues, lane)
            if not platform.stopping.is_set():
                _on_signals(platform)
                platform.stopping.wait(PAUSE_S)
    finally:
        PLATFORM.reset(token)


# A plugin that is new starts with each tenant's switching it on; a handler that comes with a later version of a plugin starts
# with that version, and not at the beginning of history.
_KNOW = text("""
insert into core.known_handlers (handler, since)
select k, case when exists (select from core.known_handlers o where split_part(o.handler, '.', 1) = split_part(k, '.', 1))
  then now() else '-infinity' end
from unnest(cast(:keys as text[])) k on conflict do nothing
""")


def know_handlers(platform: Platform) -> None:
    """Note since when this installation has each handler. While the database is away that is tried again and again."""
    while not platform.stopping.is_set():
        try:
            with platform.database.system() as session:
                session.execute(_KNOW, {"keys": list(platform.runtime.handlers)})
        except SQLAlchemyError as error:
            _log.warning("the database is away: %s", error)
            platform.stopping.wait(PAUSE_S)
        else:
            return


def _worker(platform: Platform, queues: Sequence[str], lane: int | None) -> TurnsWorker:
    return TurnsWorker(
        queues,
        platform.redis,
        take=take_in_turns(platform.queues, queues) if lane is None else _take_slice(platform, lane),
        wait=lambda seconds: platform.queues.wait(queues, seconds),
        away=lambda: _without_redis(platform, queues, lane),
        stopping=platform.stopping,
    )


def _take_slice(platform: Platform, lane: int) -> Callable[[], tuple[str, str] | None]:
    """A lane's worker puts a slice in where none waits, so that no loss of Redis stops the lane."""

    def take() -> tuple[str, str] | None:
        platform.queues.wake_lane(lane)
        return platform.queues.take_plain(lane_queue(lane))

    return take


def _without_redis(platform: Platform, queues: Sequence[str], lane: int | None) -> None:
    """A round of work straight from the database."""
    try:
        if lane is None:
            work_without_queues(platform, queues)
        else:
            run_lane(platform, lane)
    except SQLAlchemyError as error:
        _log.warning("the database is away, too: %s", error)
        time.sleep(PAUSE_S)


def _on_signals(platform: Platform) -> None:
    def stop(_signum: int, _frame: FrameType | None) -> None:
        platform.stopping.set()

    with suppress(ValueError):  # not in the main thread: a test that stops the worker by itself
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
