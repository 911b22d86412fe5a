"""What to say to a person about a value that a model refused."""

from __future__ import annotations

from typing import Any

from pydantic_core import ErrorDetails

from tenants.text import Text, _

__all__ = ["message_for"]

_TEXTS: dict[str, Text] = {
    "missing": _("Please fill this in."),
    "string_too_short": _("Please use at least {min_length} characters."),
    "string_too_long": _("Please use at most {max_length} characters."),
    "string_pattern_mismatch": _("This is not in the expected form."),
    "greater_than": _("Must be more than {gt}."),
    "greater_than_equal": _("At least {ge}."),
    "less_than": _("Must be less than {lt}."),
    "less_than_equal": _("At most {le}."),
    "multiple_of": _("Must be a multiple of {multiple_of}."),
    "decimal_parsing": _("Please enter a number."),
    "decimal_type": _("Please enter a number."),
    "decimal_max_places": _("At most {decimal_places} decimals."),
    "decimal_max_digits": _("That is too long a number."),
    "finite_number": _("Please enter a number."),
    "float_parsing": _("Please enter a number."),
    "int_parsing": _("Please enter a whole number."),
    "int_from_float": _("Please enter a whole number."),
    "bool_parsing": _("Please choose."),
    "literal_error": _("Please choose one of the options."),
    "enum": _("Please choose one of the options."),
    "date_from_datetime_parsing": _("Please enter a date."),
    "datetime_from_date_parsing": _("Please enter a date and time."),
    "time_parsing": _("Please enter a time."),
    "uuid_parsing": _("This is not a valid reference."),
    "too_short": _("Please choose at least {min_length}."),
    "too_long": _("Please choose at most {max_length}."),
}


def message_for(problem: ErrorDetails) -> str:
    """One sentence for a person; a model's own ``ValueError`` is passed on as it is."""
    context: dict[str, Any] = problem.get("ctx") or {}
    if problem["type"] == "value_error":
        text = str(context.get("error", problem["msg"])).removeprefix("Value error, ")
        return text[:1].upper() + text[1:]
    template = _TEXTS.get(problem["type"])
    if template is None:
        return str(problem["msg"])
    try:
        return template.format(**context)
    except (KeyError, IndexError):
        return str(problem["msg"])
