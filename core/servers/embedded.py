"""The servers of one installation together: started by the first process that needs them, joined by the others."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from core.data_folder import prepare_data_folder, private_folder
from core.servers.errors import ServersBusyError
from core.servers.external import check_external
from core.servers.ownership import Ownership, Running
from core.servers.postgres import SUPERUSER, Postgres
from core.servers.sockets import socket_folder
from core.servers.valkey import Valkey
from core.settings import Settings

LOG_BYTES = 10_000_000


def quiet(_: str) -> None:
    """Progress that nobody asked for."""


class EmbeddedServers:
    """The servers that `settings` leave to us: PostgreSQL, Valkey, both or none."""

    def __init__(self, settings: Settings, *, durable: bool = True, progress: Callable[[str], None] = quiet) -> None:
        self._given = settings
        self._durable = durable
        self._progress = progress
        self._ownership: Ownership | None = None
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None

    def start(self) -> Settings:
        """Start what is missing and give the settings with both owner addresses filled in.

        Returns when all answer. Raises `ServersError` where a server cannot start, `ServersBusyError` where another
        process of this installation runs them already.
        """
        settings = self._given
        prepare_data_folder(settings.data_dir)
        check_external(settings)
        ownership = Ownership(settings.data_dir)
        if not ownership.take():
            raise ServersBusyError(
                f"{settings.data_dir} is in use by process {ownership.owner_pid()}: stop that one first, or give this"
                " start a folder of its own (TRADEYARD_DATA_DIR)."
            )
        self._ownership = ownership
        try:
            addressed = self._start(settings)
        except BaseException:
            self.stop()
            raise
        ownership.tell(Running.of(addressed))
        return addressed

    def stop(self) -> None:
        """Stop what we started, Valkey first, and let others own the folder."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()
        if self._ownership is not None:
            self._ownership.release()

    @property
    def owned(self) -> bool:
        """Whether the data folder is ours at the moment."""
        return self._ownership is not None and self._ownership.held

    def dead(self) -> list[Postgres | Valkey]:
        """Servers of ours that ended by themselves."""
        servers = [server for server in (self.postgres, self.valkey) if server is not None]
        return [server for server in servers if server.process is not None and server.process.poll() is not None]

    def revive(self, server: Postgres | Valkey) -> None:
        """Start a dead server again over its data; its address stays."""
        server.launch(self._progress)
        server.wait()

    def forget(self) -> None:
        """In a forked child: the servers are the parent's alone."""
        if self._ownership is not None:
            self._ownership.forget()

    def _start(self, settings: Settings) -> Settings:
        wanted = [not settings.database_url, not settings.redis_url]
        if any(wanted):
            sockets = socket_folder(settings.data_dir)
            logs = private_folder(settings.data_dir / "log")
            if wanted[0]:
                data = settings.data_dir / "postgres"
                self.postgres = Postgres(data, sockets, _log(logs / "postgres.log"), durable=self._durable)
            if wanted[1]:
                data = settings.data_dir / "valkey"
                self.valkey = Valkey(data, sockets, _log(logs / "valkey.log"), durable=self._durable)
        # Both at once: the first start of PostgreSQL is long.
        for server in (self.valkey, self.postgres):
            if server is not None:
                self._progress(f"starting {server.name}")
                server.launch(self._progress)
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.wait()
        changes = {}
        if self.postgres is not None:
            changes["database_url"] = owner_database(self.postgres, "tradeyard", "tradeyard")
        if self.valkey is not None:
            changes["redis_url"] = self.valkey.url
        return settings.model_copy(update=changes)


def owner_database(postgres: Postgres, role: str, database: str) -> str:
    """Make the owner role, which is no superuser, and its database where missing; the address of both."""
    superuser = postgres.url(SUPERUSER, "postgres").replace("+psycopg", "", 1)
    with psycopg.connect(superuser, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(sql.Identifier(role)))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(database), sql.Identifier(role)))
    return postgres.url(role, database)


@contextmanager
def serving(
    settings: Settings, *, progress: Callable[[str], None] = quiet, patience: float = 60.0
) -> Iterator[Settings]:
    """Settings with both owner addresses filled in, for the time of the block.

    Joins the servers that a running `tradeyard up` (or another command) has; starts and stops them where nobody does.
    Waits `patience` seconds for an owner that is still starting. Raises `ServersError`.
    """
    if settings.database_url and settings.redis_url:
        check_external(settings)
        yield settings
        return
    servers = EmbeddedServers(settings, progress=progress)
    joined = _start_or_join(settings, servers, patience)
    try:
        yield joined
    finally:
        servers.stop()


def _start_or_join(settings: Settings, servers: EmbeddedServers, patience: float) -> Settings:
    deadline = time.monotonic() + patience
    while True:
        try:
            return servers.start()
        except ServersBusyError:
            running = Ownership(settings.data_dir).told()
            if running is not None:
                return settings.model_copy(update=running.addresses())
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _log(path: Path) -> Path:
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path
