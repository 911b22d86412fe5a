"""The product as a whole: it starts, survives what dies, starts again over a crash, and stops."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.sdk.testing.servers import ServersForTests
from core.sdk.testing.stack import Stack
from core.servers.processes import wait_gone

pytestmark = pytest.mark.stack

# What the issue allows is 10 and 5 seconds; a busy machine is no reason to fail.
FIRST_SECONDS, AGAIN_SECONDS = 20.0, 12.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product that the tests of this file may hurt; running."""
    with Stack(tmp_path_factory.mktemp("up") / "data", feed="demo") as running:
        yield running


def everything(stack: Stack) -> list[int]:
    """The supervisor, its processes and the servers."""
    servers = [int((stack.folder / "postgres" / "postmaster.pid").read_text().split()[0])]
    return [stack.pid, *stack.processes().values(), *servers]


def test_the_first_page_answers_and_all_processes_run(own: Stack) -> None:
    status, text = own.get("/")
    assert status == 200, text[:500]
    names = ["demo", "feed", "lane-0", "scheduler", "web", "worker-critical-1", "worker-default-1", "worker-trading-1"]
    assert own.until(lambda: sorted(own.processes()) == names), own.processes()


def test_addresses_and_sign_ins_are_printed(own: Stack) -> None:
    output = own.output()
    hosts = own.hosts
    assert len(hosts) == 2
    for host in hosts:
        assert f"http://{host}:{own.port}/" in output
        assert f"http://{host}:{own.port}/admin" in output
    assert len(re.findall(r"\S+@\S+", output)) >= 4
    took = re.search(r"ready in ([\d.]+) s", output)
    assert took
    assert float(took[1]) < FIRST_SECONDS


def test_an_unknown_host_is_answered_with_a_plain_404(own: Stack) -> None:
    answer = httpx.get(own.url("127.0.0.1"), headers=own.headers("nobody.localhost"), trust_env=False)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "kind", ["web", "worker-critical", "worker-trading", "worker-default", "lane", "scheduler", "feed"]
)
def test_a_killed_process_comes_back(own: Stack, kind: str) -> None:
    assert own.until(lambda: bool(own.processes(kind)))
    (killed,) = own.kill(kind)
    assert own.until(lambda: own.processes(kind).values() and killed not in own.processes(kind).values())
    # The successor may be there a moment before the line about it.
    assert own.until(lambda: kind in own.output())
    assert f"(process {killed}) ended: killed by SIGKILL" in own.output()
    assert own.get("/")[0] == 200


def test_requests_wait_while_the_web_process_comes_back(own: Stack) -> None:
    host = own.hosts[0]
    own.kill("web")
    # The supervisor keeps listening: this one is answered by the next web process.
    assert own.get("/", host)[0] == 200


def test_a_killed_database_comes_back(own: Stack) -> None:
    host = own.hosts[0]
    postmaster = own.folder / "postgres" / "postmaster.pid"
    killed = int(postmaster.read_text().split()[0])
    os.kill(killed, signal.SIGKILL)
    assert own.until(lambda: postmaster.exists() and postmaster.read_text().split()[0] != str(killed))
    assert "PostgreSQL ended; starting it again" in own.output()
    assert own.until(lambda: own.get("/", host)[0] == 200)


def test_a_second_start_on_the_same_data_is_refused(own: Stack) -> None:
    second = Stack(own.folder)
    told_in = own.folder.with_name("second.out")
    with told_in.open("wb") as output:
        status = second.spawn(output).wait(30)
    told = told_in.read_text()
    assert status == 1
    assert f"is in use by process {own.pid}" in told
    assert f"port {own.port}" in told
    assert "Traceback" not in told
    assert own.get("/")[0] == 200


def test_a_crash_leaves_nothing_and_the_next_start_recovers(own: Stack) -> None:
    hosts = own.hosts
    own.crash()
    began = time.monotonic()
    own.start()
    assert own.get("/")[0] == 200
    assert time.monotonic() - began < AGAIN_SECONDS
    assert own.hosts == hosts, "the data is kept, and the demo is not made twice"


def test_all_killed_at_once_recovers(own: Stack) -> None:
    for pid in everything(own):
        os.kill(pid, signal.SIGKILL)
    own.crash()
    own.start()
    assert own.get("/")[0] == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_within_seconds(own: Stack, number: signal.Signals) -> None:
    pids = everything(own)
    # An open page that waits for news must not hold the stop.
    with socket.create_connection(("127.0.0.1", own.port)):
        began = time.monotonic()
        assert own.stop(number) == 0
        took = time.monotonic() - began
    assert wait_gone(pids, 1) == []
    assert took < 10, f"{took:.1f} s"
    assert "stopped; the data is kept" in own.output()
    assert "did not stop in time" not in own.output()
    own.start()


def test_a_taken_port_is_told_and_another_found(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Stack(tmp_path / "data", port=port, demo=False) as running:
            assert running.port != port
            assert f"port {port} is taken, using {running.port}" in running.output()


def test_given_servers_take_the_place_of_the_embedded(tmp_path: Path, servers_for_tests: ServersForTests) -> None:
    with servers_for_tests.empty_database() as name:
        given = servers_for_tests.settings(tmp_path / "unused", name)
        changes = {"database_url": given.database_url, "redis_url": given.redis_url, "database_role_prefix": "tyup"}
        with Stack(tmp_path / "data", **changes) as running:
            assert running.get("/")[0] == 200
            assert not (running.folder / "postgres").exists()
            assert not (running.folder / "valkey").exists()
