"""What people choose from in forms: languages, time zones, countries, each by its name in the reader's language."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale

from tenants.text import languages

__all__ = ["countries", "language_choices", "time_zones"]

_PLACES = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@lru_cache(maxsize=1)
def time_zones() -> tuple[tuple[str, str], ...]:
    """UTC, and every zone that is named by a place."""
    named = sorted(zone for zone in available_timezones() if zone.startswith(_PLACES))
    return (("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in named))


@lru_cache(maxsize=64)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """ISO 3166 codes and names, by name in a language (BCP 47)."""
    names = Locale.parse(language, sep="-").territories
    found = [(code, str(name)) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return tuple(
        sorted(((c, n) for c, n in found if c not in {"ZZ", "EU", "EZ", "UN", "XA", "XB", "QO"}), key=lambda i: i[1])
    )


def language_choices() -> list[tuple[str, str]]:
    """The languages that pages can be read in, each by its own name."""
    return list(languages().items())
