"""What to say to a person about a value that a model refused."""

from __future__ import annotations

from typing import Any

from pydantic_core import ErrorDetails

__all__ = ["message_for"]

_TEXTS: dict[str, str] = {
    "missing": "Please fill this in.",
    "string_too_short": "Please use at least {min_length} characters.",
    "string_too_long": "Please use at most {max_length} characters.",
    "string_pattern_mismatch": "This is not in the expected form.",
    "greater_than": "Must be more than {gt}.",
    "greater_than_equal": "At least {ge}.",
    "less_than": "Must be less than {lt}.",
    "less_than_equal": "At most {le}.",
    "multiple_of": "Must be a multiple of {multiple_of}.",
    "decimal_parsing": "Please enter a number.",
    "decimal_type": "Please enter a number.",
    "decimal_max_places": "At most {decimal_places} decimals.",
    "decimal_max_digits": "That is too long a number.",
    "finite_number": "Please enter a number.",
    "float_parsing": "Please enter a number.",
    "int_parsing": "Please enter a whole number.",
    "int_from_float": "Please enter a whole number.",
    "bool_parsing": "Please choose.",
    "literal_error": "Please choose one of the options.",
    "enum": "Please choose one of the options.",
    "date_from_datetime_parsing": "Please enter a date.",
    "datetime_from_date_parsing": "Please enter a date and time.",
    "time_parsing": "Please enter a time.",
    "uuid_parsing": "This is not a valid reference.",
    "too_short": "Please choose at least {min_length}.",
    "too_long": "Please choose at most {max_length}.",
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
