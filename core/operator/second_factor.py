"""An operator's second factor: time-based one-time codes (RFC 6238, six digits, 30 seconds), as staff have them.

Who loses the device is let in again by a command on the platform's own machine (``tradeyard operator forget-second-factor``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pyotp
from sqlalchemy import update

from core.operator import log
from core.operator.models import Operator
from tenants.db import SystemSession
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError, NotAllowedError
from tenants.services.sealing import about_factor, sealer_of
from tenants.text import _

ISSUER: Final = "Tradeyard operator"
_STEP_S: Final = 30


def waiting_enrolment(session: SystemSession, operator: Operator) -> tuple[str, str]:
    """The secret that waits for its first code, a new one where none does, and its ``otpauth://`` address.

    :raises NotAllowedError: where a second factor is in force: remove that first.
    """
    if operator.totp_confirmed_at is not None:
        raise NotAllowedError(_("A second factor is set up already: remove it first."))
    sealer, about = sealer_of(session), about_factor(operator.id)
    if operator.totp_secret is None:
        operator.totp_secret = sealer.seal(pyotp.random_base32(), about)
        operator.totp_last_step = None
        session.flush()
    secret = sealer.open(operator.totp_secret, about)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=operator.email, issuer_name=ISSUER)


def confirm(session: SystemSession, operator: Operator, code: str, actor: Actor) -> None:
    """Put the waiting secret in force by its first code. :raises InvalidError: for a wrong code."""
    if operator.totp_confirmed_at is not None or not take_code(session, operator, code):
        raise InvalidError(
            "code", _("That code is not right: check that the device's clock is, and enter the current one.")
        )
    operator.totp_confirmed_at = datetime.now(UTC)
    session.flush()
    log.record(session, actor, "operator.second_factor_on", subject=operator.email)


def remove(session: SystemSession, operator: Operator, actor: Actor) -> None:
    """Take the second factor away."""
    if operator.totp_secret is not None:
        operator.totp_secret = operator.totp_confirmed_at = operator.totp_last_step = None
        session.flush()
        log.record(session, actor, "operator.second_factor_off", subject=operator.email)


def take_code(session: SystemSession, operator: Operator, code: str) -> bool:
    """Whether a code is right now (one step of slack each side). A right one is used up, also for a request at the same time."""
    digits = "".join(code.split())
    if operator.totp_secret is None or len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return False
    totp = pyotp.TOTP(sealer_of(session).open(operator.totp_secret, about_factor(operator.id)))
    now = int(datetime.now(UTC).timestamp()) // _STEP_S
    step = next(
        (at for at in (now - 1, now, now + 1) if pyotp.utils.strings_equal(totp.generate_otp(at), digits)), None
    )
    if step is None:
        return False
    taken = session.scalar(
        update(Operator)
        .where(Operator.id == operator.id, (Operator.totp_last_step.is_(None)) | (Operator.totp_last_step < step))
        .values(totp_last_step=step)
        .returning(Operator.id)
    )
    return taken is not None
