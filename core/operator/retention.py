"""What of operators' sign-ins is kept: not what has ended long ago. The log stays."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from tenants.db import SystemSession

SESSIONS_DAYS: Final = 30
ATTEMPTS_DAYS: Final = 7


def prune(session: SystemSession) -> int:
    """Delete sign-ins that ended and attempts, both some time ago; how many rows went."""
    gone = 0
    for statement, days in (
        ("delete from core.operator_sessions where expires_at < now() - make_interval(days => :days)", SESSIONS_DAYS),
        ("delete from core.operator_attempts where at < now() - make_interval(days => :days)", ATTEMPTS_DAYS),
    ):
        gone += session.execute(text(statement), {"days": days}).rowcount  # type: ignore[attr-defined]  # of a delete
    return gone
