"""What people change about themselves: how they are called, how pages are written for them, and where they are reached."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update

from tenants.db import TenantSession
from tenants.models import Customer, PersonTicket, Staff
from tenants.services import audit, validation
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError, NotAllowedError, TakenError
from tenants.services.passwords import verify_password
from tenants.services.people import by_email, kind
from tenants.services.sessions import surface_of
from tenants.services.tickets import issue_ticket, open_ticket
from tenants.text import _, languages

_PAUSE: Final = timedelta(minutes=1)


def change_profile(
    session: TenantSession,
    person: Staff | Customer,
    actor: Actor,
    *,
    name: str,
    language: str | None,
    time_zone: str | None,
    phone: str | None = None,
    country: str | None = None,
) -> None:
    """Change a name, and how pages are written for the person.

    :param language: one that pages can be read in; none follows the brokerage's. The same for ``time_zone``.
    :param phone: of customers; none leaves it as it is. The same for ``country`` (ISO 3166, two letters).
    :raises InvalidError: for what cannot be taken.
    """
    wanted: dict[str, str | None] = {"name": validation.name(name), "language": None, "time_zone": None}
    if language:
        if language not in languages():
            raise InvalidError("language", _("Choose one of the languages."))
        wanted["language"] = language
    if time_zone:
        wanted["time_zone"] = validation.time_zone(time_zone)
    if isinstance(person, Customer):
        wanted |= {"phone": validation.phone(phone)} if phone is not None else {}
        wanted |= {"country": validation.country(country)} if country is not None else {}
    before = {key: getattr(person, key) for key in wanted}
    changed = {key: value for key, value in wanted.items() if value != before[key]}
    if not changed:
        return
    for key, value in changed.items():
        setattr(person, key, value)
    session.flush()
    audit.record(
        session, actor, f"{kind(person)}.profile", kind(person), person.id,
        before={key: before[key] for key in changed}, after=changed,
    )  # fmt: skip


def request_email_change(
    session: TenantSession, person: Staff | Customer, email: str, password: str, actor: Actor
) -> str:
    """A token to mail to the new address, which is taken once it is confirmed from there.

    :raises InvalidError: for an address that cannot be one, or a wrong password.
    :raises TakenError: where somebody of the same surface has the address.
    :raises NotAllowedError: within a minute of the last request.
    """
    email = validation.email(email)
    if not verify_password(person.password_hash, password):
        raise InvalidError("password", _("This is not your password."))
    if email == person.email or by_email(session, surface_of(person), email) is not None:
        raise TakenError("email", _("{email} is in use already.", email=email))
    column = PersonTicket.staff_id if isinstance(person, Staff) else PersonTicket.customer_id
    latest = session.scalar(
        select(func.max(PersonTicket.created_at)).where(column == person.id, PersonTicket.purpose == "email")
    )
    if latest is not None and datetime.now(UTC) - latest < _PAUSE:
        raise NotAllowedError(_("A link was sent a moment ago. Wait a minute before you ask for another."))
    audit.record(
        session, actor, f"{kind(person)}.email_request", kind(person), person.id,
        before={"email": person.email}, after={"email": email},
    )  # fmt: skip
    return issue_ticket(session, person, "email", new_email=email)


def confirm_email(session: TenantSession, token: str) -> tuple[Staff | Customer, str]:
    """Take the new address by its token; returns the person and the former address, which is told of it.

    :raises NotAllowedError: where the token is unknown, used or run out.
    :raises TakenError: where somebody else has taken the address meanwhile.
    """
    found = open_ticket(session, token, "email", lock=True)
    if found is None:
        raise NotAllowedError(_("This link has been used or has run out. Ask for a new one."))
    ticket, person = found
    former, email = person.email, ticket.new_email or ""
    if by_email(session, surface_of(person), email) is not None:
        raise TakenError("email", _("{email} is in use already.", email=email))
    session.execute(update(PersonTicket).where(PersonTicket.id == ticket.id).values(used_at=datetime.now(UTC)))
    person.email = email
    session.flush()
    by = Actor(kind(person), former, person.id)
    audit.record(
        session, by, f"{kind(person)}.email", kind(person), person.id, before={"email": former}, after={"email": email}
    )
    return person, former
