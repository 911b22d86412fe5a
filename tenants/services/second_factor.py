"""The second factor: time-based one-time codes (RFC 6238, six digits, 30 seconds)."""

from __future__ import annotations

from datetime import UTC, datetime

import pyotp
from sqlalchemy import update

from tenants.db import TenantSession
from tenants.models import Customer, Staff, Tenant
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError, NotAllowedError

_STEP_S = 30
_SLACK_STEPS = 1


def begin_enrolment(session: TenantSession, person: Staff | Customer, issuer: str) -> tuple[str, str]:
    """A new secret that waits for its first code. Returns the secret and its ``otpauth://`` address for a QR code.

    :raises NotAllowedError: where a confirmed second factor is in force: remove that first.
    """
    if person.totp_confirmed_at is not None:
        raise NotAllowedError("A second factor is set up already: remove it first.")
    secret = pyotp.random_base32()
    person.totp_secret, person.totp_last_step = secret, None
    session.flush()
    return secret, pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=issuer)


def confirm_enrolment(session: TenantSession, person: Staff | Customer, code: str, actor: Actor) -> None:
    """Put the waiting secret in force by its first code. :raises InvalidError: for a wrong code."""
    if not take_code(session, person, code):
        raise InvalidError(
            "code", "That code is not right: check that the device's clock is, and enter the current one."
        )
    person.totp_confirmed_at = datetime.now(UTC)
    session.flush()
    _audit(session, person, "second_factor_on", actor)


def remove(session: TenantSession, person: Staff | Customer, actor: Actor) -> None:
    """Take the second factor away, by its owner or by staff who may.

    :raises NotAllowedError: where a staff member takes away their own, while the tenant requires one.
    """
    if isinstance(person, Staff) and actor.id == person.id and required(session, person):
        raise NotAllowedError("Staff need a second factor here.")
    if person.totp_secret is not None:
        person.totp_secret = person.totp_confirmed_at = person.totp_last_step = None
        session.flush()
        _audit(session, person, "second_factor_off", actor)


def required(session: TenantSession, person: Staff | Customer) -> bool:
    """Whether the tenant asks this person for a second factor."""
    return isinstance(person, Staff) and session.get_one(Tenant, session.tenant_id).staff_second_factor


def take_code(session: TenantSession, person: Staff | Customer, code: str, *, at: datetime | None = None) -> bool:
    """Whether a code is right now (one step of slack each side). A right one is used up, also for a request at the same time."""
    digits = "".join(code.split())
    if person.totp_secret is None or len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return False
    now = at or datetime.now(UTC)
    current = int(now.timestamp()) // _STEP_S
    totp = pyotp.TOTP(person.totp_secret)
    for step in range(current - _SLACK_STEPS, current + _SLACK_STEPS + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), digits):
            return _use_up(session, person, step)
    return False


def _use_up(session: TenantSession, person: Staff | Customer, step: int) -> bool:
    model = type(person)
    taken = session.scalar(
        update(model)
        .where(model.id == person.id, (model.totp_last_step.is_(None)) | (model.totp_last_step < step))
        .values(totp_last_step=step)
        .returning(model.id)
    )
    return taken is not None


def _audit(session: TenantSession, person: Staff | Customer, verb: str, actor: Actor) -> None:
    kind = "staff" if isinstance(person, Staff) else "customer"
    audit.record(session, actor, f"{kind}.{verb}", kind, person.id, after={"email": person.email})
