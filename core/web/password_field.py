"""The field in which somebody chooses a password; the same on every surface."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tenants.services.validation import MIN_PASSWORD
from tenants.text import _

__all__ = ["PasswordToBe"]

PasswordToBe = Annotated[
    str,
    Field(
        title=_("New password"),
        description=_("At least {least} characters; a few words are easiest to remember.", least=MIN_PASSWORD),
        min_length=MIN_PASSWORD,
        max_length=200,
        json_schema_extra={"widget": "password", "autocomplete": "new-password"},
    ),
]
"""A password as people choose one."""
