"""A change is seen by every process when the call that saves it returns: with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, select

from core.addresses import resolve
from core.sdk.testing.servers import ServersForTests
from core.settings import Settings
from tenants.db import Database
from tenants.models import Process
from tenants.services import people, products, tickets
from tenants.services.actor import OPERATOR
from tenants.snapshot import SnapshotHolder, wait_acknowledged
from tests.tenants.conftest import PASSWORD, Yard

PATIENCE_S = 20.0
"""For a machine that has much else to do; the product itself waits two seconds."""


class Other:
    """A process of its own that holds a snapshot."""

    def __init__(self, url: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tenants.snapshot_process", url, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, question: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{question}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> int:
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
        code = self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[..., Other]]:
    """Start processes; those that still run are ended."""
    started: list[Other] = []
    url = resolve(settings).system

    def begin(*options: str) -> Other:
        started.append(Other(url, *options))
        return started[-1]

    yield begin
    for other in started:
        other.process.kill()
        if other.process.stdin is not None and not other.process.stdin.closed:
            other.process.stdin.close()
        other.process.wait()
        if other.process.stdout is not None:
            other.process.stdout.close()


def _rows(database: Database) -> list[Process]:
    with database.system() as session:
        return list(session.scalars(select(Process).order_by(Process.started_at)))


def _until(true: Callable[[], Any], timeout: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def test_a_toggle_is_seen_by_every_process_when_the_save_returns(
    yards: tuple[Yard, Yard], database: Database, start: Callable[..., Other]
) -> None:
    north, south = yards
    others = [start(), start("fork"), start()]
    for target in ("on", "off", "on", "off", "on"):
        with database.tenant(north.id) as session:
            products.set_state(session, "mirror", target, north.owner)  # type: ignore[arg-type]
        assert wait_acknowledged(database, timeout=PATIENCE_S) == []
        assert [other.ask(f"state {north.id} mirror") for other in others] == [target] * 3
        assert [other.ask(f"state {south.id} mirror") for other in others] == ["off"] * 3


def test_permissions_and_hosts_reach_processes_too(yard: Yard, database: Database, start: Callable[..., Other]) -> None:
    other = start()
    assert other.ask("host north.localhost:8000") == "north"
    with database.tenant(yard.id) as session:
        invited = people.invite_staff(session, "rita@example.com", "Rita", [yard.groups["risk"]], yard.owner)
        tickets.redeem_ticket(session, invited.token, "invitation", PASSWORD)
    assert wait_acknowledged(database, timeout=PATIENCE_S) == []
    question = f"may {yard.id} {invited.person.id} brand.manage"
    assert other.ask(question) == "False"
    with database.tenant(yard.id) as session:
        person = people.staff_member(session, invited.person.id)
        people.rule(session, person, "brand.manage", "grant", OPERATOR)
    assert wait_acknowledged(database, timeout=PATIENCE_S) == []
    assert other.ask(question) == "True"
    with database.tenant(yard.id) as session:
        people.block(session, people.staff_member(session, invited.person.id), yard.owner, "left")
    assert wait_acknowledged(database, timeout=PATIENCE_S) == []
    assert other.ask(question) == "False"


def test_a_process_that_hangs_is_named_after_the_time_is_up(
    yard: Yard, database: Database, start: Callable[..., Other]
) -> None:
    hanging, fine = start(), start()
    os.kill(hanging.process.pid, signal.SIGSTOP)
    try:
        with database.tenant(yard.id) as session:
            products.set_state(session, "mirror", "on", yard.owner)
        began = time.monotonic()
        lagging = wait_acknowledged(database, timeout=0.7)
        assert time.monotonic() - began >= 0.7
        assert [(process.kind, process.pid) for process in lagging] == [("worker", hanging.process.pid)]
        assert fine.ask(f"state {yard.id} mirror") == "on"
    finally:
        os.kill(hanging.process.pid, signal.SIGCONT)
    assert wait_acknowledged(database, timeout=PATIENCE_S) == []
    assert hanging.ask(f"state {yard.id} mirror") == "on"


def test_a_killed_process_is_not_waited_for(yard: Yard, database: Database, start: Callable[..., Other]) -> None:
    start()
    killed = start()
    assert len(_rows(database)) == 2
    killed.process.kill()
    killed.process.wait()
    with database.tenant(yard.id) as session:
        products.set_state(session, "mirror", "on", yard.owner)
    began = time.monotonic()
    assert wait_acknowledged(database, timeout=120) == []
    assert time.monotonic() - began < 60
    assert len(_rows(database)) == 1


def test_a_process_that_ends_takes_its_row_away(database: Database, start: Callable[..., Other]) -> None:
    others = [start(), start("fork")]
    assert [row.kind for row in _rows(database)] == ["worker", "parent", "worker"]
    assert [other.end() for other in others] == [0, 0]
    assert _rows(database) == []


def test_a_change_is_told_and_not_only_found(yard: Yard, database: Database) -> None:
    """The look at the version comes once a minute here: what is there sooner, the notification brought."""
    with SnapshotHolder(database, poll_s=60) as holder:
        holder.start("test")
        for target in ("on", "off"):
            with database.tenant(yard.id) as session:
                products.set_state(session, "mirror", target, yard.owner)  # type: ignore[arg-type]
            _until(lambda wanted=target: holder.current.state(yard.id, "mirror") == wanted)


def test_a_lost_notification_is_found_by_the_next_look(yard: Yard, settings: Settings, database: Database) -> None:
    with SnapshotHolder(database, poll_s=0.3) as holder:
        holder.start("test")
        before = holder.current.version
        # The owner moves the version without a word, as if the notification had been lost.
        owner = make_url(resolve(settings).owner).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(owner) as connection:
            connection.execute("update tenants.snapshot_state set version = version + 1")
        _until(lambda: holder.current.version == before + 1)
        assert wait_acknowledged(database, before + 1) == []


def test_the_database_may_go_away_and_come_back(
    yard: Yard, settings: Settings, database: Database, servers_for_tests: ServersForTests, start: Callable[..., Other]
) -> None:
    if servers_for_tests.superuser_url is None:
        pytest.skip("only the embedded server's superuser is known")
    other = start()
    url = make_url(servers_for_tests.superuser_url)
    name = make_url(settings.database_url).database
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as superuser:
        superuser.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        superuser.execute(f'alter database "{name}" allow_connections false')
        time.sleep(0.5)
        assert other.ask(f"state {yard.id} mirror") == "off", "it goes on with what it knew"
        superuser.execute(f'alter database "{name}" allow_connections true')
    with database.tenant(yard.id) as session:
        products.set_state(session, "mirror", "on", yard.owner)
    assert wait_acknowledged(database, timeout=PATIENCE_S) == []
    _until(lambda: other.ask(f"state {yard.id} mirror") == "on")
