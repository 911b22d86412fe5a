"""Telling people what concerns them: written in the transaction of what happened, read on their pages."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text, update

from tenants.db import SystemSession, TenantSession, new_id
from tenants.models import Customer, MailChoice, Notification, Staff
from tenants.text import freeze, thaw

Tone = Literal["info", "success", "warning", "danger"]

_WRITE: Final = text("""
insert into tenants.notifications (id, staff_id, customer_id, source, code, tone, words, href, mail)
select i, case when :kind = 'staff' then p end, case when :kind = 'customer' then p end,
  :source, :code, :tone, cast(:words as jsonb), :href, :mail
from unnest(cast(:ids as uuid[]), cast(:people as uuid[])) as t (i, p)
""")


def write(
    session: TenantSession,
    people: Collection[UUID],
    message: str,
    *,
    kind: Literal["staff", "customer"] = "customer",
    source: str,
    code: str,
    href: str = "",
    tone: Tone = "info",
    mail: bool = False,
) -> None:
    """Tell each of the people once, in one statement.

    :param message: a marked text, kept so that each reader gets it in their own language.
    :param mail: also mail it, to those who want mails of this code.
    """
    if not people:
        return
    session.execute(
        _WRITE,
        {
            "ids": [new_id() for _ in people],
            "people": list(people),
            "kind": kind,
            "source": source,
            "code": code,
            "tone": tone,
            "words": json.dumps(freeze(message)),
            "href": href,
            "mail": "wanted" if mail else "none",
        },
    )


@dataclass(frozen=True, slots=True)
class Message:
    """A notification as its reader sees it; ``text`` is drawn in their language."""

    id: UUID
    source: str
    tone: str
    text: str
    href: str
    at: datetime
    read: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notification that its person wants by mail."""

    tenant_id: UUID
    id: UUID
    email: str
    name: str
    language: str | None
    staff: bool
    text: str
    href: str
    at: datetime
    tries: int
    """How often it has been tried, this time included."""


def unread(session: TenantSession, kind: Literal["staff", "customer"], person_id: UUID, most: int = 100) -> int:
    """How many messages a person has not read; counted up to ``most``."""
    column = Notification.staff_id if kind == "staff" else Notification.customer_id
    waiting = select(Notification.id).where(column == person_id, Notification.read_at.is_(None)).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def messages(
    session: TenantSession,
    person: Staff | Customer,
    *,
    source: str = "",
    unread_only: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Message], int]:
    """A person's messages, the newest first, and how many there are."""
    query = select(Notification).where(_of(person))
    if source:
        query = query.where(Notification.source == source)
    if unread_only:
        query = query.where(Notification.read_at.is_(None))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(Notification.id.desc()).limit(limit).offset(offset))
    found = [
        Message(row.id, row.source, row.tone, thaw(row.words), row.href, row.at, row.read_at is not None)
        for row in rows
    ]
    return found, total


def mark_read(session: TenantSession, person: Staff | Customer, message_id: UUID | None = None) -> str | None:
    """Mark one message read, or all of them. Returns where the one leads; none where the person has no such message."""
    query = update(Notification).where(_of(person)).values(read_at=func.coalesce(Notification.read_at, func.now()))
    if message_id is None:
        session.execute(query.where(Notification.read_at.is_(None)))
        return ""
    return session.scalar(query.where(Notification.id == message_id).returning(Notification.href))


def mail_choices(session: TenantSession, person: Staff | Customer) -> dict[str, bool]:
    """What a person has chosen to be mailed, by source; what is not there is mailed."""
    rows = session.execute(select(MailChoice.source, MailChoice.wanted).where(_chosen_by(person)))
    return {row.source: row.wanted for row in rows}


def choose_mails(session: TenantSession, person: Staff | Customer, wanted: Mapping[str, bool]) -> None:
    """Keep what a person wants to be mailed, by source."""
    owner = {"staff_id": person.id} if isinstance(person, Staff) else {"customer_id": person.id}
    session.execute(delete(MailChoice).where(_chosen_by(person), MailChoice.source.in_(wanted)))
    session.add_all(MailChoice(id=new_id(), source=source, wanted=yes, **owner) for source, yes in wanted.items())
    session.flush()


# Taken for a while: should the process end before it says what became of a mail, another sends it.
_TAKE: Final = text("""
with due as (
  select tenant_id, id from tenants.notifications where mail = 'wanted' and coalesce(mail_after, '-infinity') <= now()
  order by id limit :most for update skip locked
), told as (
  select n.*, coalesce(s.email, c.email) as email, coalesce(s.name, c.name) as name, s.id is not null as to_staff,
    coalesce(s.language, c.language) as language, coalesce(s.status, c.status) not in ('blocked', 'invited')
    and not exists (select from tenants.mail_choices m where m.tenant_id = n.tenant_id and m.source = n.source
      and not m.wanted and (m.staff_id = n.staff_id or m.customer_id = n.customer_id)) as wants
  from due join tenants.notifications n on (n.tenant_id, n.id) = (due.tenant_id, due.id)
  left join tenants.staff s on (s.tenant_id, s.id) = (n.tenant_id, n.staff_id)
  left join tenants.customers c on (c.tenant_id, c.id) = (n.tenant_id, n.customer_id)
), taken as (
  update tenants.notifications n set mail = case when told.wants then 'wanted' else 'none' end,
    mail_after = now() + make_interval(secs => :held_s), mail_tries = n.mail_tries + 1
  from told where (n.tenant_id, n.id) = (told.tenant_id, told.id)
)
select tenant_id, id, email, name, language, to_staff as staff, words, href, at, mail_tries + 1 as tries
from told where wants order by id
""")
_HELD_S: Final = 1200
"""Longer than a batch takes, should each mail run into the mail server's time limit."""
MAIL_FOR: Final = timedelta(days=1)
"""How long a mail is tried again."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=2)


def take_mails(session: SystemSession, most: int = 50) -> list[Outgoing] | None:
    """Take messages of any brokerage that are due to be mailed, each by one process at a time.

    Returns those that their people want, of whom each is to be given to :func:`mail_sent` or :func:`mail_failed`; none
    where nothing is due.
    """
    due = "select exists (select from tenants.notifications where mail = 'wanted' and coalesce(mail_after, '-infinity') <= now())"
    if not session.scalar(text(due)):
        return None
    return [
        Outgoing(
            row.tenant_id, row.id, row.email, row.name, row.language, row.staff, thaw(row.words), row.href, row.at,
            row.tries,
        )
        for row in session.execute(_TAKE, {"most": most, "held_s": _HELD_S})
    ]  # fmt: skip


def mail_sent(session: TenantSession, item: Outgoing) -> None:
    """The mail of a message is on its way."""
    _keep_mail(session, item, "sent", None)


def mail_failed(session: TenantSession, item: Outgoing) -> bool:
    """The mail of a message was not taken: it is tried again, after twice as long each time.

    :returns: whether it is given up, since the message is older than :data:`MAIL_FOR`. It stands on its person's page.
    """
    now = datetime.now(UTC)
    if now - item.at >= MAIL_FOR:
        _keep_mail(session, item, "failed", None)
        return True
    pause = min(_FIRST_PAUSE * 2 ** min(item.tries - 1, 10), _LONGEST_PAUSE)
    _keep_mail(session, item, "wanted", min(now + pause, item.at + MAIL_FOR))
    return False


def _keep_mail(session: TenantSession, item: Outgoing, mail: str, after: datetime | None) -> None:
    session.execute(update(Notification).where(Notification.id == item.id).values(mail=mail, mail_after=after))


def _of(person: Staff | Customer) -> ColumnElement[bool]:
    return (Notification.staff_id if isinstance(person, Staff) else Notification.customer_id) == person.id


def _chosen_by(person: Staff | Customer) -> ColumnElement[bool]:
    return (MailChoice.staff_id if isinstance(person, Staff) else MailChoice.customer_id) == person.id
