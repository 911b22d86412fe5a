"""Invitations, password resets and new addresses: a token sent by mail, good once and for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, func, select, update

from tenants.db import TenantSession, new_id
from tenants.models import Customer, PersonTicket, Staff
from tenants.services import audit, validation
from tenants.services.actor import Actor
from tenants.services.errors import NotAllowedError
from tenants.services.passwords import hash_password
from tenants.services.secrets import new_token, token_hash
from tenants.services.sessions import person_of, revoke_all
from tenants.text import _

Purpose = Literal["invitation", "reset", "email"]
LIFETIME = {"invitation": timedelta(days=7), "reset": timedelta(hours=1), "email": timedelta(hours=24)}
_PAUSE = timedelta(minutes=1)
_DEAD = _("This link has been used or has run out. Ask for a new one.")


def issue_ticket(
    session: TenantSession, person: Staff | Customer, purpose: Purpose, *, new_email: str | None = None
) -> str:
    """A new one-time token; those of the same purpose that the person has left stop working.

    :param new_email: the address that the token is sent to and confirms, for the purpose ``email``.
    """
    now = datetime.now(UTC)
    session.execute(
        update(PersonTicket)
        .where(_of(person), PersonTicket.purpose == purpose, PersonTicket.used_at.is_(None))
        .values(used_at=now)
    )
    token = new_token()
    owner = {"staff_id": person.id} if isinstance(person, Staff) else {"customer_id": person.id}
    ticket = PersonTicket(
        id=new_id(),
        purpose=purpose,
        new_email=new_email,
        token_hash=token_hash(token),
        expires_at=now + LIFETIME[purpose],
        **owner,
    )
    session.add(ticket)
    session.flush()
    return token


def request_reset(session: TenantSession, person: Staff | Customer | None, actor: Actor) -> str | None:
    """A reset token to mail to the person; none where there is nobody to send it to (the page says the same either way).

    None also within a minute of the last one: nobody's mailbox is flooded.
    """
    if person is None or person.status == "blocked":
        return None
    latest = session.scalar(
        select(func.max(PersonTicket.created_at)).where(_of(person), PersonTicket.purpose == "reset")
    )
    if latest is not None and datetime.now(UTC) - latest < _PAUSE:
        return None
    kind = "staff" if isinstance(person, Staff) else "customer"
    audit.record(session, actor, f"{kind}.reset_request", kind, person.id, after={"email": person.email})
    return issue_ticket(session, person, "reset")


def ticket_person(session: TenantSession, token: str, purpose: Purpose) -> Staff | Customer | None:
    """Whom a token is for, to greet them by name; none where it is no good any more."""
    ticket = _open_ticket(session, token, purpose)
    return None if ticket is None else person_of(session, ticket)


def open_ticket(
    session: TenantSession, token: str, purpose: Purpose, *, lock: bool = False
) -> tuple[PersonTicket, Staff | Customer] | None:
    """A ticket that is still good and whose person is not blocked.

    :param lock: keep it from being used by another request at the same time.
    """
    ticket = _open_ticket(session, token, purpose, lock=lock)
    person = None if ticket is None else person_of(session, ticket)
    return None if ticket is None or person is None or person.status == "blocked" else (ticket, person)


def redeem_ticket(
    session: TenantSession, token: str, purpose: Purpose, password: str, actor: Actor | None = None
) -> Staff | Customer:
    """Set the password by a token. All other sessions and open tickets of the person end.

    An invited staff member becomes active.

    :param actor: for the audit log; by default the person.
    :raises NotAllowedError: where the token is unknown, used or run out, or the person is blocked.
    :raises InvalidError: for a password that is too short or too long; the token stays good.
    """
    hashed = hash_password(validation.password(password))
    found = open_ticket(session, token, purpose, lock=True)
    if found is None:
        raise NotAllowedError(_DEAD)
    _ticket, person = found
    person.password_hash = hashed
    if isinstance(person, Staff) and person.status == "invited":
        person.status = "active"
    session.execute(
        update(PersonTicket).where(_of(person), PersonTicket.used_at.is_(None)).values(used_at=datetime.now(UTC))
    )
    session.flush()
    revoke_all(session, person)
    kind: Literal["staff", "customer"] = "staff" if isinstance(person, Staff) else "customer"
    by = actor or Actor(kind, person.email, person.id)
    verb = "accept" if purpose == "invitation" else "reset"
    audit.record(session, by, f"{kind}.{verb}", kind, person.id, after={"email": person.email})
    return person


def _open_ticket(session: TenantSession, token: str, purpose: Purpose, *, lock: bool = False) -> PersonTicket | None:
    query = select(PersonTicket).where(
        PersonTicket.token_hash == token_hash(token),
        PersonTicket.purpose == purpose,
        PersonTicket.used_at.is_(None),
        PersonTicket.expires_at > datetime.now(UTC),
    )
    return session.scalar(query.with_for_update() if lock else query)


def _of(person: Staff | Customer) -> ColumnElement[bool]:
    return (PersonTicket.staff_id if isinstance(person, Staff) else PersonTicket.customer_id) == person.id
