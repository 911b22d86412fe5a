"""A process's snapshot and the thread that keeps it fresh."""

from __future__ import annotations

import logging
import os
import platform
import selectors
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from tenants.db import Database, SystemSession, new_id
from tenants.db.ddl import SNAPSHOT_CHANNEL
from tenants.snapshot.loading import load
from tenants.snapshot.model import Snapshot

POLL_S = 2.0
"""Seconds between looks at the version when no notification comes; also the heartbeat's period."""
_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
_BEAT = """
insert into tenants.processes (id, kind, place, pid, snapshot_version) values (%s, %s, %s, %s, %s)
on conflict (id) do update set heartbeat_at = now(), snapshot_version = excluded.snapshot_version
returning (select version from tenants.snapshot_state)
"""
_log = logging.getLogger("tradeyard.snapshot")


class SnapshotHolder:
    """Holds the current :class:`Snapshot`.

    :meth:`start` loads it, registers the process and starts the thread; call it after a fork, in the child. Without
    ``start`` (commands, tests) the snapshot is loaded when first asked for and refreshed by :meth:`refresh` only.

    The thread listens for the database's notification, looks at the version every two seconds in case one was lost, and
    tells the database which version the process has. It lives through restarts of the database: meanwhile the last
    snapshot stays.
    """

    def __init__(self, database: Database, *, poll_s: float = POLL_S) -> None:
        self._url = database.system_url
        self._poll_s = poll_s
        self._current: Snapshot | None = None
        self._loading = threading.Lock()
        self._thread: threading.Thread | None = None
        self._kind, self._id, self._pid = "", new_id(), 0

    @property
    def current(self) -> Snapshot:
        """The newest snapshot this process has. Keep the reference for as long as one request or job needs one view."""
        return self._current or self.refresh()

    @property
    def process_id(self) -> UUID:
        """The process's row in ``tenants.processes`` while it is started."""
        return self._id

    def start(self, kind: str) -> None:
        """Load the snapshot and keep it fresh until :meth:`stop`. :param kind: what the process is, such as ``web``."""
        if self._thread is not None and self._pid == os.getpid():
            raise RuntimeError("the snapshot is being kept fresh already: call stop() first")
        self._kind, self._id, self._pid = kind, new_id(), os.getpid()
        self._loading = threading.Lock()  # a lock inherited through a fork may be held by nobody
        self._stopping = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        # Registered before it loads: a change that the load misses is one that whoever made it waits for.
        with self._connect() as connection:
            self._beat(connection, 0)
        self.refresh()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and take the process's row away; without effect where it is not started."""
        thread, self._thread = self._thread, None
        if thread is None or self._pid != os.getpid():
            return
        self._stopping.set()
        os.write(self._wake_write, b".")
        thread.join(timeout=10)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def refresh(self) -> Snapshot:
        """Load anew in the calling thread and return what then is current."""
        with self._loading:
            engine = self._engine()
            with SystemSession(engine) as session:
                loaded = load(session)
            # Never backwards: another thread may have loaded a newer one between this one's view and here.
            if self._current is None or loaded.version >= self._current.version:
                self._current = loaded
            return self._current

    def __enter__(self) -> SnapshotHolder:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def _engine(self) -> Engine:
        # Its own connections: a pool that is exhausted by requests must not hold back a toggle.
        return create_engine(self._url, poolclass=NullPool)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    self._watch(connection)
            except (psycopg.Error, SQLAlchemyError, OSError) as error:
                _log.warning("the snapshot cannot be kept fresh, trying again: %s", error)
                self._stopping.wait(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
            else:
                failures = 0

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        engine = self._engine()
        arguments, options = engine.dialect.create_connect_args(engine.url)
        options["application_name"] = f"tradeyard {self._kind} snapshot"
        return psycopg.connect(*arguments, **options, autocommit=True)

    def _watch(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        notified = threading.Event()
        connection.add_notify_handler(lambda _notification: notified.set())
        connection.execute(f"listen {SNAPSHOT_CHANNEL}")
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while not self._stopping.is_set():
                notified.clear()
                if self._beat(connection, self.current.version) > self.current.version:
                    self.refresh()
                    continue  # tell at once that the process has it
                # A notification that came with the beat's answer has been read: the socket would not wake us for it.
                if not notified.is_set():
                    selector.select(self._poll_s)
        with suppress(psycopg.Error):
            connection.execute("delete from tenants.processes where id = %s", (self._id,))

    def _beat(self, connection: psycopg.Connection[tuple[Any, ...]], has: int) -> int:
        """Say that the process lives and which version it has; the version there is."""
        row = connection.execute(_BEAT, (self._id, self._kind, place(), self._pid, has)).fetchone()
        return int(row[0]) if row else 0


def place() -> str:
    """The machine and its process namespace: where this process's pid means something."""
    namespace = Path("/proc/self/ns/pid")
    try:
        return f"{platform.node()} {namespace.readlink()}"
    except OSError:
        return platform.node()
