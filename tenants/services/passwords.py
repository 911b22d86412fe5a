"""Passwords: argon2id with bounded memory, and the same work for people who do not exist."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tenants.services.validation import MAX_PASSWORD

# RFC 9106's second recommended option: 64 MiB, three passes. Two at once bound a process to 128 MiB, whatever arrives.
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_AT_ONCE = BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """The argon2id hash in PHC form."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is right. Without a stored hash the same work is done and the answer is no."""
    usable = len(password) <= MAX_PASSWORD
    with _AT_ONCE:
        try:
            right = _HASHER.verify(stored or _nobodys(), password if usable else "")
        except (VerificationError, InvalidHashError):
            return False
    return right and usable and stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other costs than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_hex())
