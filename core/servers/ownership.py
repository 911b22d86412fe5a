"""Who runs the servers of a data folder: one process at a time; others of the same installation join it."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.data_folder import private_folder
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """What the owner tells those who join: addresses as SQLAlchemy and redis-py take them."""

    database_url: str
    redis_url: str

    @classmethod
    def of(cls, settings: Settings) -> "Running":
        """What `settings` run with, their addresses filled in."""
        return cls(settings.database_url, settings.redis_url)

    def addresses(self) -> dict[str, str]:
        """By the names of the settings they replace."""
        return asdict(self)


class Ownership:
    """The lock of a data folder. It goes with its process, so no crash leaves it behind."""

    def __init__(self, data_dir: Path) -> None:
        folder = private_folder(data_dir / "run")
        self._lock = folder / "owner.lock"
        self._told = folder / "servers.json"
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process is the owner."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Become the owner, unless somebody else is."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._told.unlink(missing_ok=True)
        self._descriptor = descriptor
        return True

    def tell(self, running: Running) -> None:
        """Let others join; whole or not at all."""
        fresh = self._told.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(running)), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(self._told)

    def told(self) -> Running | None:
        """What the owner told, if it did already."""
        try:
            values: dict[str, Any] = json.loads(self._told.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return Running(**values)

    def owner_pid(self) -> int | None:
        """Process id of the owner, as it wrote it."""
        try:
            return int(self._lock.read_text())
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        """Give the ownership back."""
        if self._descriptor is not None:
            self._told.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def forget(self) -> None:
        """In a forked child: close its copy, so that the lock ends with the owner alone."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
