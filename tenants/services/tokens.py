"""API tokens: made by a person for their programs, never more powerful than the person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update

from tenants.db import TenantSession, new_id
from tenants.models import ApiToken, Customer, Staff
from tenants.services import audit, validation
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError, NotFoundError
from tenants.services.secrets import new_token, token_hash
from tenants.services.sessions import may_sign_in, permissions_of, person_of
from tenants.text import _

SCOPES = {
    "read": _("Read everything its owner can see"),
    "trade": _("Place, change and cancel orders; start, pause and stop what the modules offer"),
    "manage": _("Everything else its owner may do"),
}
"""Scope → what it allows. A request needs its scope and its permission."""
PREFIX = "ty_"
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Who a request with a token comes from. Plain data, good outside the transaction."""

    token_id: UUID
    token_name: str
    scopes: frozenset[str]
    kind: Literal["staff", "customer"]
    person_id: UUID
    email: str
    name: str
    permissions: frozenset[str]


def make_token(
    session: TenantSession,
    person: Staff | Customer,
    name: str,
    scopes: Collection[str],
    actor: Actor,
    *,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token. Returns its row and the token itself, which is shown once and kept nowhere.

    :raises InvalidError: for no or an unknown scope, or an expiry that has passed.
    """
    if not scopes or set(scopes) - SCOPES.keys():
        raise InvalidError("scopes", _("Choose some of: {scopes}.", scopes=", ".join(SCOPES)))
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidError("expires_at", _("Choose a moment in the future."))
    token = new_token(PREFIX)
    owner = {"staff_id": person.id} if isinstance(person, Staff) else {"customer_id": person.id}
    row = ApiToken(
        id=new_id(),
        name=validation.name(name),
        start=token[: len(PREFIX) + 6],
        token_hash=token_hash(token),
        scopes=sorted(scopes),
        expires_at=expires_at,
        **owner,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "token.make",
        "token",
        row.id,
        after={"email": person.email, "name": row.name, "scopes": row.scopes, "expires_at": expires_at},
    )
    return row, token


def find_token(session: TenantSession, token: str) -> TokenHolder | None:
    """Who a bearer token stands for; none where this tenant has no such live one."""
    now = datetime.now(UTC)
    row = session.scalar(select(ApiToken).where(ApiToken.token_hash == token_hash(token), _live(now)))
    if row is None:
        return None
    person = person_of(session, row)
    if not may_sign_in(person):
        return None
    if row.last_used_at is None or now - row.last_used_at > _TOUCH_AFTER:
        session.execute(update(ApiToken).where(ApiToken.id == row.id).values(last_used_at=now))
    return TokenHolder(
        token_id=row.id,
        token_name=row.name,
        scopes=frozenset(row.scopes),
        kind="staff" if isinstance(person, Staff) else "customer",
        person_id=person.id,
        email=person.email,
        name=person.name,
        permissions=permissions_of(session, person),
    )


def tokens_of(session: TenantSession, person: Staff | Customer) -> Sequence[ApiToken]:
    """A person's tokens that are not revoked, the newest first."""
    return session.scalars(
        select(ApiToken).where(_of(person), ApiToken.revoked_at.is_(None)).order_by(ApiToken.created_at.desc())
    ).all()


def revoke_token(session: TenantSession, person: Staff | Customer, token_id: UUID, actor: Actor) -> None:
    """Stop a token of a person at once. :raises NotFoundError: where the person has no such token."""
    name = session.scalar(
        update(ApiToken)
        .where(_of(person), ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
        .returning(ApiToken.name)
    )
    if name is None:
        raise NotFoundError(_("There is no such token."))
    audit.record(session, actor, "token.revoke", "token", token_id, before={"email": person.email, "name": name})


def _live(now: datetime) -> ColumnElement[bool]:
    return ApiToken.revoked_at.is_(None) & or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)


def _of(person: Staff | Customer) -> ColumnElement[bool]:
    return (ApiToken.staff_id if isinstance(person, Staff) else ApiToken.customer_id) == person.id
