"""As whom a server runs that refuses to be root."""

import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.servers import launch

LAUNCHER = Path(launch.__file__)

# Unprivileged users that systems have; any other that is not root will do.
PREFERRED = ("postgres", "daemon", "bin", "nobody")


@dataclass(frozen=True, slots=True)
class Identity:
    """A way of `core.servers.launch` and the user it makes us."""

    way: str
    user: str
    owner: int  # user id outside, to whom the server's files belong

    def command(self, death_signal: signal.Signals, *words: str | Path) -> list[str]:
        """The command line that starts a program as this identity; it gets `death_signal` when its parent dies."""
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(int(death_signal)), self.way, self.user]
        return [*launcher, *map(str, words)]


@lru_cache(maxsize=1)
def own_identity() -> Identity:
    """Ourselves, whoever we are."""
    return Identity("same", "-", os.geteuid())


@lru_cache(maxsize=1)
def unprivileged_identity(program: Path) -> Identity:
    """Ourselves, or where we are root, the first way that works of not being root (tried with `program --version`).

    Raises `PermissionError` where there is none.
    """
    if os.geteuid() != 0:
        return own_identity()
    for identity in root_identities():
        words = identity.command(signal.SIGKILL, program, "--version")
        done = subprocess.run(words, capture_output=True, check=False)  # noqa: S603 (our own words)
        if done.returncode == 0:
            return identity
    raise PermissionError(
        "PostgreSQL does not run as root, and here root may neither open a user namespace nor change the user:"
        " start as an ordinary user, or set TRADEYARD_DATABASE_URL"
    )


def root_identities() -> list[Identity]:
    """The ways of not being root, best first."""
    entries = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    chosen = next((entries[name] for name in PREFERRED if name in entries), None) or next(iter(entries.values()), None)
    if chosen is None:
        return []
    return [Identity("namespace", chosen.pw_name, 0), Identity("switch", chosen.pw_name, chosen.pw_uid)]


def give(folder: Path, owner: int) -> None:
    """Let everything in `folder` belong to the user id `owner`, if it does not yet; only root ever needs it."""
    if folder.stat().st_uid == owner:
        return
    for parent, _, files in os.walk(folder):
        os.chown(parent, owner, -1)
        for name in files:
            os.chown(Path(parent, name), owner, -1, follow_symlinks=False)
