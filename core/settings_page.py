"""The documentation page of the settings, made from the settings themselves."""

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from core.settings import PREFIX, Settings

INTRODUCTION = f"""\
# Settings

<!-- Made by `tradeyard settings --markdown`; change core/settings.py instead. -->

Each setting is an environment variable, or the same line in a file `.env` of the folder the product is started in (the
environment wins). An empty value means the default. A wrong value, or a name below `{PREFIX}` that does not exist,
stops the start: the message names the variable and what to do. `tradeyard settings` prints the values in force.

| variable | default | meaning |
|---|---|---|
"""


def settings_page() -> str:
    """Markdown with one row for each setting, in the order of `core/settings.py`."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description}{_bounds(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return INTRODUCTION + "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, Path):
        value = f"./{value}"
    return f"`{value}`"


def _bounds(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return " One of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation)) + "."
    low, low_of = next(((v, s) for m in field.metadata for v, s in _of(m, ("ge", "gt"))), (None, ""))
    high = next((v for m in field.metadata for v, _ in _of(m, ("le", "lt"))), None)
    if low is None or high is None:
        return ""
    return f" {'Above ' if low_of == 'gt' else ''}{low} to {high}."


def _of(metadata: object, names: tuple[str, ...]) -> list[tuple[object, str]]:
    return [(getattr(metadata, name), name) for name in names if getattr(metadata, name, None) is not None]
