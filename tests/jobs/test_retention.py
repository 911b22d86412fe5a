"""What nobody needs any more goes; what somebody still has to read stays, however old."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
import redis
from rq import Queue
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy import text

from core.jobs.retention import EVENTS_DAYS, retain
from core.jobs.scheduler import Task, do, tasks, tidy_queues, wake_lanes
from core.platform import Platform
from core.sdk import Job
from core.settings import Settings
from tests.events.test_draining import drain, say
from tests.jobs.test_runs import enqueue, marker, run
from tests.runtime.build import Probe, make_marks, make_tenant, marking, platform_of, set_state


@pytest.fixture
def platform(settings: Settings, valkey: redis.Redis) -> Iterator[Platform]:
    make_marks(settings)
    probe = Probe(jobs=[Job("work", marker)], subscriptions=[marking("seen")])
    with platform_of(settings, probe) as made:
        yield made


@pytest.fixture
def tenant(platform: Platform) -> UUID:
    return make_tenant(platform.database, "a", "probe")


def age(platform: Platform, days: int = EVENTS_DAYS + 1) -> None:
    with platform.database.system() as session:
        session.execute(text("update core.events set at = at - make_interval(days => :days)"), {"days": days})
        session.execute(
            text("update core.job_runs set queued_at = queued_at - make_interval(days => :days)"), {"days": days}
        )


def count(platform: Platform) -> int:
    with platform.database.system() as session:
        return int(session.scalar(text("select count(*) from core.events")) or 0)


def test_old_events_go_once_they_are_read(platform: Platform, tenant: UUID) -> None:
    say(platform, tenant, count=3)
    retain(platform)
    assert count(platform) == 3, "they are young"
    age(platform)
    retain(platform)
    assert count(platform) == 3, "somebody has yet to read them"
    drain(platform, tenant)
    retain(platform)
    assert count(platform) == 0


def test_numbers_go_on_where_they_were(platform: Platform, tenant: UUID) -> None:
    say(platform, tenant, count=3)
    drain(platform, tenant)
    age(platform)
    retain(platform)
    say(platform, tenant)
    assert drain(platform, tenant) == 1
    with platform.database.system() as session:
        assert session.scalar(text("select stream_seq from core.events")) == 4


def test_a_module_that_is_off_keeps_nothing_for_ever(platform: Platform, tenant: UUID) -> None:
    set_state(platform.database, tenant, "probe", "off")
    say(platform, tenant)
    age(platform)
    retain(platform)
    assert count(platform) == 0


def test_finished_runs_go_and_open_ones_stay(settings: Settings, platform: Platform, tenant: UUID) -> None:
    done, waiting = enqueue(platform, tenant), enqueue(platform, tenant)
    assert run(platform, tenant, done)
    age(platform)
    retain(platform)
    with platform.database.system() as session:
        assert session.scalars(text("select id from core.job_runs")).all() == [waiting]


def test_jobs_of_killed_workers_are_forgotten(platform: Platform, valkey: redis.Redis, tenant: UUID) -> None:
    enqueue(platform, tenant)
    [queue] = Queue.all(valkey, serializer=JSONSerializer)
    started = StartedJobRegistry(queue=queue, serializer=JSONSerializer)
    # A worker that took the job an hour ago and was killed.
    valkey.zadd(started.key, {"gone:execution": 1})
    tidy_queues(platform)
    assert valkey.zcard(started.key) == 0


def test_each_lane_has_one_slice_waiting(platform: Platform, valkey: redis.Redis) -> None:
    for _ in range(3):
        wake_lanes(platform)
    assert valkey.llen("rq:queue:lane-0") == 1


def test_a_task_that_fails_is_tried_again_at_its_next_time(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    task = Task("failing", 5, lambda _platform: 1 / 0)
    before = task.next_at
    do(platform, task)
    assert "failing failed" in caplog.text
    assert task.next_at > before


def test_every_task_of_the_scheduler_runs(platform: Platform, tenant: UUID, caplog: pytest.LogCaptureFixture) -> None:
    for task in tasks():
        do(platform, task)
    assert caplog.records == []
