"""`tradeyard up`, from nothing to addresses and back."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from core.data_folder import private_folder
from core.logs import configure_logging
from core.servers import EmbeddedServers, ServersBusyError, ServersError
from core.settings import Settings
from core.supervisor.console import Console
from core.supervisor.ports import listen
from core.supervisor.welcome import scheme, welcome

if TYPE_CHECKING:
    from core.demo import SignIn
    from core.runtime import Runtime
    from core.supervisor.members import Plan

# Imported before the forks, so that each process has it already and they share the memory.
PRELOADED = (
    "core.app",
    "core.supervisor.web",
    "core.preparation",
    "core.worker",
    "core.jobs.scheduler",
    "core.feeds.publisher",
)

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# The web process starts alone, so that the first page is there soon; the others wait for it at most this long.
HEAD_START_SECONDS = 5.0
# Between two tries to bring back a server that does not start.
REVIVAL_SECONDS = 5.0


_log = logging.getLogger("tradeyard.up")


class Interrupted(BaseException):
    """A signal asked for the end before everything ran."""


def up(settings: Settings, console: Console, *, durable: bool = True) -> None:
    """Start everything `settings` describe, keep it running until SIGINT, SIGTERM or SIGHUP, and stop it."""
    began = time.monotonic()
    for number in ENDING:
        signal.signal(number, _interrupt)
    servers = EmbeddedServers(settings, durable=durable, progress=console.progress)
    told = settings.data_dir / "run" / "up.json"
    preloading = Preloading()
    try:
        with console.step("starting PostgreSQL and Valkey", f"servers, data in {_short(settings.data_dir)}"):
            preloading.start()  # meanwhile, since the servers take their time without needing this process
            addressed = servers.start()
        told.unlink(missing_ok=True)
        configure_logging(settings, "up", private_folder(settings.data_dir / "log") / "up.log")
        with console.step("loading the application", "application"):
            preloading.finish()
        Start(addressed, servers, console, told, began).run()
    except ServersBusyError as error:
        raise ServersBusyError(f"{error}{_running_at(told)}") from None
    except Interrupted:
        console.line("stopping")
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        if servers.owned:
            told.unlink(missing_ok=True)
        servers.stop()
        if preloading.is_alive():
            preloading.join()  # an interpreter that ends in the midst of an import may crash
    console.line("stopped; the data is kept")


class Preloading(threading.Thread):
    """Imports `PRELOADED` beside the main thread. It must be over before the first fork, which would leave it behind."""

    def __init__(self) -> None:
        super().__init__(name="preloading", daemon=True)
        self._error: BaseException | None = None

    def run(self) -> None:
        """Import; what goes wrong is kept for `finish`."""
        try:
            for name in PRELOADED:
                import_module(name)
        except BaseException as error:  # noqa: BLE001 (raised again where it can be told)
            self._error = error

    def finish(self) -> None:
        """Wait for the end. Raises what an import raised."""
        self.join()
        if self._error is not None:
            raise self._error


class Start:
    """One start, from running servers to the signal that ends it."""

    def __init__(
        self, settings: Settings, servers: EmbeddedServers, console: Console, told: Path, began: float
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._console = console
        self._told = told
        self._began = began
        self._next_revival = 0.0
        self._sign_ins: list[SignIn] = []
        self._others: list[Plan] = []

    def run(self) -> None:
        """Prepare, fork, and supervise until a signal comes."""
        from core.preparation import prepare
        from core.supervisor.processes import Installation
        from core.supervisor.supervisor import Supervisor

        console = self._console
        with console.step("bringing the database to this version", "database"):
            runtime = prepare(self._settings)
        for rejected in runtime.rejected:
            console.note(f"plugin {rejected.source.name} is left out: {rejected.reason}")
        sockets, port = listen(self._settings.host, self._settings.port)
        if port != self._settings.port:
            console.note(f"port {self._settings.port} is taken, using {port}")
        self._settings = self._settings.model_copy(update={"port": port})
        ready, tell_ready = os.pipe()
        installation = Installation(self._settings, runtime, sockets)
        self._supervisor = Supervisor(
            [installation.web(tell_ready)],
            told=console.note,
            status_file=self._told.with_name("processes.json"),
            stop_seconds=self._settings.stop_seconds,
            look=self._look,
            in_child=self._servers.forget,
        )
        self._supervisor.when_readable(ready, self._announce)
        self._supervisor.listen()
        self._forked = time.monotonic()
        try:
            # The web process comes up while the demo is seen to.
            self._supervisor.start_due()
            self._sign_ins = self._seed(runtime)
            self._others = installation.others(demo=bool(self._sign_ins))
            console.progress("starting the processes")
        except BaseException:
            self._supervisor.stop()
            raise
        self._supervisor.run()
        console.line("stopping")

    def _seed(self, runtime: Runtime) -> list[SignIn]:
        if not self._settings.demo:
            return []
        from core.demo import seed
        from core.platform import build_platform

        with (
            self._console.step("seeing to the demo brokerages", "demo brokerages"),
            build_platform(self._settings, runtime) as platform,
        ):
            try:
                return seed(platform)
            except Exception as error:  # noqa: BLE001 (the demo is no reason to keep real brokerages waiting)
                _log.exception("the demo brokerages could not be seen to")
                self._console.note(f"the demo brokerages could not be seen to: {error} (log/up.log has the trace)")
                return []

    def _look(self) -> None:
        if time.monotonic() - self._forked > HEAD_START_SECONDS:
            self._start_others()
        if time.monotonic() >= self._next_revival:
            self._revive()

    def _revive(self) -> None:
        for server in self._servers.dead():
            self._console.note(f"{server.name} ended; starting it again")
            try:
                self._servers.revive(server)
            except ServersError as error:
                self._console.note(str(error))
                self._next_revival = time.monotonic() + REVIVAL_SECONDS

    def _start_others(self) -> None:
        while self._others:
            self._supervisor.add(self._others.pop(0))

    def _announce(self) -> None:
        self._start_others()
        settings, console = self._settings, self._console
        for line in welcome(settings, self._sign_ins):
            console.line(line)
        console.line(f"ready in {time.monotonic() - self._began:.1f} s; Ctrl-C stops")
        told = {"pid": os.getpid(), "port": settings.port, "scheme": scheme(settings)}
        fresh = self._told.with_suffix(".new")
        fresh.write_text(json.dumps(told), encoding="utf-8")
        fresh.replace(self._told)


def _running_at(told: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError):
        running = json.loads(told.read_text(encoding="utf-8"))
        return f" It answers on port {running['port']}."
    return ""


def _interrupt(_number: int, _frame: object) -> None:
    raise Interrupted


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
