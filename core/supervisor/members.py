"""The processes of an installation as the supervisor sees them: what each is, and how it fares."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

FIRST_DELAY = 0.1
LONGEST_DELAY = 15.0
CALM_AFTER = 20.0  # seconds alive, after which the next death counts as the first again


@dataclass(frozen=True, slots=True)
class Plan:
    """A process to run.

    :ivar stage: when it is stopped, lowest first.
    :ivar work: runs in it after the fork.
    :ivar log: where to read why it ended.
    """

    name: str
    kind: str
    stage: int
    work: Callable[[], None]
    log: str = ""


@dataclass(slots=True)
class Member:
    """A planned process and its present incarnation. Times are of the monotonic clock, in seconds."""

    plan: Plan
    pid: int | None = None
    started: float = 0.0
    deaths: int = 0
    due: float | None = 0.0  # when to start (again); none while it runs

    def begin(self, pid: int) -> None:
        """It runs as `pid`."""
        self.pid, self.started, self.due = pid, time.monotonic(), None

    def end(self) -> float:
        """It died; the seconds until it is to start again: doubled with each death that follows soon."""
        now = time.monotonic()
        self.deaths = 1 if now - self.started > CALM_AFTER else self.deaths + 1
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (self.deaths - 1))
        self.pid, self.due = None, now + delay
        return delay
