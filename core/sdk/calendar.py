"""The brokerage's calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text

from tenants.db import TenantSession

__all__ = ["local_time"]


def local_time(session: TenantSession, at: datetime | None = None) -> datetime:
    """A moment (now, unless said) by the clock on the brokerage's wall: its time zone is set in Settings."""
    zone = session.scalar(text("select time_zone from tenants.tenants where id = :id"), {"id": session.tenant_id})
    return (at or datetime.now(UTC)).astimezone(ZoneInfo(zone or "UTC"))
