"""Real worker processes: killed, stopped, and with Redis emptied under their feet, they do everything exactly once, in order."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import text

from core.events.reading import settled
from core.feeds.store import append_ticks
from core.feeds.ticks import Ticks
from core.jobs.queues import CLASSES
from core.lanes.models import Quote
from core.platform import Platform
from core.settings import Settings
from core.trading.models import Instrument
from tenants.db import new_id
from tests.events.test_draining import say
from tests.jobs.process import probe, settings_text
from tests.runtime.build import make_marks, make_tenant, marks, platform_of

ROOT = Path(__file__).resolve().parents[2]


class Processes:
    """The processes of a test, ended with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        kind = "scheduler" if name == "scheduler" else "worker"
        command = [sys.executable, "-m", "tests.jobs.process", kind, settings_text(self._settings), *arguments]
        self.running[name] = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> int:
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=15)

    def end(self) -> None:
        for name in list(self.running):
            self.kill(name)


@pytest.fixture
def processes(settings: Settings, valkey: redis.Redis) -> Iterator[Processes]:
    make_marks(settings)
    made = Processes(settings)
    yield made
    made.end()


@pytest.fixture
def platform(processes: Processes, settings: Settings) -> Iterator[Platform]:
    with platform_of(settings, probe()) as made:
        yield made


def wait(what: Callable[[], bool], seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.05)


def is_done(platform: Platform) -> bool:
    if not settled(platform.database, platform.runtime):
        return False
    with platform.database.system() as session:
        return session.scalar(text("select count(*) from core.job_runs where status <> 'done'")) == 0


def check(platform: Platform, counts: dict[tuple[Any, str], int]) -> None:
    """Every event of each stream once in each shard, in order; a run of the job for each batch, each once."""
    seen: dict[Any, list[int]] = defaultdict(list)
    for tenant_id, stream, shard, seq in marks(platform.database, "seen"):
        seen[(tenant_id, stream, shard)].append(seq)
    assert set(seen) == {(tenant_id, stream, shard) for tenant_id, stream in counts for shard in (0, 1)}
    for (tenant_id, stream, _shard), seqs in seen.items():
        assert seqs == list(range(1, counts[(tenant_id, stream)] + 1))
    with platform.database.system() as session:
        runs = session.scalar(text("select count(*) from core.job_runs"))
    assert len(marks(platform.database, "job")) == runs


def test_nothing_is_lost_doubled_or_out_of_order(processes: Processes, platform: Platform, valkey: redis.Redis) -> None:
    """Two tenants' events while workers are killed at random moments and all of Redis is thrown away."""
    dice = random.Random(7)
    tenants = [make_tenant(platform.database, key, "probe") for key in ("a", "b")]
    counts: dict[tuple[Any, str], int] = defaultdict(int)
    workers = {"one": CLASSES, "two": ("trading", "default")}
    processes.start("scheduler")
    for name, classes in workers.items():
        processes.start(name, *classes)
    wait(lambda: _processes(platform) == 3)
    for round_no in range(30):
        tenant_id, stream, count = dice.choice(tenants), dice.choice(["x", "y", "z"]), dice.randint(1, 12)
        say(platform, tenant_id, stream, count)
        counts[(tenant_id, stream)] += count
        time.sleep(dice.uniform(0, 0.15))
        if round_no % 6 == 2:
            name = dice.choice(list(workers))
            processes.kill(name)
            processes.start(name, *workers[name])
        if round_no in (9, 21):
            valkey.flushall()
    wait(lambda: is_done(platform))
    check(platform, counts)


def test_redis_restarting_is_lived_through(processes: Processes, platform: Platform, valkey: redis.Redis) -> None:
    """Connections cut off again and again cost time and nothing else."""
    tenant_id = make_tenant(platform.database, "a", "probe")
    processes.start("scheduler")
    processes.start("one", *CLASSES)
    wait(lambda: _processes(platform) == 2)
    for _ in range(5):
        say(platform, tenant_id, "x", 4)
        valkey.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait(lambda: is_done(platform))
    check(platform, {(tenant_id, "x"): 20})


def test_a_worker_asked_to_stop_ends_after_its_job(processes: Processes, platform: Platform) -> None:
    tenant_id = make_tenant(platform.database, "a", "probe")
    processes.start("one", *CLASSES)
    wait(lambda: _processes(platform) == 1)
    say(platform, tenant_id, "x", 120)
    wait(lambda: len(marks(platform.database, "seen")) > 0)
    started = time.monotonic()
    assert processes.stop("one") == 0
    assert time.monotonic() - started < 6
    assert _processes(platform) == 0, "it takes its row away"
    processes.start("one", *CLASSES)
    processes.start("scheduler")
    wait(lambda: is_done(platform))
    check(platform, {(tenant_id, "x"): 120})
    assert processes.stop("scheduler") == 0


def test_a_lane_goes_on_whatever_becomes_of_its_worker_and_of_redis(
    processes: Processes, platform: Platform, valkey: redis.Redis
) -> None:
    instrument = new_id()
    with platform.database.system() as session:
        session.add(Instrument(id=instrument, feed="manual", feed_symbol="EURUSD", tick=Decimal("0.00001")))

    def quote(number: int) -> None:
        with platform.database.system() as session:
            append_ticks(session, instrument, Ticks.of([(1_700_000_000_000 + number, 110_000, 110_010)]))

    def position() -> int:
        with platform.database.system() as session:
            row = session.get(Quote, instrument)
            return row.seq if row else 0

    processes.start("lane", "lane-0")
    quote(1)
    wait(lambda: position() == 1)
    valkey.flushall()
    quote(2)
    wait(lambda: position() == 2)
    processes.kill("lane")
    quote(3)
    processes.start("lane", "lane-0")
    wait(lambda: position() == 3)
    started = time.monotonic()
    assert processes.stop("lane") == 0
    assert time.monotonic() - started < 6, "it ends in the middle of a slice"


def _processes(platform: Platform) -> int:
    with platform.database.system() as session:
        return int(session.scalar(text("select count(*) from tenants.processes")) or 0)
