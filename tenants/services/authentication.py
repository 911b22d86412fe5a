"""Signing in: password, lock-out, rate limit and second factor.

Outcomes are returned, not raised, so that the attempt is committed with the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, insert, select

from tenants.db import TenantSession, new_id
from tenants.models import LoginAttempt, Staff
from tenants.services import audit, second_factor
from tenants.services.actor import Actor
from tenants.services.passwords import hash_password, needs_rehash, verify_password
from tenants.services.people import AnyPerson, by_email, kind
from tenants.services.sessions import (
    Surface,
    find_row,
    may_sign_in,
    open_session,
    person_of,
    revoke_all,
    surface_of,
)
from tenants.services.validation import password as valid_password

Outcome = Literal["signed_in", "second_factor", "enrol", "wrong", "locked", "blocked"]

FAILURES, WINDOW = 5, timedelta(minutes=15)
"""So many failures for one address of mail within the window lock it until the window after the last has passed."""
ADDRESS_FAILURES = 50
"""So many failures from one network address within the window hold back everything from there."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What became of an attempt.

    :ivar outcome: ``signed_in``; ``second_factor`` (ask for the code); ``enrol`` (a second factor must be set up first);
        ``wrong`` (address, password or code; never said which); ``locked``; ``blocked`` (said only to who knew the password).
    :ivar token: the session's token for the cookie, for the first three.
    :ivar retry_after_s: seconds to wait, when locked.
    :ivar recovery_codes: to be shown this once, where a second factor was set up on the way in.
    """

    outcome: Outcome
    token: str | None = None
    retry_after_s: int = 0
    recovery_codes: tuple[str, ...] = ()


def sign_in(
    session: TenantSession,
    surface: Surface,
    email: str,
    password: str,
    *,
    address: str = "",
    user_agent: str = "",
    lifetime: timedelta | None = None,
) -> SignIn:
    """Try to sign in on a surface: staff on ``admin``, customers on ``portal``.

    Takes the same time whether or not the person exists. ``second_factor`` and ``enrol`` return a session of that
    stage; :func:`finish_sign_in` turns it into a full one. ``lifetime`` is that of the full session.
    """
    email = email.strip().lower()[:254]
    waiting = _wait_s(session, surface, email, address)
    if waiting:
        return SignIn("locked", retry_after_s=waiting)
    person = by_email(session, surface, email)
    if not verify_password(person.password_hash if person else None, password) or person is None:
        _attempt(session, surface, email, address, succeeded=False)
        return SignIn("wrong")
    if not may_sign_in(person):
        _attempt(session, surface, email, address, succeeded=False)
        return SignIn("blocked")
    if person.password_hash and needs_rehash(person.password_hash):
        person.password_hash = hash_password(password)
    return let_in(session, person, address=address, user_agent=user_agent, lifetime=lifetime)


def let_in(
    session: TenantSession,
    person: AnyPerson,
    *,
    address: str = "",
    user_agent: str = "",
    lifetime: timedelta | None = None,
) -> SignIn:
    """Sign in somebody who has proved in this transaction who they are: by their password, or by choosing it with a ticket.

    The second factor is asked for all the same, where there is one or should be one.
    """
    if not may_sign_in(person):
        return SignIn("blocked")
    step = first_step(session, person)
    if step != "signed_in":
        return SignIn(step, open_session(session, person, address=address, user_agent=user_agent, stage=step))
    return _welcome(session, person, surface_of(person), address, user_agent, lifetime)


def first_step(session: TenantSession, person: AnyPerson) -> Literal["signed_in", "second_factor", "enrol"]:
    """What the right password leads a person to."""
    if person.totp_confirmed_at is not None:
        return "second_factor"
    return "enrol" if second_factor.required(session, person) else "signed_in"


def finish_sign_in(
    session: TenantSession,
    surface: Surface,
    token: str,
    code: str,
    *,
    address: str = "",
    user_agent: str = "",
    lifetime: timedelta | None = None,
) -> SignIn:
    """Prove the second factor of a half-open session, or confirm the one being set up (``enrol``).

    A recovery code does as well, but not while the second factor is being set up.

    The half-open session ends and a full one with a new token begins. Wrong codes count towards lock-out.
    """
    row = find_row(session, token, surface)
    if row is None or row.stage == "full":
        return SignIn("wrong")
    person = person_of(session, row)
    waiting = _wait_s(session, surface, person.email, address)
    if waiting:
        return SignIn("locked", retry_after_s=waiting)
    if not may_sign_in(person):
        return SignIn("blocked")
    by = Actor(kind(person), person.email, person.id, address)
    codes: tuple[str, ...] = ()
    if second_factor.take_code(session, person, code):
        if row.stage == "enrol":
            codes = tuple(second_factor.put_in_force(session, person, by))
    elif row.stage == "second_factor" and second_factor.take_recovery_code(session, person, code):
        left = second_factor.recovery_codes_left(session, person)
        audit.record(session, by, f"{kind(person)}.recovery_code", kind(person), person.id, after={"left": left})
    else:
        _attempt(session, surface, person.email, address, succeeded=False)
        return SignIn("wrong")
    row.revoked_at = datetime.now(UTC)
    session.flush()
    return replace(_welcome(session, person, surface, address, user_agent, lifetime), recovery_codes=codes)


def prove_password(session: TenantSession, person: AnyPerson, password: str, actor: Actor) -> bool:
    """Whether it is the person's password, asked again before something that matters.

    Wrong ones count towards lock-out, as at sign-in; while that holds, no password is right.
    """
    surface: Surface = "admin" if isinstance(person, Staff) else "portal"
    if _wait_s(session, surface, person.email, actor.address) or not verify_password(person.password_hash, password):
        _attempt(session, surface, person.email, actor.address, succeeded=False)
        return False
    return True


def change_password(
    session: TenantSession, person: AnyPerson, old: str, new: str, actor: Actor, *, keep: UUID | None = None
) -> bool:
    """A person changes their own password; false where the old one is wrong. All their sessions but ``keep`` end."""
    hashed = hash_password(valid_password(new))
    if not prove_password(session, person, old, actor):
        return False
    person.password_hash = hashed
    session.flush()
    revoke_all(session, person, but=keep)
    audit.record(session, actor, f"{kind(person)}.password", kind(person), person.id, after={"email": person.email})
    return True


def _welcome(
    session: TenantSession,
    person: AnyPerson,
    surface: Surface,
    address: str,
    user_agent: str,
    lifetime: timedelta | None,
) -> SignIn:
    _attempt(session, surface, person.email, address, succeeded=True)
    person.last_sign_in_at = datetime.now(UTC)
    session.flush()
    by = Actor(kind(person), person.email, person.id, address)
    audit.record(session, by, f"{kind(person)}.sign_in", kind(person), person.id)
    token = open_session(session, person, address=address, user_agent=user_agent, lifetime=lifetime)
    return SignIn("signed_in", token)


def _attempt(session: TenantSession, surface: Surface, email: str, address: str, *, succeeded: bool) -> None:
    session.execute(
        insert(LoginAttempt).values(id=new_id(), surface=surface, email=email, address=address, succeeded=succeeded)
    )


def _wait_s(session: TenantSession, surface: Surface, email: str, address: str) -> int:
    """Seconds until another attempt is taken; 0 for now."""
    now = datetime.now(UTC)
    recent = LoginAttempt.at > now - WINDOW
    last_success = (
        select(func.max(LoginAttempt.at))
        .where(LoginAttempt.surface == surface, LoginAttempt.email == email, LoginAttempt.succeeded, recent)
        .scalar_subquery()
    )
    failures, latest = session.execute(
        select(func.count(), func.max(LoginAttempt.at)).where(
            LoginAttempt.surface == surface,
            LoginAttempt.email == email,
            ~LoginAttempt.succeeded,
            recent,
            LoginAttempt.at > func.coalesce(last_success, now - WINDOW),
        )
    ).one()
    if failures >= FAILURES:
        return max(1, int((latest + WINDOW - now).total_seconds()))
    if not address:
        return 0
    # The latest failure that still counts once enough older ones have left the window.
    from_address = session.scalars(
        select(LoginAttempt.at)
        .where(LoginAttempt.address == address, ~LoginAttempt.succeeded, recent)
        .order_by(LoginAttempt.at.desc())
        .limit(ADDRESS_FAILURES)
    ).all()
    if len(from_address) < ADDRESS_FAILURES:
        return 0
    return max(1, int((from_address[-1] + WINDOW - now).total_seconds()))
