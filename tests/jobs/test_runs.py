"""A job's run is a row: its outcome is written with its effects, once, whoever else tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import text

from core.jobs.context import UnknownJobError, enqueue_job
from core.jobs.runs import Runs
from core.jobs.schedules import run_schedules
from core.jobs.sweep import sweep
from core.platform import Platform
from core.runtime.modules import toggle_off, toggle_on
from core.sdk import Job
from core.settings import Settings
from tenants.services.actor import SYSTEM
from tests.runtime.build import Probe, make_marks, make_tenant, mark, marks, platform_of, set_state


@pytest.fixture
def build(settings: Settings, valkey: redis.Redis) -> Iterator[Any]:
    made: list[Platform] = []
    make_marks(settings)

    def make(*jobs: Job) -> Platform:
        made.append(platform_of(settings, Probe(jobs=jobs)).start("test"))
        return made[-1]

    yield make
    for platform in made:
        platform.close()


def marker(context: Any, payload: Mapping[str, Any]) -> None:
    mark(context.session, "job", str(payload.get("stream", "s")), 0, int(payload.get("n", 0)))


def enqueue(platform: Platform, tenant_id: UUID, name: str = "work", *, delay_s: float = 0, **payload: Any) -> UUID:
    with platform.database.tenant(tenant_id) as session:
        return enqueue_job(session, platform.runtime.plugins["probe"], name, payload, platform.queues, delay_s=delay_s)


def run(platform: Platform, tenant_id: UUID, run_id: UUID) -> bool:
    return Runs(platform.gate, platform.queues, platform.redis, platform.snapshot.process_id).run(tenant_id, run_id)


def row(platform: Platform, run_id: UUID) -> Any:
    with platform.database.system() as session:
        return session.execute(text("select * from core.job_runs where id = :id"), {"id": run_id}).one()


def hurry(platform: Platform) -> None:
    with platform.database.system() as session:
        session.execute(text("update core.job_runs set due_at = now() where status = 'queued'"))


def test_once_with_its_outcome(build: Any) -> None:
    platform = build(Job("work", marker))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id, n=7)
    assert platform.queues.waiting("default") == 1
    assert run(platform, tenant_id, run_id)
    assert not run(platform, tenant_id, run_id), "a second wake-up finds nothing to do"
    assert marks(platform.database, "job") == [(tenant_id, "s", 0, 7)]
    found = row(platform, run_id)
    assert (found.status, found.attempt, found.error) == ("done", 1, None)
    assert found.ended_at >= found.started_at >= found.queued_at


def test_a_rollback_takes_the_job_with_it(build: Any) -> None:
    platform = build(Job("work", marker))
    tenant_id = make_tenant(platform.database, "a", "probe")
    with platform.database.tenant(tenant_id) as session:
        enqueue_job(session, platform.runtime.plugins["probe"], "work", {}, platform.queues)
        session.rollback()
    assert platform.queues.waiting("default") == 0
    assert sweep(platform) == 0


def test_a_job_that_nobody_declares(build: Any) -> None:
    platform = build(Job("work", marker))
    tenant_id = make_tenant(platform.database, "a", "probe")
    with pytest.raises(UnknownJobError, match="declares no job 'wrok'; it has work"):
        enqueue(platform, tenant_id, "wrok")


def test_tried_again_with_pauses_then_given_up_with_an_alert(build: Any) -> None:
    def fail(context: Any, _payload: Any) -> None:
        mark(context.session, "job", "s", 0, 1)
        raise ValueError("no")

    platform = build(Job("work", fail, retries=2))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id)
    for attempt in (1, 2):
        assert not run(platform, tenant_id, run_id)
        found = row(platform, run_id)
        assert (found.status, found.attempt) == ("queued", attempt)
        assert (found.due_at - found.started_at).total_seconds() >= 2 ** (attempt - 1)
        assert not run(platform, tenant_id, run_id), "not before its pause is over"
        hurry(platform)
    assert not run(platform, tenant_id, run_id)
    found = row(platform, run_id)
    assert (found.status, found.attempt) == ("failed", 3)
    assert "ValueError: no" in found.error
    assert marks(platform.database, "job") == []
    with platform.database.tenant(tenant_id) as session:
        [alert] = session.execute(text("select * from core.alerts")).all()
    assert (alert.code, alert.subject) == ("job_failed", "probe.work")


def test_what_reduces_is_tried_for_ever(build: Any) -> None:
    def fail(_context: Any, _payload: Any) -> None:
        raise ValueError("no")

    platform = build(Job("work", fail, retries=0, reduces=True))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id)
    for _ in range(4):
        run(platform, tenant_id, run_id)
        hurry(platform)
    assert (row(platform, run_id).status, row(platform, run_id).attempt) == ("queued", 4)
    with platform.database.tenant(tenant_id) as session:
        assert session.scalars(text("select severity from core.alerts")).all() == ["critical"]


def test_a_job_over_its_time_is_ended(build: Any) -> None:
    def linger(context: Any, _payload: Any) -> None:
        context.session.execute(text("select pg_sleep(20)"))

    platform = build(Job("work", linger, timeout_s=1, retries=0))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id)
    assert not run(platform, tenant_id, run_id)
    assert "took longer than 1 s" in row(platform, run_id).error


def test_steps_are_committed_one_by_one(build: Any) -> None:
    def steps(context: Any, _payload: Any) -> None:
        mark(context.session, "job", "s", 0, 1)
        context.commit()
        mark(context.session, "job", "s", 0, 2)
        raise ValueError("after the first step")

    platform = build(Job("work", steps, retries=0))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run(platform, tenant_id, enqueue(platform, tenant_id))
    assert [seq for *_, seq in marks(platform.database, "job")] == [1]


def test_an_attempt_that_was_overtaken_writes_nothing(build: Any) -> None:
    """A worker taken for dead that wakes up again finds another attempt begun: its effects are rolled back."""

    def slow(context: Any, _payload: Any) -> None:
        mark(context.session, "job", "s", 0, 1)
        with platform.database.system() as session:
            session.execute(text("update core.job_runs set attempt = attempt + 1, status = 'queued'"))

    platform = build(Job("work", slow))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id)
    assert not run(platform, tenant_id, run_id)
    assert marks(platform.database, "job") == []
    assert row(platform, run_id).status == "queued"


def test_jobs_of_a_module_that_is_off_wait_until_it_is_on(build: Any) -> None:
    platform = build(Job("work", marker), Job("close", marker, reduces=True))
    tenant_id = make_tenant(platform.database, "a")
    with platform.database.tenant(tenant_id) as session:
        toggle_on(session, "probe", SYSTEM)
    parked, closing = enqueue(platform, tenant_id, n=1), enqueue(platform, tenant_id, "close", n=2)
    with platform.database.tenant(tenant_id) as session:
        toggle_off(session, "probe", None, SYSTEM)
    assert not run(platform, tenant_id, parked)
    assert run(platform, tenant_id, closing)
    assert (row(platform, parked).status, row(platform, parked).error) == ("parked", "the module is off")
    assert sweep(platform) == 0
    with platform.database.tenant(tenant_id) as session:
        toggle_on(session, "probe", SYSTEM)
    assert run(platform, tenant_id, parked)
    assert [seq for *_, seq in marks(platform.database, "job")] == [2, 1]


def test_halted_runs_nothing(build: Any) -> None:
    platform = build(Job("close", marker, reduces=True))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id, "close")
    set_state(platform.database, tenant_id, "probe", "halted")
    assert not run(platform, tenant_id, run_id)
    assert row(platform, run_id).status == "parked"


def test_jobs_of_a_suspended_tenant_go_on_when_it_is_active_again(build: Any) -> None:
    platform = build(Job("work", marker))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id)

    def put(status: str) -> None:
        with platform.database.system() as session:
            session.execute(text("update tenants.tenants set status = :status"), {"status": status})

    put("suspended")
    assert not run(platform, tenant_id, run_id)
    sweep(platform)
    assert row(platform, run_id).status == "parked"
    put("active")
    sweep(platform)
    assert run(platform, tenant_id, run_id)


def test_a_tenants_flood_leaves_room_in_the_sweep(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.sweep.LIMIT", 4)
    platform = build(Job("work", marker))
    flood, other = make_tenant(platform.database, "a", "probe"), make_tenant(platform.database, "b", "probe")
    for tenant_id in (flood,) * 10 + (other,):
        enqueue(platform, tenant_id)
    platform.redis.flushall()
    assert sweep(platform) == 4
    taken = [platform.queues.take("default") for _ in range(4)]
    assert f"rq:queue:default:{other.hex}" in {found[0] for found in taken if found}


def test_a_delayed_job_is_woken_by_the_sweep_when_its_time_has_come(build: Any) -> None:
    platform = build(Job("work", marker))
    tenant_id = make_tenant(platform.database, "a", "probe")
    run_id = enqueue(platform, tenant_id, delay_s=3600)
    assert (sweep(platform), run(platform, tenant_id, run_id)) == (0, False)
    hurry(platform)
    assert sweep(platform) == 1
    assert platform.queues.waiting("default") == 1
    assert run(platform, tenant_id, run_id)


def test_runs_of_dead_workers_are_begun_anew(build: Any) -> None:
    platform = build(Job("work", marker))
    tenant_id = make_tenant(platform.database, "a", "probe")
    mine, orphan = enqueue(platform, tenant_id), enqueue(platform, tenant_id)
    with platform.database.system() as session:
        for run_id, worker in ((mine, platform.snapshot.process_id), (orphan, UUID(int=1))):
            session.execute(
                text(
                    "update core.job_runs set status = 'running', attempt = 1, worker = :worker,"
                    " started_at = now() - interval '1 minute' where id = :id"
                ),
                {"id": run_id, "worker": worker},
            )
    sweep(platform)
    assert (row(platform, mine).status, row(platform, orphan).status) == ("running", "queued")
    assert run(platform, tenant_id, orphan)
    assert row(platform, orphan).attempt == 2


def test_schedules_run_once_an_interval_for_each_tenant_with_the_module_on(build: Any) -> None:
    platform = build(Job("hourly", marker, every_s=3600), Job("work", marker))
    one, other = make_tenant(platform.database, "a", "probe"), make_tenant(platform.database, "b", "probe")
    make_tenant(platform.database, "c")
    assert [run_schedules(platform) for _ in range(3)] == [2, 0, 0], "however many schedulers ask"
    with platform.database.system() as session:
        runs = session.execute(text("select tenant_id, id, job from core.job_runs")).all()
    assert {found.tenant_id for found in runs} == {one, other}
    assert {found.job for found in runs} == {"probe.hourly"}
    for found in runs:
        assert run(platform, found.tenant_id, found.id)
    with platform.database.system() as session:
        session.execute(text("update core.schedules set slot = slot - 1"))
    set_state(platform.database, other, "probe", "draining")
    assert run_schedules(platform) == 1
    with platform.database.system() as session:
        session.execute(text("update core.schedules set slot = slot - 1"))
    assert run_schedules(platform) == 0, "the last one is still under way"


def test_a_scheduled_job_that_reduces_runs_while_its_module_drains(build: Any) -> None:
    platform = build(Job("close", marker, every_s=3600, reduces=True), Job("plain", marker, every_s=3600))
    tenant_id = make_tenant(platform.database, "a")
    with platform.database.tenant(tenant_id) as session:
        toggle_on(session, "probe", SYSTEM)
    set_state(platform.database, tenant_id, "probe", "draining")
    assert run_schedules(platform) == 1
