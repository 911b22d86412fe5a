"""Finding and ending server processes, ours and nobody else's."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

PROC = Path("/proc")


def alive(pid: int) -> bool:
    """Whether a process has this id (a zombie has not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return not PROC.joinpath("self").exists()
    return state != "Z"


def working_in(folder: Path, program: str) -> list[int]:
    """Ids of the processes of `program` that work in `folder` or were started with it as an argument, oldest first.

    Both servers work in their data's folder; of processes of other users only the arguments can be read.
    """
    wanted = str(folder.resolve())
    if not PROC.joinpath("self").exists():  # macOS
        listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)  # noqa: S607 (the system's ps)
        return from_listing(listing.stdout, wanted, program)
    return sorted(int(entry.name) for entry in PROC.glob("[0-9]*") if _works_in(entry, wanted, program))


def from_listing(listing: str, folder: str, program: str) -> list[int]:
    """As `working_in`, from the lines of `ps` (id, command line): `program` with `folder` among its words."""
    found = []
    for line in listing.splitlines():
        pid, _, command = line.strip().partition(" ")
        words = command.split()
        if (
            words
            and words[0].rpartition("/")[2].startswith(program)
            and re.search(rf"(?<!\S){re.escape(folder)}(?!\S)", command)
        ):
            found.append(int(pid))
    return sorted(found)


def _works_in(entry: Path, wanted: str, program: str) -> bool:
    try:
        arguments = (entry / "cmdline").read_bytes().split(b"\0")
        if not os.path.basename(arguments[0]).decode(errors="replace").startswith(program):  # noqa: PTH119 (bytes)
            return False
        if wanted.encode() in arguments:
            return True
        return str((entry / "cwd").readlink()) == wanted
    except OSError:
        return False


def wait_gone(pids: list[int], seconds: float) -> list[int]:
    """Wait until the processes are gone; those that still live after `seconds`."""
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if alive(pid)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    return left


def end_orphans(folder: Path, program: str, ask: signal.Signals, seconds: float = 20.0) -> int:
    """End a server left behind in `folder` by a launcher that died: asked first, killed after `seconds`.

    The caller holds the installation's lock, so nobody else uses them. Returns how many there were.
    """
    orphans = working_in(folder, program)
    for pid in orphans:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ask)
            break  # the oldest is the server; its children end with it
    for pid in wait_gone(orphans, seconds):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_gone(orphans, 5.0)
    return len(orphans)
