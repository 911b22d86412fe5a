"""Alerts of a brokerage: what a person should look at, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.web.reading.sql import Page, Where, page_of
from core.web.tables import TableQuery
from tenants.db import TenantSession
from tenants.text import thaw

__all__ = ["AlertRow", "list_alerts", "one_alert", "open_alerts", "sources"]

_SELECT = (
    "id, source, code, severity, message, words, subject, detail, at, closed_at, closed_by,"
    " case when closed_at is null then 'open' else 'closed' end as state"
)
_SOURCE = " from core.alerts"
_RANK = "case severity when 'critical' then 0 when 'warning' then 1 else 2 end"
_SORTS = {"severity": _RANK, "at": "at", "source": "source"}


@dataclass(frozen=True)
class AlertRow:
    """An alert.

    :ivar text: the message in the reader's language, as far as it is translated.
    :ivar state: ``open`` or ``closed``.
    """

    id: UUID
    source: str
    code: str
    severity: str
    text: str
    subject: str | None
    detail: Mapping[str, Any]
    at: datetime
    closed_at: datetime | None
    closed_by: str | None
    state: str


def list_alerts(session: TenantSession, query: TableQuery) -> Page[AlertRow]:
    """A page of alerts: the open ones first, then by weight. Filters: ``state``, ``severity``, ``source``, ``search``."""
    where = Where()
    if state := query.get("state"):
        where.add("(closed_at is null) = :open", open=state == "open")
    for key in ("severity", "source"):
        if value := query.get(key):
            where.add(f"{key} = :{key}", **{key: value})
    if search := query.get("search"):
        where.contains(search, "message", "code", "subject")
    default = f"closed_at is not null, {_RANK}, at desc"
    rows, total = page_of(session, _SELECT, _SOURCE, where, query, sorts=_SORTS, default=default, unique="id")
    return Page(_alerts(rows), total)


def open_alerts(session: TenantSession, limit: int) -> list[AlertRow]:
    """The open alerts that weigh most."""
    rows = session.execute(
        text(f"select {_SELECT}{_SOURCE} where closed_at is null order by {_RANK}, at desc limit :limit"),
        {"limit": limit},
    )
    return _alerts(rows)


def one_alert(session: TenantSession, alert_id: UUID) -> AlertRow | None:
    """An alert by its identifier."""
    rows = session.execute(text(f"select {_SELECT}{_SOURCE} where id = :id"), {"id": alert_id})
    return next(iter(_alerts(rows)), None)


def sources(session: TenantSession) -> list[str]:
    """Where the alerts that are kept came from."""
    return list(session.scalars(text("select distinct source from core.alerts order by 1")))


def _alerts(rows: Iterable[Any]) -> list[AlertRow]:
    found = []
    for row in rows:
        values = dict(row._mapping)
        message, words = values.pop("message"), values.pop("words")
        found.append(AlertRow(text=thaw(words) if words else message, **values))
    return found
