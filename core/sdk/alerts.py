"""Alerts for plugins, from any session; jobs and handlers have ``context.alert`` and ``context.settle``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from core.jobs.alerts import open_alerts, raise_alert, settle_alert
from tenants.db import TenantSession
from tenants.text import thaw

__all__ = ["AlertView", "alerts_about", "open_alerts", "raise_alert", "settle_alert"]


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as a page of the plugin shows it; ``text`` in the reader's language, ``closed_at`` none while it is open."""

    id: UUID
    code: str
    severity: str
    text: str
    subject: str | None
    at: datetime
    closed_at: datetime | None


def alerts_about(
    session: TenantSession, source: str, *, subjects: Collection[str] | None = None, limit: int = 100
) -> list[AlertView]:
    """Alerts that a plugin has raised, about some subjects or about all: the open ones first, then the newest."""
    rows = session.execute(
        text(
            "select id, code, severity, message, words, subject, at, closed_at from core.alerts where source = :source"
            " and (cast(:subjects as text[]) is null or subject = any(cast(:subjects as text[])))"
            " order by closed_at is not null, at desc limit :limit"
        ),
        {"source": source, "subjects": None if subjects is None else list(subjects), "limit": limit},
    )
    return [
        AlertView(
            row.id, row.code, row.severity, thaw(row.words) if row.words else row.message, row.subject, row.at,
            row.closed_at,
        )
        for row in rows
    ]  # fmt: skip
