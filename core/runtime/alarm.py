"""A limit on the time that a plugin's code may take."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class OverBudgetError(Exception):
    """Code took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"took longer than {seconds:g} s")
        self.seconds = seconds


class _Expired(KeyboardInterrupt):
    """The alarm itself. A KeyboardInterrupt, since a plugin's ``except Exception`` must not swallow it, and since psycopg
    cancels the statement that is under way for that one alone."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """End the block after ``seconds`` of wall clock with :class:`OverBudgetError`; none sets no limit.

    In the main thread a signal ends it, even while it waits for the network; in others an exception that arrives
    between two steps of Python. An alarm that was set further out goes on afterwards.
    """
    if seconds is None:
        yield
        return
    limit = _signal_limit if threading.current_thread() is threading.main_thread() else _thread_limit
    try:
        with limit(seconds):
            yield
    except _Expired:
        raise OverBudgetError(seconds) from None


@contextmanager
def _signal_limit(seconds: float) -> Iterator[None]:
    def expire(_signum: int, _frame: FrameType | None) -> None:
        raise _Expired

    outer_left, _ = signal.getitimer(signal.ITIMER_REAL)
    outer_handler = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, outer_left) if outer_left else seconds)
    started = time.monotonic()
    try:
        yield
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:  # the alarm may still go off in the line above
            signal.signal(signal.SIGALRM, outer_handler)
            if outer_left:
                # An outer limit that ran out meanwhile fires at once.
                signal.setitimer(signal.ITIMER_REAL, max(outer_left - (time.monotonic() - started), 1e-6))


@contextmanager
def _thread_limit(seconds: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    lock, over = threading.Lock(), False

    def expire() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Expired))

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
            # One that was set and has not arrived must not hit whoever comes next.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
        timer.cancel()
