"""A symbol's conditions as a form: the model of the services, with trading hours as one line for each weekday."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.offering.values import SymbolValues, Week
from core.trading.rules.hours import minute_of_day
from core.web.admin.settings.parts import trimmed
from core.web.forms import Form, form_for
from tenants.text import _

__all__ = ["SymbolForm", "symbol_form"]

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SESSION = re.compile(r"\s*(\d{1,2}:\d{2})\s*[-–—]\s*(\d{1,2}:\d{2})\s*")
_DAY: dict[str, Any] = {"placeholder": "08:00–17:00"}


class WeekForm(BaseModel):
    """Sessions by weekday in UTC, several with commas between them; an empty day is closed."""

    model_config = ConfigDict(extra="forbid")

    always: Annotated[
        bool,
        Field(
            title=_("Round the clock"),
            description=_("Off: only in the sessions below, in UTC. A day without any is closed."),
        ),
    ] = True
    mon: Annotated[str, Field(title=_("Monday"), max_length=100, json_schema_extra=_DAY)] = ""
    tue: Annotated[str, Field(title=_("Tuesday"), max_length=100, json_schema_extra=_DAY)] = ""
    wed: Annotated[str, Field(title=_("Wednesday"), max_length=100, json_schema_extra=_DAY)] = ""
    thu: Annotated[str, Field(title=_("Thursday"), max_length=100, json_schema_extra=_DAY)] = ""
    fri: Annotated[str, Field(title=_("Friday"), max_length=100, json_schema_extra=_DAY)] = ""
    sat: Annotated[str, Field(title=_("Saturday"), max_length=100, json_schema_extra=_DAY)] = ""
    sun: Annotated[str, Field(title=_("Sunday"), max_length=100, json_schema_extra=_DAY)] = ""

    @field_validator(*DAYS)
    @classmethod
    def _sessions(cls, value: str) -> str:
        _read(value)
        return value

    @model_validator(mode="after")
    def _some(self) -> WeekForm:
        if not self.always and not self.hours():
            raise ValueError(_("Name at least one session, or trade round the clock."))
        return self

    def hours(self) -> Week:
        """As it is stored; empty: round the clock."""
        if self.always:
            return {}
        found = {day: _read(getattr(self, day)) for day in DAYS}
        return {day: sessions for day, sessions in found.items() if sessions}


class SymbolForm(SymbolValues):
    """A symbol's conditions with its week."""

    week: Annotated[WeekForm, Field(title=_("Trading hours"))] = WeekForm()

    @model_validator(mode="after")
    def _take(self) -> SymbolForm:
        self.hours = self.week.hours()
        return self

    def values(self) -> SymbolValues:
        """As the services take it."""
        return SymbolValues.model_validate(self.model_dump(exclude={"week"}))


def symbol_form(values: SymbolValues | None = None, sent: Form | None = None) -> Form:
    """The form of a symbol's conditions, or one that was sent, without the field that the week stands for."""
    form = sent
    if form is None and values is not None:
        given: dict[str, Any] = trimmed(values.model_dump())
        form = form_for(SymbolForm, {**given, "week": _week(values.hours)})
    assert form is not None  # noqa: S101 - one of the two is given
    return form.only(*(item.name for item in form.fields if item.name != "hours"))


def _week(hours: Mapping[str, Any]) -> dict[str, Any]:
    days = {day: ", ".join(f"{start}–{end}" for start, end in hours.get(day, ())) for day in DAYS}
    return {"always": not hours, **days}


def _read(value: str) -> list[list[str]]:
    """``08:00–12:00, 13:00–17:00`` as pairs. :raises ValueError: for anything else."""
    found = []
    for part in (part for part in value.split(",") if part.strip()):
        match = _SESSION.fullmatch(part)
        if match is None:
            raise ValueError(_("Sessions look like 08:00–12:00, 13:00–17:00."))
        try:
            minute_of_day(match[1]), minute_of_day(match[2])
        except ValueError:
            raise ValueError(_("A day has the times 00:00 to 24:00.")) from None
        found.append([match[1], match[2]])
    return found
