"""The second factor: time-based one-time codes (RFC 6238, six digits, 30 seconds), and codes for who lost the device.

The secret is sealed (:mod:`tenants.services.sealing`); of a recovery code only a keyed digest is kept.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final

import pyotp
from sqlalchemy import ColumnElement, delete, func, insert, select, update

from tenants.db import TenantSession, new_id
from tenants.models import Customer, RecoveryCode, Staff, Tenant
from tenants.services import audit, groups
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError, NotAllowedError
from tenants.services.sealing import about_factor, sealer_of
from tenants.text import _

_STEP_S = 30
_SLACK_STEPS = 1
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is taken for something else: i, l, o, 0, 1."""
_CODE_LENGTH: Final = 10


def begin_enrolment(session: TenantSession, person: Staff | Customer, issuer: str) -> tuple[str, str]:
    """A new secret that waits for its first code. Returns the secret and its ``otpauth://`` address for a QR code.

    :raises NotAllowedError: where a confirmed second factor is in force: remove that first.
    """
    if person.totp_confirmed_at is not None:
        raise NotAllowedError(_("A second factor is set up already: remove it first."))
    secret = pyotp.random_base32()
    person.totp_secret, person.totp_last_step = sealer_of(session).seal(secret, about_factor(person.id)), None
    session.flush()
    return secret, _address(person, secret, issuer)


def waiting_enrolment(session: TenantSession, person: Staff | Customer, issuer: str) -> tuple[str, str]:
    """The secret that waits for its first code, a new one where none does; so that a second look shows the same code."""
    if person.totp_secret is None or person.totp_confirmed_at is not None:
        return begin_enrolment(session, person, issuer)
    secret = _secret(session, person)
    return secret, _address(person, secret, issuer)


def confirm_enrolment(session: TenantSession, person: Staff | Customer, code: str, actor: Actor) -> list[str]:
    """Put the waiting secret in force by its first code. Returns the recovery codes, which are shown this once.

    :raises InvalidError: for a wrong code.
    """
    if not take_code(session, person, code):
        raise InvalidError(
            "code", _("That code is not right: check that the device's clock is, and enter the current one.")
        )
    return put_in_force(session, person, actor)


def put_in_force(session: TenantSession, person: Staff | Customer, actor: Actor) -> list[str]:
    """The waiting secret has been proven: ask for it from now on. Returns the recovery codes."""
    person.totp_confirmed_at = datetime.now(UTC)
    session.flush()
    _audit(session, person, "second_factor_on", actor)
    return _new_codes(session, person)


def remove(session: TenantSession, person: Staff | Customer, actor: Actor) -> None:
    """Take the second factor away, by its owner or by staff who may.

    :raises NotAllowedError: where a staff member takes away their own, while the tenant requires one, or where
        somebody who is not an owner takes away an owner's.
    """
    if isinstance(person, Staff) and actor.id == person.id and required(session, person):
        raise NotAllowedError(_("Staff need a second factor here."))
    if isinstance(person, Staff) and actor.id != person.id and groups.is_owner(session, person.id):
        groups.guard_owners(session, actor)
    if person.totp_secret is not None:
        was_on = person.totp_confirmed_at is not None
        person.totp_secret = person.totp_confirmed_at = person.totp_last_step = None
        session.execute(delete(RecoveryCode).where(_of(person)))
        session.flush()
        if was_on:
            _audit(session, person, "second_factor_off", actor)


def renew_recovery_codes(session: TenantSession, person: Staff | Customer, actor: Actor) -> list[str]:
    """New recovery codes; the former ones stop working. :raises NotAllowedError: without a second factor."""
    if person.totp_confirmed_at is None:
        raise NotAllowedError(_("There is no second factor: set one up first."))
    _audit(session, person, "recovery_codes", actor)
    return _new_codes(session, person)


def recovery_codes_left(session: TenantSession, person: Staff | Customer) -> int:
    """How many recovery codes still work."""
    query = select(func.count()).select_from(RecoveryCode).where(_of(person), RecoveryCode.used_at.is_(None))
    return session.scalar(query) or 0


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
    totp = pyotp.TOTP(_secret(session, person))
    for step in range(current - _SLACK_STEPS, current + _SLACK_STEPS + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), digits):
            return _use_up(session, person, step)
    return False


def take_recovery_code(session: TenantSession, person: Staff | Customer, code: str) -> bool:
    """Whether a recovery code is one of the person's that was not used; it is used up. Hyphens and case do not matter."""
    plain = "".join(code.split()).replace("-", "").lower()
    if person.totp_confirmed_at is None or len(plain) != _CODE_LENGTH:
        return False
    taken = session.scalar(
        update(RecoveryCode)
        .where(_of(person), RecoveryCode.code_hash == _digest(session, person, plain), RecoveryCode.used_at.is_(None))
        .values(used_at=datetime.now(UTC))
        .returning(RecoveryCode.id)
    )
    return taken is not None


def _new_codes(session: TenantSession, person: Staff | Customer) -> list[str]:
    codes = ["".join(secrets.choice(_ALPHABET) for _at in range(_CODE_LENGTH)) for _nth in range(RECOVERY_CODES)]
    session.execute(delete(RecoveryCode).where(_of(person)))
    owner = {"staff_id": person.id} if isinstance(person, Staff) else {"customer_id": person.id}
    rows = [{"id": new_id(), "code_hash": _digest(session, person, code), **owner} for code in codes]
    session.execute(insert(RecoveryCode), rows)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(session: TenantSession, person: Staff | Customer, plain: str) -> bytes:
    return sealer_of(session).digest(plain, f"recovery code of {person.id}")


def _secret(session: TenantSession, person: Staff | Customer) -> str:
    return sealer_of(session).open(person.totp_secret or "", about_factor(person.id))


def _address(person: Staff | Customer, secret: str, issuer: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=issuer)


def _of(person: Staff | Customer) -> ColumnElement[bool]:
    return (RecoveryCode.staff_id if isinstance(person, Staff) else RecoveryCode.customer_id) == person.id


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
