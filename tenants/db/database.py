"""Where sessions come from: one pool for tenants' work, one for the system's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool, QueuePool

from tenants.db.session import SystemSession, TenantSession, _Session

_S = TypeVar("_S", bound=_Session)
_log = logging.getLogger("tradeyard.database")


class Database:
    """The database as the application sees it.

    :param app_url: SQLAlchemy address of the application role, which row-level security binds to one tenant.
    :param system_url: address of the system role, which sees all tenants.
    :param pool_size: most connections for tenants' sessions; the system's pool has half of them, at least two.
    """

    def __init__(self, app_url: str, system_url: str, *, pool_size: int = 10, pooled: bool = True) -> None:
        self.app_url, self.system_url, self.pool_size = app_url, system_url, pool_size
        self.session_info: dict[str, Any] = {}
        """What every session carries in its ``info``: services of the floors above, by their name."""
        self._app = _engine(app_url, pool_size, pooled)
        self._system = _engine(system_url, max(2, pool_size // 2), pooled)

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[TenantSession]:
        """One transaction in which only this tenant's rows exist; committed at the end, rolled back on an error."""
        with _transaction(TenantSession(self._app, tenant_id, self.session_info)) as session:
            yield session

    @contextmanager
    def system(self) -> Iterator[SystemSession]:
        """One transaction across tenants, for the platform itself; never handed to plugins."""
        with _transaction(SystemSession(self._system, self.session_info)) as session:
            yield session

    @property
    def system_engine(self) -> Engine:
        """The engine of the system role, for listening connections and locks that outlive a transaction."""
        return self._system

    def dispose(self, *, close: bool = True) -> None:
        """Give the connections back. After a fork use ``close=False``: the parent's connections are not ours to close."""
        self._app.dispose(close=close)
        self._system.dispose(close=close)


def _engine(url: str, size: int, pooled: bool) -> Engine:
    if not pooled:
        return create_engine(url, poolclass=NullPool)
    return create_engine(url, poolclass=QueuePool, pool_size=size, max_overflow=0, pool_pre_ping=True, pool_timeout=30)


@contextmanager
def _transaction(session: _S) -> Iterator[_S]:
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()
    for action in session.take_after_commit():
        try:
            action()
        except Exception:  # noqa: BLE001 - the work is committed: what only wakes others must not make it look failed
            _log.exception("an action after the commit failed; what it would have woken is found by the sweep")
