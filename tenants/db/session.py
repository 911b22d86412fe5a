"""The two kinds of database session: one tenant's, and the system's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction


class NoTenantError(RuntimeError):
    """A tenant's session was asked for without a tenant."""


class WrongTenantError(RuntimeError):
    """A row of one tenant was handed to the session of another."""


class _Session(Session):
    """A session that can do something right before its transaction commits, and once it has."""

    def __init__(self, engine: Engine, info: Mapping[str, Any] | None = None) -> None:
        super().__init__(bind=engine, expire_on_commit=False, autoflush=True, info=dict(info or {}))
        self._before_commit: list[Callable[[], None]] = []
        self._after_commit: list[Callable[[], None]] = []

    def before_commit(self, action: Callable[[], None]) -> None:
        """Call ``action`` last of all in this transaction, right before it commits; forget it on rollback.

        For locks that many transactions want: so they are held for the commit alone. What it raises fails the commit.
        """
        self._before_commit.append(action)

    def commit(self) -> None:
        """Do what waits for the end of the transaction, then commit it."""
        while self._before_commit:
            actions, self._before_commit = self._before_commit, []
            for action in actions:
                action()
        super().commit()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call ``action`` after this transaction has committed; forget it on rollback.

        For wake-ups: it may be lost, and its failure is only logged. The session is closed when it runs.
        """
        self._after_commit.append(action)

    def rollback(self) -> None:
        """Roll the transaction back and forget what waited for its commit."""
        self._before_commit.clear()
        self._after_commit.clear()
        super().rollback()

    def take_after_commit(self) -> list[Callable[[], None]]:
        """The actions that wait for the commit; they are forgotten here."""
        actions, self._after_commit = self._after_commit, []
        return actions


class TenantSession(_Session):
    """A session in which only one tenant's rows exist.

    Each transaction tells PostgreSQL its tenant, which row-level security compares with every row; new objects
    get the tenant, and an object of another tenant is refused.
    """

    def __init__(self, engine: Engine, tenant_id: UUID | None, info: Mapping[str, Any] | None = None) -> None:
        if tenant_id is None:
            raise NoTenantError("a tenant's session needs a tenant: pass the tenant's id")
        super().__init__(engine, info)
        self.tenant_id: UUID = tenant_id


class SystemSession(_Session):
    """A session across tenants, with a database role of its own. Only the core's own processes use it."""


@event.listens_for(TenantSession, "after_begin")
def _bind_tenant(session: TenantSession, _transaction: SessionTransaction, connection: Connection) -> None:
    connection.execute(text("select set_config('app.tenant_id', :tenant, true)"), {"tenant": str(session.tenant_id)})


@event.listens_for(TenantSession, "before_flush")
def _stamp_tenant(session: TenantSession, _context: UOWTransaction, _instances: Any) -> None:
    for row in (*session.new, *session.dirty):
        tenant_id = getattr(row, "tenant_id", None)
        if tenant_id is None and hasattr(type(row), "tenant_id"):
            row.tenant_id = session.tenant_id
        elif tenant_id is not None and tenant_id != session.tenant_id:
            raise WrongTenantError(f"a {type(row).__name__} of tenant {tenant_id} in a session of {session.tenant_id}")
