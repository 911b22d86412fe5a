"""Who owns a lane: a lease with a fencing token.

The row in ``core.lanes`` holds the token; each owner takes the next one, and every transaction of a lane first locks the
row under its own token, so that an owner that was cut off can write nothing more. A PostgreSQL advisory lock of the
session tells others at once when an owner dies; one that is alive but silent loses the lane when its heartbeat is old.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from contextlib import suppress
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tenants.db import Database, SystemSession, TenantSession

log = logging.getLogger(__name__)

EXPIRY_S: Final = 10
"""Seconds without a heartbeat after which a lane may be taken from an owner that still holds its lock."""
RENEWAL_S: Final = 1.0
"""Seconds between two heartbeats."""
STUCK_S: Final = 20
"""Seconds after which PostgreSQL ends a lane's transaction that does nothing."""
_LOCK_CLASS: Final = 0x6C616E65


class FencedError(RuntimeError):
    """The lane has another owner by now: nothing of this transaction may be written."""


class Lease:
    """One process's claim to a lane. ``token`` is 0 until :meth:`acquire` succeeds."""

    def __init__(self, database: Database, lane: int, owner: str | None = None) -> None:
        self.lane, self.token = lane, 0
        self.owner = owner or f"{socket.gethostname()}:{os.getpid()}"
        self._database = database
        self._lock: Connection | None = None
        self._renewed_s = 0.0

    def acquire(self) -> bool:
        """Take the lane if nobody has it, or if its owner died or fell silent; whether it is ours now."""
        locked = self._try_lock()
        with self._database.system() as session:
            session.execute(
                text("insert into core.lanes (id) values (:lane) on conflict do nothing"), {"lane": self.lane}
            )
            token = session.scalar(
                text(
                    "update core.lanes set token = token + 1, owner = :owner, heartbeat_at = clock_timestamp(),"
                    " started_at = clock_timestamp() where id = :lane and (:locked or heartbeat_at is null"
                    " or heartbeat_at < clock_timestamp() - make_interval(secs => :expiry)) returning token"
                ),
                {"lane": self.lane, "owner": self.owner, "locked": locked, "expiry": EXPIRY_S},
            )
        self.token = token or 0
        self._renewed_s = time.monotonic()
        return self.token != 0

    def renew(self) -> None:
        """Say that the owner lives. Raises FencedError when the lane has another owner."""
        if self._lock is None and not self._try_lock():
            # Taken over from an owner that still hangs on its lock: the token alone is the claim.
            self._lock = None
        with self._database.system() as session:
            renewed = session.scalar(
                text(
                    "update core.lanes set heartbeat_at = clock_timestamp() where id = :lane and token = :token returning 1"
                ),
                {"lane": self.lane, "token": self.token},
            )
        if renewed is None:
            raise FencedError(f"lane {self.lane} was taken over")
        self._renewed_s = time.monotonic()

    def keep(self) -> None:
        """Renew if that is some time ago: for work that takes long. Raises FencedError."""
        if time.monotonic() - self._renewed_s > RENEWAL_S:
            self.renew()

    def fence(self, session: TenantSession | SystemSession) -> None:
        """First statement of each of the lane's transactions: holds the lane until its end. Raises FencedError."""
        mine = session.scalar(
            text(
                "select set_config('idle_in_transaction_session_timeout', :stuck, true)"
                " from core.lanes where id = :lane and token = :token for share"
            ),
            {"stuck": f"{STUCK_S}s", "lane": self.lane, "token": self.token},
        )
        if mine is None:
            raise FencedError(f"lane {self.lane} was taken over")

    def release(self) -> None:
        """Give the lane up, so that another may have it at once. Never raises: what is lost with the database expires."""
        token, self.token = self.token, 0
        try:
            if token:
                with self._database.system() as session:
                    session.execute(
                        text(
                            "update core.lanes set owner = null, heartbeat_at = null where id = :lane and token = :token"
                        ),
                        {"lane": self.lane, "token": token},
                    )
        except DBAPIError:
            log.warning("lane %d could not be given up; it is free when its heartbeat is old", self.lane)
        finally:
            self._unlock()

    def _unlock(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(SQLAlchemyError):
                lock.execute(
                    text("select pg_advisory_unlock(:class, :lane)"), {"class": _LOCK_CLASS, "lane": self.lane}
                )
            lock.invalidate()  # the lock is the connection's: it goes with it where it could not be given back
            lock.close()

    def _try_lock(self) -> bool:
        try:
            if self._lock is None:
                engine = self._database.system_engine
                self._lock = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            held = self._lock.scalar(
                text(
                    "select exists (select from pg_locks where locktype = 'advisory' and classid = :class and objid = :lane"
                    " and objsubid = 2 and pid = pg_backend_pid() and granted) or pg_try_advisory_lock(:class, :lane)"
                ),
                {"class": _LOCK_CLASS, "lane": self.lane},
            )
        except DBAPIError:
            self._lock = None
            raise
        if not held:
            self._lock.close()
            self._lock = None
        return bool(held)
