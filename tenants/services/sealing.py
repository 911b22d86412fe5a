"""Secrets at rest: sealed under a key that is not in the database, each to the place it belongs to.

AES-256-GCM (NIST SP 800-38D) with a random nonce. What is sealed for one person cannot be opened as another's.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text

from tenants.db import SystemSession, TenantSession

SEALER: Final = "tenants.sealer"
"""Under this name a session's ``info`` has the :class:`Sealer` of the installation."""
_MARK: Final = "sealed:1:"
_NONCE: Final = 12


class SealError(ValueError):
    """What was kept cannot be opened: the installation's secret is another one, or the row was tampered with."""


class Sealer:
    """Seals and opens texts, and makes digests that nobody can try out without the key.

    :param key: 64 hex digits (256 bits).
    """

    def __init__(self, key: str) -> None:
        raw = bytes.fromhex(key)
        if len(raw) != 32:
            raise ValueError("a sealer's key is 64 hex digits")
        self._cipher = AESGCM(hashlib.sha256(b"seal" + raw).digest())
        self._digest_key = hashlib.sha256(b"digest" + raw).digest()

    def seal(self, secret: str, about: str) -> str:
        """The secret as it may be kept. ``about`` says what it belongs to; it opens for that alone."""
        nonce = os.urandom(_NONCE)
        return _MARK + urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), about.encode())).decode()

    def open(self, kept: str, about: str) -> str:
        """What was sealed. :raises SealError: where it is not ours, or belongs to something else."""
        if not is_sealed(kept):
            raise SealError("this was never sealed")
        try:
            raw = urlsafe_b64decode(kept.removeprefix(_MARK))
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], about.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError("a sealed secret cannot be opened: was the installation's secret changed?") from error

    def digest(self, secret: str, about: str) -> bytes:
        """HMAC-SHA-256 of a short secret: found again by equality, and not guessed from the database alone."""
        return hmac.new(self._digest_key, f"{about}\0{secret}".encode(), hashlib.sha256).digest()


def is_sealed(kept: str) -> bool:
    """Whether a kept text is sealed."""
    return kept.startswith(_MARK)


def sealer_of(session: TenantSession | SystemSession) -> Sealer:
    """The installation's sealer. :raises LookupError: where the session was opened without one."""
    found = session.info.get(SEALER)
    if not isinstance(found, Sealer):
        raise LookupError("this database was opened without a sealer: build it by the platform")
    return found


def seal_second_factors(session: SystemSession) -> int:
    """Seal the second factors' secrets that an earlier version kept as they were; how many there were."""
    sealer, count = sealer_of(session), 0
    for table in ("staff", "customers"):
        rows = session.execute(
            text(
                f"select tenant_id, id, totp_secret from tenants.{table}"  # noqa: S608 - one of two names above
                " where totp_secret is not null and totp_secret not like 'sealed:%' for update"
            )
        ).all()
        for row in rows:
            session.execute(
                text(f"update tenants.{table} set totp_secret = :sealed where tenant_id = :tenant and id = :id"),  # noqa: S608 - the same
                {"sealed": sealer.seal(row.totp_secret, about_factor(row.id)), "tenant": row.tenant_id, "id": row.id},
            )
        count += len(rows)
    return count


def about_factor(person_id: object) -> str:
    """What a second factor's secret is sealed to."""
    return f"second factor of {person_id}"
