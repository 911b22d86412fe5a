"""The supervisor, over real processes: what dies comes back, and nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import CannotStartError
from core.servers.processes import alive, wait_gone
from core.supervisor.members import FIRST_DELAY, LONGEST_DELAY, Member, Plan
from core.supervisor.ports import listen

# Two stages: "front" ends at once, "back" notes the moment; "stubborn" ignores the request.
PROGRAM = """
import signal, sys, time
from pathlib import Path
from core.supervisor.members import Plan
from core.supervisor.supervisor import Supervisor

folder = Path(sys.argv[1])

def sleep():
    def stop(*_):
        with (folder / "order").open("a") as file:
            file.write(name + "\\n")
        raise SystemExit
    signal.signal(signal.SIGTERM, stop)
    time.sleep(600)

def front():
    global name
    name = "front"
    sleep()

def back():
    global name
    name = "back"
    sleep()

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)

plans = [Plan("back", "back", 2, back), Plan("front", "front", 1, front)]
if "stubborn" in sys.argv:
    plans.append(Plan("stubborn", "stubborn", 1, stubborn))
if "broken" in sys.argv:
    plans.append(Plan("broken", "broken", 1, lambda: sys.exit(3)))
told = lambda line: print(line, flush=True)
Supervisor(plans, told=told, status_file=folder / "up.json", stop_seconds=1.0).run()
print("stopped", flush=True)
"""


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Run:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.count = 3 if words else 2
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder), *words], stdout=subprocess.PIPE, text=True
        )

    @property
    def pids(self) -> dict[str, int]:
        try:
            pids: dict[str, int] = json.loads((self.folder / "up.json").read_text())
        except FileNotFoundError:
            return {}
        pids.pop("supervisor")
        return pids

    def up(self, count: int = 2) -> dict[str, int]:
        assert until(lambda: len(self.pids) >= count)
        time.sleep(0.2)  # until each has set up what it does when asked to stop
        return self.pids

    def end(self, number: signal.Signals) -> str:
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=10)
        return output


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def make(*words: str) -> Run:
        runs.append(Run(tmp_path, *words))
        return runs[-1]

    yield make
    for run in runs:
        run.process.kill()
        run.process.wait()
        if run.process.stdout:
            run.process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_in_order(start: Callable[..., Run], number: signal.Signals) -> None:
    run = start()
    pids = run.up()
    output = run.end(number)
    assert output.splitlines() == ["stopped"]
    assert run.process.returncode == 0
    assert (run.folder / "order").read_text().split() == ["front", "back"]
    assert not any(alive(pid) for pid in pids.values())
    assert not (run.folder / "up.json").exists()


def test_a_killed_process_is_started_again_and_told(start: Callable[..., Run]) -> None:
    run = start()
    killed = run.up()["front"]
    os.kill(killed, signal.SIGKILL)
    assert until(lambda: run.pids.get("front") not in (None, killed))
    assert f"front (process {killed}) ended: killed by SIGKILL; starting it again" in run.end(signal.SIGTERM)


def test_a_process_that_cannot_run_is_tried_ever_more_rarely(start: Callable[..., Run]) -> None:
    run = start("broken")
    run.up()
    time.sleep(1.2)
    lines = [line for line in run.end(signal.SIGTERM).splitlines() if line.startswith("broken")]
    assert 2 <= len(lines) <= 5
    assert all("exit status 3" in line for line in lines)
    assert [line.rsplit(" in ", 1)[1] for line in lines[:3]] == ["0.1 s", "0.2 s", "0.4 s"][: len(lines)]


def test_a_process_that_does_not_stop_is_killed(start: Callable[..., Run]) -> None:
    run = start("stubborn")
    pids = run.up(3)
    began = time.monotonic()
    assert "stubborn did not stop in time and is killed" in run.end(signal.SIGTERM)
    assert time.monotonic() - began < 3
    assert not any(alive(pid) for pid in pids.values())


def test_a_second_request_kills_at_once(start: Callable[..., Run]) -> None:
    run = start("stubborn")
    run.up(3)
    began = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    run.end(signal.SIGINT)
    assert time.monotonic() - began < 0.9


def test_all_end_with_a_killed_supervisor(start: Callable[..., Run]) -> None:
    run = start("stubborn")
    pids = run.up(3)
    run.process.kill()
    assert wait_gone(list(pids.values()), 5) == []


def test_delays_double_up_to_a_limit_and_start_over_after_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    member = Member(Plan("x", "x", 1, lambda: None))
    delays = []
    for _ in range(12):
        member.begin(1)
        delays.append(member.end())
    assert delays[:3] == [FIRST_DELAY, FIRST_DELAY * 2, FIRST_DELAY * 4]
    assert delays[-1] == LONGEST_DELAY
    member.begin(1)
    clock[0] += 60
    assert member.end() == FIRST_DELAY


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sockets, found = listen("127.0.0.1", port)
        try:
            assert found > port
            assert {made.getsockname()[1] for made in sockets} == {found}
        finally:
            for made in sockets:
                made.close()


def test_a_port_taken_on_one_loopback_alone_is_taken() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        sockets, found = listen("localhost", port)
        for made in sockets:
            made.close()
        assert found != port


def test_a_host_of_another_machine_is_named() -> None:
    with pytest.raises(CannotStartError, match=r"TRADEYARD_HOST: cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 8000)
