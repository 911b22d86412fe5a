"""The whole product as processes of its own, for tests that need all of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core.servers.ownership import Ownership
from core.servers.processes import alive, wait_gone
from core.settings import Settings, load_settings

if TYPE_CHECKING:
    from core.platform import Platform

READY_SECONDS = 120.0
STOP_SECONDS = 40.0


class Stack:
    """`tradeyard up` on a folder of its own, on a free port; each name of a setting may be changed.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`; it can be started again over the same data.
    """

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self._changes: dict[str, Any] = {
            "data_dir": folder,
            "port": 18_000 + os.getpid() % 10_000,
            "feed": "none",
        } | changes
        self._process: subprocess.Popen[bytes] | None = None
        self.output_file = folder.with_name(folder.name + ".out")

    def start(self) -> Stack:
        """Start, and return when the first page answers. :raises AssertionError: with the output where it does not."""
        (self.folder / "run" / "up.json").unlink(missing_ok=True)
        with self.output_file.open("wb") as output:
            self._process = self.spawn(output)
        self.until(lambda: self._told() or self._process is None or self._process.poll() is not None, READY_SECONDS)
        assert self._told(), f"the product did not start:\n{self.output()}\n{self.logs()}"  # noqa: S101 (for tests)
        return self

    def spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """The bare process of `up`, its words going to `output`."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TRADEYARD_")}
        environ |= {f"TRADEYARD_{name.upper()}": str(value) for name, value in self._changes.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "core.cli", "up", "--fleeting"], env=environ, stdout=output, stderr=output
        )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask for the end and wait for it; the exit status of `up`."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.crash()
            raise
        finally:
            self._process = None

    def crash(self) -> None:
        """Kill the supervisor, and wait until everything it had is gone."""
        assert self._process is not None  # noqa: S101 (for tests)
        pids = list(self.processes().values())
        self._process.kill()
        self._process.wait()
        assert wait_gone(pids, 20) == []  # noqa: S101 (for tests)
        self._process = None

    def __enter__(self) -> Stack:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None  # noqa: S101 (for tests)
        return self._process.pid

    @property
    def port(self) -> int:
        """The port that pages answer on."""
        told = self._told()
        assert told is not None  # noqa: S101 (for tests)
        return int(told["port"])

    def url(self, host: str = "localhost", path: str = "/") -> str:
        """The address of a page. Names below localhost lead to this machine in browsers; elsewhere use :meth:`headers`."""
        return f"http://{host}:{self.port}{path}"

    def headers(self, host: str) -> Mapping[str, str]:
        """For clients that cannot look up names below localhost: ask ``url()`` with these headers."""
        return {"Host": f"{host}:{self.port}"}

    @property
    def settings(self) -> Settings:
        """The settings of the running product, its servers' addresses filled in: for `build_platform` in a test."""
        running = Ownership(self.folder).told()
        assert running is not None  # noqa: S101 (for tests)
        return load_settings({}, **self._changes).model_copy(update=running.addresses())

    def platform(self) -> Platform:
        """A platform over the running product's servers, for a test to look and act with; use it as a context manager."""
        from core.platform import build_platform

        return build_platform(self.settings)

    @property
    def hosts(self) -> list[str]:
        """The main host of each brokerage, in the order of their keys."""
        with self.platform() as platform:
            tenants = sorted(platform.snapshot.current.tenants.values(), key=lambda tenant: tenant.key)
        return [tenant.hosts[0] for tenant in tenants]

    def get(self, path: str = "/", host: str = "") -> tuple[int, str]:
        """Status and text of a page of a brokerage (the first one where none is named), redirects followed."""
        import httpx

        with httpx.Client(follow_redirects=True, timeout=20.0, trust_env=False) as client:
            answer = client.get(self.url("127.0.0.1", path), headers=self.headers(host or self.hosts[0]))
        return answer.status_code, answer.text

    def processes(self, kind: str = "") -> dict[str, int]:
        """Running processes by name, all or those whose name begins with `kind`: web, worker, lane, scheduler, feed."""
        try:
            pids: dict[str, int] = json.loads((self.folder / "run" / "processes.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        pids.pop("supervisor")
        return {name: pid for name, pid in pids.items() if name.startswith(kind) and alive(pid)}

    def kill(self, kind: str, number: signal.Signals = signal.SIGKILL) -> list[int]:
        """Send a signal to every process of a kind; their ids."""
        pids = list(self.processes(kind).values())
        for pid in pids:
            os.kill(pid, number)
        return pids

    def output(self) -> str:
        """What `up` told."""
        return self.output_file.read_text(encoding="utf-8", errors="replace") if self.output_file.exists() else ""

    def logs(self) -> str:
        """The ends of all logs."""
        files = sorted((self.folder / "log").glob("*.log"))
        return "\n".join(
            f"== {file.name}\n" + "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
            for file in files
        )

    @staticmethod
    def until(condition: Any, seconds: float = 20.0, pause: float = 0.02) -> bool:
        """Wait until `condition()` is true; whether it became so within `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(pause)
        return True

    def _told(self) -> dict[str, Any] | None:
        try:
            told: dict[str, Any] = json.loads((self.folder / "run" / "up.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return told
