"""Checks of what people type, in one place."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from tenants.services.errors import InvalidError

_EMAIL = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z][A-Z0-9]{2,9}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")

MIN_PASSWORD, MAX_PASSWORD = 10, 1024
"""Characters. The upper bound keeps hashing's cost bounded."""


def email(value: str) -> str:
    """An e-mail address in lower case; :raises InvalidError: where it cannot be one."""
    found = value.strip().lower()
    if len(found) > 254 or not _EMAIL.fullmatch(found):
        raise InvalidError("email", "Enter an e-mail address such as name@example.com.")
    return found


def host(value: str) -> str:
    """A host name in lower case without port; :raises InvalidError: where it cannot be one."""
    found = value.strip().lower().rstrip(".")
    if not _HOST.fullmatch(found):
        raise InvalidError("host", "Enter a host name such as trade.example.com, without https:// and port.")
    return found


def name(value: str, field: str = "name", longest: int = 120) -> str:
    """A name of one line; :raises InvalidError: where it is empty or too long."""
    found = " ".join(value.split())
    if not found or len(found) > longest or not found.isprintable():
        raise InvalidError(field, f"Enter a name of 1 to {longest} characters.")
    return found


def key(value: str) -> str:
    """A tenant's short name; :raises InvalidError: where it cannot be one."""
    if not _KEY.fullmatch(value):
        raise InvalidError("key", "Use lower-case letters, digits and hyphens, starting with a letter, at most 40.")
    return value


def password(value: str) -> str:
    """A new password; :raises InvalidError: where it is too short or too long."""
    if not MIN_PASSWORD <= len(value) <= MAX_PASSWORD:
        raise InvalidError("password", f"Use a password of {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    return value


def time_zone(value: str) -> str:
    """An IANA time zone; :raises InvalidError: where there is none of that name."""
    if value not in available_timezones():
        raise InvalidError("time_zone", "Choose a time zone such as Europe/Berlin or UTC.")
    return value


def currency(value: str) -> str:
    """A currency's code in upper case; :raises InvalidError: where it cannot be one."""
    found = value.strip().upper()
    if not _CURRENCY.fullmatch(found):
        raise InvalidError("currency", "Enter a currency's code such as USD, EUR or USDT.")
    return found


def language(value: str) -> str:
    """A language tag such as ``en`` or ``pt-BR``; :raises InvalidError: where it cannot be one."""
    if not _LANGUAGE.fullmatch(value):
        raise InvalidError("language", "Choose a language such as en, de or pt-BR.")
    return value
