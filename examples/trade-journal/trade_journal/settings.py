"""What a brokerage sets about the journal: the platform makes the form, checks it and stores it for each tenant."""

from __future__ import annotations

from pydantic import BaseModel, Field


class JournalSettings(BaseModel):
    """Each setting has a default, or a tenant could not use the module before setting it."""

    longest_note: int = Field(
        500, title="Longest note", description="A customer's note may be so long.", ge=50, le=5000,
        json_schema_extra={"unit": "characters"},
    )  # fmt: skip
    keep_days: int = Field(
        365, title="Keep notes for", description="Older notes are deleted once a day.", ge=1, le=3650,
        json_schema_extra={"unit": "days"},
    )  # fmt: skip
