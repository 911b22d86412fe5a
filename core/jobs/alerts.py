"""Alerts: what a person of the tenant should look at."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import text

from tenants.db import TenantSession, new_id
from tenants.text import freeze


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
    """Raise an alert unless one for the same source, code and subject is open; whether it is new.

    :param message: best a marked text, which each reader gets in their own language.
    """
    made = session.execute(
        text(
            "insert into core.alerts (id, source, code, severity, message, words, subject, detail)"
            " select :id, :source, :code, :severity, :message, cast(:words as jsonb), :subject, cast(:detail as jsonb)"
            " where not exists (select from core.alerts where source = :source and code = :code"
            " and subject is not distinct from cast(:subject as text) and closed_at is null) returning id"
        ),
        {
            "id": new_id(),
            "source": source,
            "code": code,
            "severity": severity,
            "message": message,
            "words": json.dumps(freeze(message)),
            "subject": subject,
            "detail": json.dumps(dict(detail or {}), default=str),
        },
    )
    return made.first() is not None


def settle_alert(session: TenantSession, source: str, code: str, subject: str | None = None, *, by: str = "") -> bool:
    """Close the open alert of the same source, code and subject, so that the next episode is announced; whether there was one.

    :param by: who or what settled it; by default the source itself.
    """
    closed = session.execute(
        text(
            "update core.alerts set closed_at = now(), closed_by = :by where source = :source and code = :code"
            " and subject is not distinct from cast(:subject as text) and closed_at is null returning id"
        ),
        {"source": source, "code": code, "subject": subject, "by": by or source},
    )
    return closed.first() is not None


def open_alerts(session: TenantSession, source: str, codes: Collection[str]) -> set[tuple[str, str | None]]:
    """(code, subject) of the source's alerts that are open, of these codes."""
    rows = session.execute(
        text(
            "select code, subject from core.alerts where source = :source and code = any(:codes) and closed_at is null"
        ),
        {"source": source, "codes": list(codes)},
    )
    return {(row[0], row[1]) for row in rows}
