"""`tradeyard up`, from nothing to addresses and back."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from importlib import import_module
from pathlib import Path

from core.servers import EmbeddedServers
from core.settings import Settings
from core.supervisor.console import Console
from core.supervisor.ports import listen

# Imported before the forks, so that each process has it already and they share the memory.
PRELOADED = ("core.app", "core.supervisor.web", "core.platform", "core.preparation")


class Interrupted(BaseException):
    """A signal asked for the end before everything ran."""


def up(settings: Settings, console: Console) -> None:
    """Start everything `settings` describe, keep it running until SIGINT, SIGTERM or SIGHUP, and stop it."""
    began = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    servers = EmbeddedServers(settings, progress=console.progress)
    try:
        with console.step("starting PostgreSQL and Valkey", f"servers, data in {_short(settings.data_dir)}"):
            addressed = servers.start()
        _run(addressed, servers, console, began)
    except Interrupted:
        console.line("stopping")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        servers.stop()
    console.line("stopped; the data is kept")


def _run(settings: Settings, servers: EmbeddedServers, console: Console, began: float) -> None:
    with console.step("loading the application", "application"):
        for name in PRELOADED:
            import_module(name)
    from core.preparation import prepare
    from core.runtime import load_runtime
    from core.supervisor.processes import Installation
    from core.supervisor.supervisor import Supervisor

    runtime = load_runtime()
    for rejected in runtime.rejected:
        console.note(f"plugin {rejected.source.name} is left out: {rejected.reason}")
    with console.step("bringing the database to this version", "database"):
        prepare(settings, runtime)
    sockets, port = listen(settings.host, settings.port)
    if port != settings.port:
        console.note(f"port {settings.port} is taken, using {port}")
    settings = settings.model_copy(update={"port": port})
    ready, tell_ready = os.pipe()

    def look() -> None:
        for server in servers.dead():
            console.note(f"{server.name} ended; starting it again")
            servers.revive(server)

    def in_child() -> None:
        servers.forget()
        os.close(ready)

    def announce() -> None:
        with contextlib.suppress(OSError):
            os.read(ready, 1)
        console.line()
        console.line(f"http://localhost:{port}/  ({time.monotonic() - began:.1f} s)")

    supervisor = Supervisor(
        Installation(settings, runtime, sockets).plans(tell_ready),
        told=console.note,
        status_file=settings.data_dir / "run" / "processes.json",
        stop_seconds=settings.stop_seconds,
        look=look,
        in_child=in_child,
    )
    supervisor.when_readable(ready, announce)
    console.progress("starting the processes")
    supervisor.run()
    console.line("stopping")


def _interrupt(_number: int, _frame: object) -> None:
    raise Interrupted


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
