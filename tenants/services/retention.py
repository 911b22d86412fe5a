"""What nobody needs any more: old sign-ins, attempts, links, messages, and processes that died without a word."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import text

from tenants.db import SystemSession

KEPT: Final = timedelta(days=30)
PROCESSES_KEPT: Final = timedelta(days=1)

_STATEMENTS: Final = (
    text("delete from tenants.login_attempts where at < now() - :kept"),
    text("delete from tenants.web_sessions where least(expires_at, revoked_at) < now() - :kept"),
    text("delete from tenants.person_tickets where expires_at < now() - :kept"),
    text("delete from tenants.notifications where at < now() - 12 * :kept or read_at < now() - 3 * :kept"),
)
_PROCESSES: Final = text("delete from tenants.processes where heartbeat_at < now() - :kept")


def prune(session: SystemSession) -> int:
    """Delete, for all tenants, what ended longer ago than ``KEPT``; how many rows went. The audit log keeps all it has."""
    gone = [session.execute(statement, {"kept": KEPT}).rowcount for statement in _STATEMENTS]  # type: ignore[attr-defined]  # a delete gives a CursorResult
    return sum(gone) + session.execute(_PROCESSES, {"kept": PROCESSES_KEPT}).rowcount  # type: ignore[attr-defined, no-any-return]  # the same
