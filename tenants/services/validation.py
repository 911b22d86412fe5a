"""Checks of what people type, in one place."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from tenants.services.errors import InvalidError
from tenants.text import _

_EMAIL = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z][A-Z0-9]{2,9}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,28}[0-9]")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")

MIN_PASSWORD, MAX_PASSWORD = 10, 1024
"""Characters. The upper bound keeps hashing's cost bounded."""


def email(value: str) -> str:
    """An e-mail address in lower case; :raises InvalidError: where it cannot be one."""
    found = value.strip().lower()
    if len(found) > 254 or not _EMAIL.fullmatch(found):
        raise InvalidError("email", _("Enter an e-mail address such as name@example.com."))
    return found


def host(value: str) -> str:
    """A host name in lower case without port; :raises InvalidError: where it cannot be one."""
    found = value.strip().lower().rstrip(".")
    if not _HOST.fullmatch(found):
        raise InvalidError("host", _("Enter a host name such as trade.example.com, without https:// and port."))
    return found


def name(value: str, field: str = "name", longest: int = 120) -> str:
    """A name of one line; :raises InvalidError: where it is empty or too long."""
    found = " ".join(value.split())
    if not found or len(found) > longest or not found.isprintable():
        raise InvalidError(field, _("Enter a name of 1 to {longest} characters.", longest=longest))
    return found


def key(value: str) -> str:
    """A tenant's short name; :raises InvalidError: where it cannot be one."""
    if not _KEY.fullmatch(value):
        raise InvalidError("key", _("Use lower-case letters, digits and hyphens, starting with a letter, at most 40."))
    return value


def password(value: str) -> str:
    """A new password; :raises InvalidError: where it is too short or too long."""
    if not MIN_PASSWORD <= len(value) <= MAX_PASSWORD:
        raise InvalidError(
            "password", _("Use a password of {least} to {most} characters.", least=MIN_PASSWORD, most=MAX_PASSWORD)
        )
    return value


def time_zone(value: str) -> str:
    """An IANA time zone; :raises InvalidError: where there is none of that name."""
    if value not in available_timezones():
        raise InvalidError("time_zone", _("Choose a time zone such as Europe/Berlin or UTC."))
    return value


def currency(value: str) -> str:
    """A currency's code in upper case; :raises InvalidError: where it cannot be one."""
    found = value.strip().upper()
    if not _CURRENCY.fullmatch(found):
        raise InvalidError("currency", _("Enter a currency's code such as USD, EUR or USDT."))
    return found


def language(value: str) -> str:
    """A language tag such as ``en`` or ``pt-BR``; :raises InvalidError: where it cannot be one."""
    if not _LANGUAGE.fullmatch(value):
        raise InvalidError("language", _("Choose a language such as en, de or pt-BR."))
    return value


def phone(value: str) -> str:
    """A telephone number as people write it, or an empty text; :raises InvalidError: where it cannot be one."""
    found = " ".join(value.split())
    if found and not _PHONE.fullmatch(found):
        raise InvalidError("phone", _("Enter a telephone number such as +49 30 1234567."))
    return found


def country(value: str) -> str:
    """A country's two letters (ISO 3166), or an empty text; :raises InvalidError: where it cannot be one."""
    found = value.strip().upper()
    if found and not _COUNTRY.fullmatch(found):
        raise InvalidError("country", _("Choose a country."))
    return found
