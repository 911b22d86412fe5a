"""Forms made from pydantic models: one definition gives the fields, their help, limits, parsing and messages.

A field may say more about itself in ``json_schema_extra``: ``unit`` (shown behind the input), ``widget`` (``textarea``,
``password``, ``email``, ``color``, ``radio``, ``hidden``), ``section`` (heading above it), ``placeholder``, ``autocomplete``,
``labels`` (texts for choices) and ``step``.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.web.form_messages import message_for
from tenants.text import _

__all__ = ["Field", "Form", "Parsed", "form_for", "parse_form"]

_NUMBER = re.compile(r"(-?\d*\.?\d+)?\Z")
M = TypeVar("M", bound=BaseModel)
Data = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Field:
    """One input. ``value`` is text as typed, a bool for a switch, or a tuple of texts for several choices."""

    name: str
    label: str
    kind: str
    value: Any = ""
    help: str = ""
    error: str = ""
    required: bool = False
    min: str = ""
    max: str = ""
    step: str = ""
    max_length: int | None = None
    unit: str = ""
    placeholder: str = ""
    autocomplete: str = ""
    section: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    read_only: bool = False

    @property
    def input_type(self) -> str:
        """The ``type`` of the input. What was typed where a number belongs is shown again as text, or it would be lost."""
        if self.kind in ("decimal", "integer"):
            return "number" if _NUMBER.match(str(self.value)) else "text"
        known = {"datetime": "datetime-local", "password": "password", "email": "email", "color": "color"}
        return self.kind if self.kind in ("date", "time", "search") else known.get(self.kind, "text")

    @property
    def id(self) -> str:
        """The input's id; its help and error are ``<id>-help`` and ``<id>-error``."""
        return "f-" + self.name.replace(".", "-")


@dataclass(frozen=True)
class Form:
    """Fields in order, and what is wrong with the whole."""

    fields: tuple[Field, ...]
    error: str = ""

    def __getitem__(self, name: str) -> Field:
        return next(item for item in self.fields if item.name == name)

    @property
    def failed(self) -> bool:
        """Whether anything has to be mended before it can be saved."""
        return bool(self.error) or any(item.error for item in self.fields)

    def only(self, *names: str) -> Form:
        """The same form with these fields alone, in this order."""
        return replace(self, fields=tuple(self[name] for name in names))

    def locked(self, names: Sequence[str]) -> Form:
        """The same form with these fields to be read only."""
        return replace(self, fields=tuple(replace(f, read_only=f.read_only or f.name in names) for f in self.fields))

    def with_errors(self, errors: Mapping[str, str], error: str = "") -> Form:
        """The same form with messages beside fields (by name) and above all of them."""
        return Form(tuple(replace(f, error=errors.get(f.name, f.error)) for f in self.fields), error or self.error)


@dataclass(frozen=True)
class Parsed(Generic[M]):
    """What came of a submitted form: ``value`` when all is well, else the ``form`` to show again."""

    form: Form
    value: M | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


def form_for(
    model: type[BaseModel],
    values: BaseModel | Mapping[str, Any] | None = None,
    *,
    bounds: Mapping[str, tuple[Decimal | int | None, Decimal | int | None]] | None = None,
    choices: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    read_only: Sequence[str] = (),
) -> Form:
    """The form of ``model``, filled with ``values`` or the defaults.

    ``bounds`` narrows a number's limits (a tenant's own), ``choices`` offers values the model cannot know.
    """
    given = values.model_dump() if isinstance(values, BaseModel) else dict(values or {})
    fields = list(_fields(model, given, prefix="", section=""))
    for index, item in enumerate(fields):
        low, high = (bounds or {}).get(item.name, (None, None))
        extra: dict[str, Any] = {}
        if low is not None:
            extra["min"] = format(low, "f") if isinstance(low, Decimal) else str(low)
        if high is not None:
            extra["max"] = format(high, "f") if isinstance(high, Decimal) else str(high)
        if choices and item.name in choices:
            kind = item.kind if item.kind in {"checks", "radio"} else "select"
            kind = "checks" if item.kind == "tokens" else kind
            value = tuple(item.value.split(", ")) if item.kind == "tokens" and item.value else item.value
            extra |= {"kind": kind, "choices": tuple(choices[item.name]), "value": value}
        if item.name in read_only:
            extra["read_only"] = True
        fields[index] = replace(item, **extra) if extra else item
    return Form(tuple(fields))


def parse_form(
    model: type[M],
    data: Data,
    *,
    bounds: Mapping[str, tuple[Decimal | int | None, Decimal | int | None]] | None = None,
    choices: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    keep: Mapping[str, Any] | None = None,
) -> Parsed[M]:
    """Read a submitted form into ``model``. Fields that the form did not show are taken from ``keep``."""
    raw = dict(keep or {}) | _collect(model, data, prefix="")
    shown = form_for(model, _shown(model, data, prefix=""), bounds=bounds, choices=choices)
    errors: dict[str, str] = {}
    whole = ""
    value: M | None = None
    try:
        value = model.model_validate(raw)
    except ValidationError as failed:
        names = {item.name for item in shown.fields}
        for problem in failed.errors(include_url=False):
            path = ".".join(str(part) for part in problem["loc"] if not isinstance(part, int))
            name = next(
                (n for n in (path, path.rpartition(".")[0], str((problem["loc"] or ("",))[0])) if n in names), ""
            )
            if name:
                errors.setdefault(name, message_for(problem))
            else:
                whole = message_for(problem)
    errors |= {k: v for k, v in _outside(shown, raw, bounds or {}).items() if k not in errors}
    if errors or whole:
        return Parsed(shown.with_errors(errors, whole or _("Some fields need another look.")), None, raw)
    return Parsed(shown, value, raw)


def _outside(form: Form, raw: Mapping[str, Any], bounds: Mapping[str, tuple[Any, Any]]) -> dict[str, str]:
    problems = {}
    for name, (low, high) in bounds.items():
        try:
            value = Decimal(str(raw.get(name)))
        except ArithmeticError:
            continue
        if low is not None and value < low:
            problems[name] = _("At least {limit}.", limit=low)
        elif high is not None and value > high:
            problems[name] = _("At most {limit}.", limit=high)
    return {name: text for name, text in problems.items() if any(f.name == name for f in form.fields)}


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    """The type without ``Annotated`` and ``None``, and whether it may be empty."""
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            kinds = [a for a in get_args(annotation) if a is not type(None)]
            optional = optional or len(kinds) < len(get_args(annotation))
            annotation = kinds[0]
        else:
            return annotation, optional


def _choices(kind: Any, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if get_origin(kind) is Literal:
        members = [str(value) for value in get_args(kind)]
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        members = [str(member.value) for member in kind]
    else:
        return ()
    return tuple((value, labels.get(value, _human(value))) for value in members)


def _human(name: str) -> str:
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


_SIMPLE: tuple[tuple[type, str], ...] = (
    (bool, "switch"),
    (int, "integer"),
    (Decimal, "decimal"),
    (float, "decimal"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
    (dt.time, "time"),
    (SecretStr, "password"),
)


def _kind(annotation: Any, extra: Mapping[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    labels: Mapping[str, str] = extra.get("labels", {})
    origin = get_origin(annotation)
    if origin in (list, set, tuple, frozenset):
        inner = _unwrap((get_args(annotation) or (str,))[0])[0]
        members = _choices(inner, labels)
        return ("checks", members) if members else ("tokens", ())
    if origin is dict or annotation is dict:
        return "pairs", ()
    members = _choices(annotation, labels)
    if members:
        return ("radio" if extra.get("widget") == "radio" else "select"), members
    for kind, name in _SIMPLE:
        if isinstance(annotation, type) and issubclass(annotation, kind):
            return name, ()
    return str(extra.get("widget", "text")), ()


def _limits(info: FieldInfo, kind: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in info.metadata:
        for attribute, target in (("ge", "min"), ("gt", "min"), ("le", "max"), ("lt", "max"), ("multiple_of", "step")):
            limit = getattr(item, attribute, None)
            if limit is not None and kind in {"integer", "decimal"}:
                found[target] = format(limit, "f") if isinstance(limit, Decimal) else str(limit)
        if getattr(item, "max_length", None) and kind not in {"checks", "tokens", "pairs"}:
            found["max_length"] = item.max_length
        places = getattr(item, "decimal_places", None)
        if places is not None and kind == "decimal":
            found.setdefault("step", format(Decimal(1).scaleb(-places), "f"))
    if kind == "decimal":
        found.setdefault("step", "any")
    if "step" in extra:
        found["step"] = str(extra["step"])
    return found


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def _fields(model: type[BaseModel], given: Mapping[str, Any], prefix: str, section: str) -> Sequence[Field]:
    made: list[Field] = []
    for name, info in model.model_fields.items():
        extra = _extra(info)
        annotation, optional = _unwrap(info.annotation)
        value = given.get(name, PydanticUndefined)
        if value is PydanticUndefined:
            value = info.get_default(call_default_factory=True) if not info.is_required() else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            inner = value.model_dump() if isinstance(value, BaseModel) else dict(value or {})
            made += _fields(annotation, inner, f"{prefix}{name}.", info.title or _human(name))
            continue
        kind, choices = _kind(annotation, extra)
        if kind == "select" and optional:
            choices = (("", str(extra.get("placeholder", _("None")))), *choices)
        made.append(
            Field(
                name=prefix + name,
                label=info.title or _human(name),
                kind=kind,
                value=_as_text(value, kind),
                help=info.description or "",
                required=info.is_required() and kind not in {"switch", "checks"},
                unit=str(extra.get("unit", "")),
                placeholder=str(extra.get("placeholder", "")) if kind != "select" else "",
                autocomplete=str(extra.get("autocomplete", "")),
                section=str(extra.get("section", section)),
                choices=choices,
                **_limits(info, kind, extra),
            )
        )
    return made


def _as_text(value: Any, kind: str) -> Any:
    if kind == "switch":
        return bool(value) and value != "false"
    if kind == "checks":
        return tuple(str(getattr(item, "value", item)) for item in value or ())
    if value is None or kind == "password":
        return ""
    if kind == "tokens" and not isinstance(value, str):
        return ", ".join(str(getattr(item, "value", item)) for item in value)
    if kind == "pairs" and isinstance(value, Mapping):
        return "\n".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, Decimal):
        return format(value.normalize() if value == value.to_integral_value() and value else value, "f")
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M")
    return str(getattr(value, "value", value))


def _collect(model: type[BaseModel], data: Data, prefix: str) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        annotation, optional = _unwrap(info.annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            raw[name] = _collect(annotation, data, f"{prefix}{name}.")
            continue
        kind = _kind(annotation, _extra(info))[0]
        sent = [text for text in data.get(prefix + name, ()) if isinstance(text, str)]
        text = sent[-1].strip() if sent else ""
        if kind == "switch":
            raw[name] = text not in {"", "off", "false", "0"}
        elif kind == "checks":
            raw[name] = [item for item in sent if item]
        elif kind == "tokens":
            raw[name] = [item.strip() for chunk in sent for item in chunk.replace("\n", ",").split(",") if item.strip()]
        elif kind == "pairs":
            pairs = (line.partition("=") for line in text.splitlines() if line.strip())
            raw[name] = {key.strip(): value.strip() for key, _sign, value in pairs}
        elif text:
            raw[name] = sent[-1] if kind == "password" else text.replace("\u2212", "-") if kind == "decimal" else text
        elif prefix + name in data and optional:
            raw[name] = None
        elif prefix + name in data and annotation is str and not info.is_required():
            raw[name] = ""
    return raw


def _shown(model: type[BaseModel], data: Data, prefix: str) -> dict[str, Any]:
    """What was typed, to be shown again as it was, right or wrong."""
    shown: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        annotation = _unwrap(info.annotation)[0]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            shown[name] = _shown(annotation, data, f"{prefix}{name}.")
            continue
        kind = _kind(annotation, _extra(info))[0]
        sent = data.get(prefix + name, ())
        shown[name] = list(sent) if kind == "checks" else (sent[-1] if sent else "" if kind != "switch" else False)
    return shown
