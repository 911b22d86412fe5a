"""Alerts: what a person of the tenant should look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from tenants.db import TenantSession, new_id


def raise_alert(
    session: TenantSession,
    source: str,
    code: str,
    message: str,
    *,
    severity: str = "warning",
    subject: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Raise an alert unless one for the same source, code and subject is open; whether it is new."""
    made = session.execute(
        text(
            "insert into core.alerts (id, source, code, severity, message, subject, detail)"
            " select :id, :source, :code, :severity, :message, :subject, cast(:detail as jsonb)"
            " where not exists (select from core.alerts where source = :source and code = :code"
            " and subject is not distinct from cast(:subject as text) and closed_at is null) returning id"
        ),
        {
            "id": new_id(),
            "source": source,
            "code": code,
            "severity": severity,
            "message": message,
            "subject": subject,
            "detail": json.dumps(dict(detail or {}), default=str),
        },
    )
    return made.first() is not None
