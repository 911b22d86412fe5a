"""Waiting until every process has seen a change."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, text

from tenants.db import Database, SystemSession
from tenants.models import Process, SnapshotState
from tenants.snapshot.holder import POLL_S, place

_ALIVE_S = 3 * POLL_S
_PAUSE_S = (0.002, 0.005, 0.01, 0.02)


@dataclass(frozen=True, slots=True)
class Lagging:
    """A process that has not seen a change yet."""

    kind: str
    place: str
    pid: int
    snapshot_version: int


def current_version(session: SystemSession) -> int:
    """The snapshot version of everything that has committed."""
    return session.scalars(select(SnapshotState.version)).one()


def wait_acknowledged(database: Database, version: int | None = None, timeout: float = 2.0) -> list[Lagging]:
    """Wait until every living process has the snapshot of ``version``, and return those that have not.

    Call it after the change has committed. A process lives while its heartbeat is younger than three periods; one of
    this machine that has died without a word is taken off the list at once.

    :param version: by default the version of now, which contains everything committed.
    :param timeout: seconds.
    """
    deadline = time.monotonic() + timeout
    attempt = 0
    while True:
        with database.system() as session:
            if version is None:
                version = current_version(session)
            lagging = _lagging(session, version)
        if not lagging or time.monotonic() >= deadline:
            return lagging
        time.sleep(min(_PAUSE_S[min(attempt, len(_PAUSE_S) - 1)], max(0.0, deadline - time.monotonic())))
        attempt += 1


def _lagging(session: SystemSession, version: int) -> list[Lagging]:
    rows: Sequence[Process] = session.scalars(
        select(Process).where(
            Process.snapshot_version < version,
            Process.heartbeat_at > text("now() - make_interval(secs => :alive)").bindparams(alive=_ALIVE_S),
        )
    ).all()
    here = place()
    dead: list[UUID] = [row.id for row in rows if row.place == here and not _lives(row.pid)]
    if dead:
        session.execute(delete(Process).where(Process.id.in_(dead)))
    return [Lagging(row.kind, row.place, row.pid, row.snapshot_version) for row in rows if row.id not in dead]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
