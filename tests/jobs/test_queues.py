"""Queues serve tenants in turns, hold no truth, and are missed by nobody when they are away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.jobs.queues import Queues, WakeUp
from core.jobs.sweep import sweep, work_without_queues
from core.jobs.workers import TurnsWorker, take_in_turns
from core.platform import Platform
from core.sdk import Job
from core.settings import Settings
from tenants.db import new_id
from tests.events.test_draining import say
from tests.jobs.test_runs import enqueue, marker
from tests.runtime.build import Probe, make_marks, make_tenant, marking, marks, platform_of


def wake(tenant: UUID, n: int, key: str | None = None, queue: str = "trading") -> WakeUp:
    return WakeUp(queue, tenant, {"n": n}, key)


def drained(queues: Queues, queue: str = "trading") -> list[str]:
    """The tenants of the waiting jobs in the order in which they are served."""
    found = []
    while taken := queues.take(queue):
        found.append(taken[0].rpartition(":")[2])
    return found


def test_tenants_take_turns(valkey: redis.Redis) -> None:
    queues, flood, other, third = Queues(valkey), new_id(), new_id(), new_id()
    queues.wake(wake(flood, n) for n in range(100))
    queues.wake([wake(other, 0), wake(third, 0), wake(other, 1)])
    order = drained(queues)
    assert order[:6] == [tenant.hex for tenant in (flood, other, third, flood, other, flood)]
    assert len(order) == 103


def test_a_tenant_that_always_has_one_job_does_not_jump_the_others(valkey: redis.Redis) -> None:
    queues, busy, other = Queues(valkey), new_id(), new_id()
    queues.wake(wake(other, n) for n in range(10))
    served = []
    for _ in range(10):
        queues.wake([wake(busy, 0)])
        taken = queues.take("trading")
        assert taken is not None
        served.append(taken[0].rpartition(":")[2])
    assert served.count(other.hex) == served.count(busy.hex) == 5


def test_the_same_is_not_queued_twice_until_it_has_begun(valkey: redis.Redis) -> None:
    queues, tenant = Queues(valkey), new_id()
    for _ in range(3):
        queues.wake([wake(tenant, 0, "same"), wake(tenant, 1, "other")])
    assert queues.waiting("trading") == 2
    queues.begun("same")
    queues.wake([wake(tenant, 0, "same")])
    assert queues.waiting("trading") == 3


def test_an_emptied_server_is_like_a_new_one(valkey: redis.Redis) -> None:
    queues, tenant = Queues(valkey), new_id()
    queues.wake([wake(tenant, 0, "same")])
    valkey.flushall()
    assert queues.take("trading") is None
    queues.wake([wake(tenant, 0, "same")])
    assert drained(queues) == [tenant.hex]


def test_a_server_that_is_away_stops_nobody(tmp_path: Path) -> None:
    queues = Queues(redis.Redis(unix_socket_path=str(tmp_path / "nobody"), retry=Retry(NoBackoff(), 0)))
    queues.wake([wake(new_id(), 0, "key")])
    queues.begun("key")
    assert not queues.wake_lane(0)


def test_a_waiting_worker_hears_the_bell_at_once(valkey: redis.Redis) -> None:
    queues, tenant = Queues(valkey), new_id()
    waited = []

    def wait() -> None:
        started = time.monotonic()
        Queues(valkey).wait(["critical", "trading"], 5)
        waited.append(time.monotonic() - started)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.1)
    queues.wake([wake(tenant, 0)])
    thread.join()
    assert waited[0] < 2


@pytest.fixture
def platform(settings: Settings, valkey: redis.Redis) -> Iterator[Platform]:
    make_marks(settings)
    probe = Probe(
        jobs=[Job("work", marker, queue="trading"), Job("stop", marker, queue="critical")],
        subscriptions=[marking("seen")],
    )
    with platform_of(settings, probe).start("test") as made:
        yield made


def worker_of(platform: Platform, *classes: str, stopping: Event) -> TurnsWorker:
    return TurnsWorker(
        classes,
        platform.redis,
        take=take_in_turns(platform.queues, classes),
        wait=lambda _seconds: None,
        away=lambda: None,
        stopping=stopping,
    )


def burst(platform: Platform, *classes: str) -> None:
    """Let a worker do all that waits."""
    from core.jobs.runner import PLATFORM

    worker = worker_of(platform, *classes, stopping=Event())
    token = PLATFORM.set(platform)
    try:
        worker.work(burst=True, logging_level="WARNING")
    finally:
        PLATFORM.reset(token)


def test_a_worker_asked_to_stop_before_it_began_ends(platform: Platform) -> None:
    stopping = Event()
    stopping.set()  # the signal came before RQ's handlers were there
    assert worker_of(platform, "default", stopping=stopping).dequeue_job_and_maintain_ttl(timeout=1) is None


def test_one_tenants_flood_does_not_delay_anothers_job(platform: Platform) -> None:
    """With 200 jobs of one tenant ahead, the other's is the second to be done."""
    flood = make_tenant(platform.database, "a", "probe")
    other = make_tenant(platform.database, "b", "probe")
    for n in range(200):
        enqueue(platform, flood, n=n)
    enqueue(platform, other, n=1000)
    burst(platform, "critical", "trading")
    done = marks(platform.database, "job")
    assert len(done) == 201
    assert [tenant for tenant, *_ in done].index(other) <= 1


def test_critical_goes_first(platform: Platform) -> None:
    tenant_id = make_tenant(platform.database, "a", "probe")
    for n in range(5):
        enqueue(platform, tenant_id, n=n)
    enqueue(platform, tenant_id, "stop", n=99)
    burst(platform, "critical", "trading")
    assert [seq for *_, seq in marks(platform.database, "job")] == [99, 0, 1, 2, 3, 4]


def test_an_event_wakes_its_handler_by_itself(platform: Platform) -> None:
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id, count=3)
    say(platform, tenant_id, kind="pong")
    assert platform.queues.waiting("trading") == 1
    burst(platform, "trading")
    assert [seq for *_, seq in marks(platform.database, "seen")] == [1, 2, 3]


def test_what_redis_forgot_is_swept_up(platform: Platform, valkey: redis.Redis) -> None:
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id)
    enqueue(platform, tenant_id, n=5)
    valkey.flushall()
    burst(platform, "trading")
    assert marks(platform.database, "seen") == []
    assert sweep(platform) == 2
    sweep(platform)
    assert platform.queues.waiting("trading") == 2, "one wake-up each, however often it is swept"
    burst(platform, "trading")
    assert len(marks(platform.database, "seen") + marks(platform.database, "job")) == 2
    assert sweep(platform) == 0


def test_work_goes_on_from_the_database_while_redis_is_away(settings: Settings, tmp_path: Path) -> None:
    make_marks(settings)
    probe = Probe(
        jobs=[Job("work", marker, queue="trading"), Job("stop", marker, queue="critical")],
        subscriptions=[marking("seen")],
    )
    away = settings.model_copy(update={"redis_url": f"unix://{tmp_path}/nobody"})
    with platform_of(away, probe).start("test") as platform:
        tenant_id = make_tenant(platform.database, "a", "probe")
        say(platform, tenant_id, count=2)
        enqueue(platform, tenant_id, n=5)
        enqueue(platform, tenant_id, "stop", n=6)
        assert work_without_queues(platform, ["trading"]) == 3
        assert [seq for *_, seq in marks(platform.database, "seen")] == [1, 2]
        assert [seq for *_, seq in marks(platform.database, "job")] == [5]
        assert work_without_queues(platform, ["critical", "trading"]) == 1


def test_a_job_that_raises_leaves_the_worker_alive(platform: Platform) -> None:
    tenant_id = make_tenant(platform.database, "a", "probe")
    platform.queues.wake([WakeUp("trading", tenant_id, {"tenant": "not an id", "run": "neither"})])
    enqueue(platform, tenant_id, n=1)
    burst(platform, "trading")
    assert len(marks(platform.database, "job")) == 1


def test_nothing_stays_in_redis_of_jobs_that_are_done(platform: Platform, valkey: redis.Redis) -> None:
    tenant_id = make_tenant(platform.database, "a", "probe")
    for n in range(5):
        enqueue(platform, tenant_id, n=n)
    burst(platform, "trading")
    assert valkey.keys("rq:job:*") == []
