"""Sessions of browsers: opened by a sign-in, found by their token's hash, listed and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from tenants.db import TenantSession, new_id
from tenants.models import ApiToken, Customer, PersonTicket, Staff, WebSession
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.errors import NotFoundError
from tenants.services.permissions import customer_permissions, one_staff_permissions
from tenants.services.secrets import new_token, token_hash
from tenants.text import _

Surface = Literal["admin", "portal"]
Stage = Literal["full", "second_factor", "enrol"]

LIFETIME = {"admin": timedelta(hours=12), "portal": timedelta(days=14)}
"""How long a session lasts at most, by surface."""
IDLE = {"admin": timedelta(hours=2), "portal": timedelta(days=3)}
"""How long it lasts without a request."""
HALF_OPEN = timedelta(minutes=10)
"""How long a sign-in may wait for its second factor."""
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a request comes from. Plain data, good outside the transaction.

    :ivar permissions: the effective ones, read in the same transaction as the session.
    :ivar language: the chosen one (BCP 47); none: the tenant's.
    :ivar time_zone: the chosen one (IANA); none: the tenant's.
    """

    session_id: UUID
    surface: Surface
    stage: Stage
    person_id: UUID
    email: str
    name: str
    permissions: frozenset[str]
    language: str | None = None
    time_zone: str | None = None

    @property
    def kind(self) -> Literal["staff", "customer"]:
        """``staff`` on the admin surface, ``customer`` on the portal."""
        return "staff" if self.surface == "admin" else "customer"


def surface_of(person: Staff | Customer) -> Surface:
    """Where a person signs in."""
    return "admin" if isinstance(person, Staff) else "portal"


def person_of(session: TenantSession, row: WebSession | ApiToken | PersonTicket) -> Staff | Customer:
    """The person that a session, token or ticket belongs to."""
    found: Staff | Customer
    if row.staff_id is not None:
        found = session.get_one(Staff, (session.tenant_id, row.staff_id))
    else:
        found = session.get_one(Customer, (session.tenant_id, row.person_id))
    return found


def may_sign_in(person: Staff | Customer) -> bool:
    """Whether the person's status lets them in. A customer who waits to be verified may look around."""
    return person.status == "active" if isinstance(person, Staff) else person.status in ("new", "verified")


def open_session(
    session: TenantSession,
    person: Staff | Customer,
    *,
    address: str = "",
    user_agent: str = "",
    stage: Stage = "full",
    lifetime: timedelta | None = None,
) -> str:
    """Open a session and return its token, which only the browser keeps (a cookie for this host alone).

    :param lifetime: how long it lasts at most; by default as long as ``LIFETIME`` says.
    """
    token, now = new_token(), datetime.now(UTC)
    surface = surface_of(person)
    owner = {"staff_id": person.id} if isinstance(person, Staff) else {"customer_id": person.id}
    session.add(
        WebSession(
            id=new_id(),
            token_hash=token_hash(token),
            surface=surface,
            stage=stage,
            address=address[:64],
            user_agent=user_agent[:300],
            expires_at=now + ((lifetime or LIFETIME[surface]) if stage == "full" else HALF_OPEN),
            **owner,
        )
    )
    session.flush()
    return token


def find_session(
    session: TenantSession,
    token: str,
    surface: Surface,
    *,
    stage: Stage | None = "full",
    idle: timedelta | None = None,
) -> SignedIn | None:
    """Who a browser's token stands for; none where it is unknown here, of another surface, expired, idle or revoked.

    :param stage: ``full`` for pages; none also finds a sign-in that waits for its second factor, which holds no
        permissions.
    :param idle: how long it lasts without a request; by default as long as ``IDLE`` says.
    """
    row = find_row(session, token, surface, idle=idle)
    if row is None or (stage is not None and row.stage != stage):
        return None
    person = person_of(session, row)
    if not may_sign_in(person):
        return None
    now = datetime.now(UTC)
    if now - row.last_seen_at > _TOUCH_AFTER:
        session.execute(update(WebSession).where(WebSession.id == row.id).values(last_seen_at=now))
    return SignedIn(
        session_id=row.id,
        surface=surface,
        stage=_stage(row),
        person_id=person.id,
        email=person.email,
        name=person.name,
        permissions=permissions_of(session, person) if row.stage == "full" else frozenset(),
        language=person.language,
        time_zone=person.time_zone,
    )


def find_row(
    session: TenantSession, token: str, surface: Surface, *, idle: timedelta | None = None
) -> WebSession | None:
    """The live session of a token, whatever its stage."""
    now = datetime.now(UTC)
    return session.scalar(
        select(WebSession).where(
            WebSession.token_hash == token_hash(token),
            WebSession.surface == surface,
            WebSession.revoked_at.is_(None),
            WebSession.expires_at > now,
            WebSession.last_seen_at > now - (idle or IDLE[surface]),
        )
    )


def permissions_of(session: TenantSession, person: Staff | Customer) -> frozenset[str]:
    """The effective permissions of a person."""
    if isinstance(person, Staff):
        return one_staff_permissions(session, person.id)
    return customer_permissions(session, person.id)


def live_sessions(
    session: TenantSession, person: Staff | Customer, *, idle: timedelta | None = None
) -> Sequence[WebSession]:
    """A person's sessions that would still be let in, the latest used first.

    :param idle: how long one lasts without a request; by default as long as ``IDLE`` says.
    """
    now = datetime.now(UTC)
    return session.scalars(
        select(WebSession)
        .where(
            _of(person),
            WebSession.stage == "full",
            WebSession.revoked_at.is_(None),
            WebSession.expires_at > now,
            WebSession.last_seen_at > now - (idle or IDLE[surface_of(person)]),
        )
        .order_by(WebSession.last_seen_at.desc())
    ).all()


def revoke_session(session: TenantSession, person: Staff | Customer, session_id: UUID, actor: Actor) -> None:
    """End one session of a person. :raises NotFoundError: where the person has no such session."""
    ended = session.scalar(
        update(WebSession)
        .where(_of(person), WebSession.id == session_id, WebSession.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
        .returning(WebSession.id)
    )
    if ended is None:
        raise NotFoundError(_("There is no such session."))
    audit.record(session, actor, "session.revoke", "session", session_id, after={"email": person.email})


def sign_out(session: TenantSession, token: str, surface: Surface) -> None:
    """End the session of a token, if there is one."""
    session.execute(
        update(WebSession)
        .where(WebSession.token_hash == token_hash(token), WebSession.surface == surface)
        .values(revoked_at=datetime.now(UTC))
    )


def revoke_others(session: TenantSession, person: Staff | Customer, keep: UUID, actor: Actor) -> int:
    """A person signs out everywhere but here; in how many browsers they were signed in."""
    others = sum(1 for row in live_sessions(session, person) if row.id != keep)
    revoke_all(session, person, but=keep)
    audit.record(
        session, actor, "session.revoke_others", "session", keep, after={"email": person.email, "browsers": others}
    )
    return others


def revoke_all(session: TenantSession, person: Staff | Customer, *, but: UUID | None = None) -> None:
    """End all sessions of a person, but one where it is named."""
    query = update(WebSession).where(_of(person), WebSession.revoked_at.is_(None)).values(revoked_at=datetime.now(UTC))
    session.execute(query if but is None else query.where(WebSession.id != but))


def _of(person: Staff | Customer) -> ColumnElement[bool]:
    return (WebSession.staff_id if isinstance(person, Staff) else WebSession.customer_id) == person.id


def _stage(row: WebSession) -> Stage:
    return "full" if row.stage == "full" else "enrol" if row.stage == "enrol" else "second_factor"
