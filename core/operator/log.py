"""The operators' log: what was done on the platform, by whom and from where. Rows are added and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, or_, select

from core.operator.models import OperatorEntry
from tenants.db import SystemSession, new_id
from tenants.services import audit
from tenants.services.actor import Actor


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What a search asks for; an empty field asks nothing."""

    text: str = ""
    action: str = ""
    brokerage: str = ""


def record(
    session: SystemSession,
    actor: Actor,
    action: str,
    *,
    brokerage: str = "",
    subject: object = "",
    detail: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    """Write an entry in this transaction. ``brokerage`` is a tenant's short name; secrets do not belong into ``detail``."""
    session.execute(
        insert(OperatorEntry).values(
            id=new_id(),
            actor=actor.name,
            address=actor.address,
            action=action,
            brokerage=brokerage,
            subject=str(subject),
            detail=None if detail is None else audit.plain(detail),
            note=note,
            request_id=actor.request_id,
        )
    )


def search(
    session: SystemSession, wanted: LogFilter, *, limit: int = 50, offset: int = 0
) -> tuple[Sequence[OperatorEntry], int]:
    """Entries, the newest first, and how many there are in all."""
    query = select(OperatorEntry)
    if wanted.action:
        query = query.where(OperatorEntry.action == wanted.action)
    if wanted.brokerage:
        query = query.where(OperatorEntry.brokerage == wanted.brokerage)
    if wanted.text:
        columns = (OperatorEntry.actor, OperatorEntry.subject, OperatorEntry.note, OperatorEntry.brokerage)
        query = query.where(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(OperatorEntry.at.desc(), OperatorEntry.id.desc()).limit(limit).offset(offset)
    return session.scalars(page).all(), total


def actions(session: SystemSession) -> Sequence[str]:
    """The actions that occur, for a filter's list."""
    return session.scalars(select(OperatorEntry.action).distinct().order_by(OperatorEntry.action)).all()
