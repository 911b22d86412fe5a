"""Runs processes by forking, starts again what dies, and stops them in order."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from core.supervisor.child import SIGNALS, run_child
from core.supervisor.members import Member, Plan

TICK = 0.5  # seconds between looks at what sends no signal: servers, and starts that are due


class Supervisor:
    """Processes of `plans`, kept running until a signal asks for the end.

    :param told: takes lines for people.
    :param status_file: where the processes' ids are kept for others to read, as JSON of name → pid.
    :param look: called about twice a second, for what is watched besides (servers).
    :param in_child: called first in each forked process.

    Nothing here starts a thread: a fork would take its locks along and leave the thread behind.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        *,
        told: Callable[[str], None],
        status_file: Path,
        stop_seconds: float,
        look: Callable[[], None] = lambda: None,
        in_child: Callable[[], None] = lambda: None,
    ) -> None:
        self._members = [Member(plan) for plan in plans]
        self._told = told
        self._status_file = status_file
        self._stop_seconds = stop_seconds
        self._look = look
        self._in_child = in_child
        self._wakes, self._wake = socket.socketpair()
        self._alive_read, self._alive_write = os.pipe()
        self._asked: signal.Signals | None = None
        self._asked_again = False
        self._readers: dict[int, Callable[[], None]] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The running processes by name."""
        return {member.plan.name: member.pid for member in self._members if member.pid is not None}

    def when_readable(self, descriptor: int, action: Callable[[], None]) -> None:
        """Call `action` once when `descriptor` can be read; it is closed afterwards."""
        self._readers[descriptor] = action

    def add(self, plan: Plan) -> None:
        """Run one more process from now on."""
        self._members.append(Member(plan))

    def run(self) -> signal.Signals:
        """Start all, keep them running, and when a signal comes stop them in order; the signal."""
        self.listen()
        try:
            while self._asked is None:
                self.turn()
            return self._asked
        finally:
            self.stop()

    def listen(self) -> None:
        """Take over the signals. Done by `run`; earlier where a long set-up must be interruptible in order."""
        self._wakes.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    def start_due(self) -> None:
        """Start what is due and return at once. For set-up that goes on beside the first processes; call `listen` before."""
        now = time.monotonic()
        for member in self._members:
            if member.due is not None and member.due <= now:
                self._start(member)

    def turn(self) -> None:
        """Start what is due, wait for something to happen, and see to it."""
        self.start_due()
        self._wait(self._until_due(time.monotonic()))
        self._reap(restarting=True)
        if self._asked is None:
            self._look()

    def stop(self) -> None:
        """Ask the processes to end, stage by stage, and kill those that do not within their time."""
        self._readers.clear()  # whatever becomes ready now comes too late
        stages = sorted({member.plan.stage for member in self._members})
        for stage in stages:
            deadline = time.monotonic() + self._stop_seconds
            members = [member for member in self._members if member.plan.stage == stage]
            for member in members:
                member.due = None
                self._signal(member, signal.SIGTERM)
            while any(member.pid for member in members) and time.monotonic() < deadline and not self._asked_again:
                self._wait(min(TICK, max(0.01, deadline - time.monotonic())))
                self._reap(restarting=False)
            for member in members:
                if member.pid is not None:
                    self._told(f"{member.plan.name} did not stop in time and is killed")
                    self._signal(member, signal.SIGKILL)
        while any(member.pid for member in self._members):
            self._wait(0.05)
            self._reap(restarting=False)
        self._status_file.unlink(missing_ok=True)

    def _start(self, member: Member) -> None:
        gc.collect()
        gc.freeze()  # pages of what is shared with the parent stay shared
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:

            def work() -> None:
                self._wakes.close()
                self._wake.close()
                os.close(self._alive_write)
                self._in_child()
                member.plan.work()

            run_child(member.plan.name, work, parent, self._alive_read)
        member.begin(pid)
        self._write_status()

    def _until_due(self, now: float) -> float:
        due = [member.due - now for member in self._members if member.due is not None]
        return max(0.0, min([TICK, *due]))

    def _wait(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wakes, selectors.EVENT_READ)
            for descriptor in self._readers:
                selector.register(descriptor, selectors.EVENT_READ)
            for key, _ in selector.select(seconds):
                if key.fileobj is self._wakes:
                    with contextlib.suppress(BlockingIOError):
                        self._wakes.recv(4096)
                else:
                    self._readers.pop(key.fd)()
                    os.close(key.fd)

    def _reap(self, *, restarting: bool) -> None:
        for member in self._members:
            if member.pid is None:
                continue
            pid, status = os.waitpid(member.pid, os.WNOHANG)
            if pid == 0:
                continue
            member.pid, ended = None, member.pid
            if restarting and self._asked is None:
                delay = member.end()
                self._told(
                    f"{member.plan.name} (process {ended}) ended: {_how(status)}; starting it again in {delay:.1f} s"
                    + (f" (its log: {member.plan.log})" if member.plan.log else "")
                )
            self._write_status()

    def _signal(self, member: Member, number: signal.Signals) -> None:
        if member.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member.pid, number)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        self._asked_again = self._asked is not None
        self._asked = signal.Signals(number)

    def _write_status(self) -> None:
        fresh = self._status_file.with_suffix(".new")
        fresh.write_text(json.dumps({"supervisor": os.getpid(), **self.pids}), encoding="utf-8")
        fresh.replace(self._status_file)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
