"""The audit log: written with every change, searched and exported, never changed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, insert, or_, select, text

from tenants.db import SystemSession, TenantSession, new_id
from tenants.models import AuditEntry
from tenants.services.actor import Actor

CSV_COLUMNS = (
    "at",
    "actor_kind",
    "actor_name",
    "address",
    "action",
    "object_kind",
    "object_id",
    "before",
    "after",
    "note",
    "request_id",
)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; an empty field asks nothing. ``text`` is looked for in names, objects, notes and values.

    :ivar about: people and objects: what any of them did, or what was done to any of them.
    """

    text: str = ""
    action: str = ""
    actor_id: UUID | None = None
    object_kind: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    actor_kind: str = ""
    about: tuple[UUID, ...] = ()


def record(
    session: TenantSession | SystemSession,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: object = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
    tenant_id: UUID | None = None,
) -> UUID:
    """Write an entry in this transaction, so that it exists exactly when the change does. Returns its identifier.

    :param action: ``object.verb``, such as ``customer.verify``.
    :param before: values that were, as plain data; secrets do not belong here.
    :param tenant_id: the tenant, in a system session; a tenant's session has its own.
    """
    if isinstance(session, TenantSession):
        tenant_id = session.tenant_id
    if tenant_id is None:
        raise ValueError("an audit entry belongs to a tenant: pass tenant_id in a system session")
    entry_id = new_id()
    session.execute(
        insert(AuditEntry).values(
            tenant_id=tenant_id,
            id=entry_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            address=actor.address,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            before=None if before is None else plain(before),
            after=None if after is None else plain(after),
            note=note,
            request_id=actor.request_id,
        )
    )
    return entry_id


def search(
    session: TenantSession, wanted: AuditFilter | None = None, *, limit: int = 50, offset: int = 0
) -> tuple[Sequence[AuditEntry], int]:
    """Entries, the newest first, and how many there are in all."""
    query = _matching(wanted or AuditFilter())
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit).offset(offset)
    return session.scalars(page).all(), total


# From each action to the next one in the index: a few dozen steps, however many entries there are.
_ACTIONS: Final = text("""
with recursive known (action) as (
  (select action from tenants.audit_entries order by action limit 1)
  union all
  select (select e.action from tenants.audit_entries e where e.action > known.action order by e.action limit 1)
  from known where known.action is not null
)
select action from known where action is not null order by action
""")


def actions(session: TenantSession) -> Sequence[str]:
    """The actions that occur, for a filter's list."""
    return session.scalars(_ACTIONS).all()


def csv_rows(session: TenantSession, wanted: AuditFilter | None = None) -> Iterator[str]:
    """The matching entries as lines of CSV, the newest first, the header before them; read in chunks.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    yield _csv_line(CSV_COLUMNS)
    query = _matching(wanted or AuditFilter()).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    for entry in session.scalars(query.execution_options(yield_per=500)):
        yield _csv_line([_cell(getattr(entry, column)) for column in CSV_COLUMNS])


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON can hold them: decimals, dates and identifiers become text, data classes become objects."""
    found: dict[str, Any] = json.loads(json.dumps(dict(values), default=_plain_value))
    return found


def _plain_value(value: object) -> object:
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return asdict(value)  # type: ignore[call-overload]  # checked the line before
    raise TypeError(f"{type(value).__name__} has no plain form for the audit log")


def _matching(wanted: AuditFilter) -> Select[AuditEntry]:
    query = select(AuditEntry)
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.actor_id:
        query = query.where(AuditEntry.actor_id == wanted.actor_id)
    if wanted.actor_kind:
        query = query.where(AuditEntry.actor_kind == wanted.actor_kind)
    if wanted.about:
        objects = [str(found) for found in wanted.about]
        query = query.where(or_(AuditEntry.actor_id.in_(wanted.about), AuditEntry.object_id.in_(objects)))
    if wanted.object_kind:
        query = query.where(AuditEntry.object_kind == wanted.object_kind)
    if wanted.object_id:
        query = query.where(AuditEntry.object_id == wanted.object_id)
    if wanted.since:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until:
        query = query.where(AuditEntry.at < wanted.until)
    if wanted.text:
        columns = (AuditEntry.actor_name, AuditEntry.action, AuditEntry.object_id, AuditEntry.note)
        query = query.where(
            or_(
                *(column.icontains(wanted.text, autoescape=True) for column in columns),
                cast(AuditEntry.before, Text).icontains(wanted.text, autoescape=True),
                cast(AuditEntry.after, Text).icontains(wanted.text, autoescape=True),
            )
        )
    return query


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    found = json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)
    return f"'{found}" if found.startswith(("=", "+", "-", "@", "\t", "\r")) else found
