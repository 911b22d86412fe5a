"""What a forked process does before its work begins, and how it ends."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)

_log = logging.getLogger("tradeyard.process")


def run_child(name: str, work: Callable[[], None], parent: int, alive: int) -> None:
    """Do `work` in a process just forked and end it; never returns.

    The process gets a session of its own (Ctrl-C is for the supervisor, who stops its processes in order) and ends with
    its parent, whatever ends that. :param alive: reading end of a pipe whose other end only the parent holds.
    """
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        os.setsid()
        _show(name)
        _end_with_parent(parent, alive)
        work()
        status = 0
    except SystemExit as asked:
        status = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except KeyboardInterrupt:
        status = 130
    except BaseException:  # noqa: BLE001 (the last place that can tell)
        _log.exception("the process ends with an error")
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        # Not sys.exit: what the parent registered to do at its end is not ours to do.
        os._exit(status)


def _show(name: str) -> None:
    """Let `top` and `ps -o comm` show which process this is; Linux keeps 15 characters."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, f"ty:{name}".encode()[:15], 0, 0, 0)


def _end_with_parent(parent: int, alive: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        return

    def watch() -> None:
        os.read(alive, 1)  # returns when the other end is closed, that is, when the parent is gone
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
