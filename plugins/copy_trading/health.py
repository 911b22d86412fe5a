"""Health of the module, for Product Configs and the operator."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.sdk.text import _


def parked_copies(session: Session) -> str | None:
    """Whether a follower's copies wait because they cannot be booked."""
    count = session.scalar(text("select count(*) from copy_trading.cursors where parked_at is not null"))
    if not count:
        return None
    return _("{count} of the copies cannot be booked; they are retried one by one, see the alerts", count=count)
