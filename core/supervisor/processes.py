"""What each process of an installation does, and how many of each there are."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.logs import configure_logging
from core.platform import Platform, build_platform
from core.runtime import Runtime
from core.settings import Settings
from core.supervisor.members import Plan

# When they are stopped: first what brings in work, last what works it off.
FRONT, BACK = 1, 2


@dataclass(frozen=True, slots=True)
class Installation:
    """What every process is given: settings with all addresses, the plugins loaded once, the web's sockets."""

    settings: Settings
    runtime: Runtime
    sockets: Sequence[socket.socket]

    def web(self, ready: int) -> Plan:
        """The web process. :param ready: descriptor on which it says that it answers."""
        return self._plan("web", "web", FRONT, lambda platform: _web(platform, self.sockets, ready))

    def others(self, *, demo: bool) -> list[Plan]:
        """All other processes. :param demo: whether there are demo brokerages to keep alive."""
        settings = self.settings
        plans: list[Plan] = []
        for queues, count in (
            (("critical",), settings.workers_critical),
            (("trading",), settings.workers_trading),
            (("default", "bulk"), settings.workers_default),
        ):
            plans += [self._worker(f"worker-{queues[0]}-{number}", "worker", queues) for number in range(1, count + 1)]
        # A lane is a queue with one worker; the worker that stops gives the lane up at once.
        plans += [self._worker(f"lane-{number}", "lane", (f"lane-{number}",)) for number in range(settings.lanes)]
        plans.append(self._plan("scheduler", "scheduler", FRONT, _scheduler))
        if settings.feed != "none":
            plans.append(self._plan("feed", "feed", FRONT, _feed))
            if demo:
                plans.append(self._plan("demo", "demo", FRONT, _demo))
        return plans

    def _worker(self, name: str, kind: str, queues: tuple[str, ...]) -> Plan:
        def work(platform: Platform) -> None:
            from core.worker import main

            main(platform, queues)

        return self._plan(name, kind, BACK, work)

    def _plan(self, name: str, kind: str, stage: int, work: Callable[[Platform], None]) -> Plan:
        log = self.settings.data_dir / "log" / f"{name}.log"

        def run() -> None:
            configure_logging(self.settings, name, log)
            _to_log(log)
            if kind != "web":
                for listening in self.sockets:
                    listening.close()
            with build_platform(self.settings, self.runtime) as platform:
                work(platform)

        return Plan(name, kind, stage, run, str(log))


def _to_log(log: os.PathLike[str]) -> None:
    # What is written past logging (a library's print, a crash of the interpreter) belongs to the log as well.
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _web(platform: Platform, sockets: Sequence[socket.socket], ready: int) -> None:
    from core.supervisor.web import serve

    serve(platform, sockets, ready)


def _scheduler(platform: Platform) -> None:
    from core.jobs.scheduler import main

    main(platform)


def _feed(platform: Platform) -> None:
    from core.feeds.publisher import main

    main(platform)


def _demo(platform: Platform) -> None:
    from core.demo.playing import main

    main(platform)
