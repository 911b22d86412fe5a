"""Forms from models, there and back."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, model_validator

from core.web.forms import form_for, parse_form


class Mode(StrEnum):
    ONE = "one"
    TWO = "two"


class Inner(BaseModel):
    depth: Annotated[int, Field(ge=1, le=9)] = 3


class Model(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=10, description="As people read it.")]
    ratio: Annotated[Decimal, Field(gt=0, le=10, decimal_places=2, json_schema_extra={"unit": "×"})] = Decimal("1.0")
    count: Annotated[int, Field(ge=0)] = 0
    mode: Mode = Mode.ONE
    maybe: Literal["a", "b"] | None = None
    on: bool = True
    tags: list[str] = []
    kinds: list[Literal["x", "y"]] = ["x"]
    names: dict[str, str] = {}
    secret: SecretStr = SecretStr("")
    inner: Inner = Inner()

    @model_validator(mode="after")
    def _together(self) -> Model:
        if self.name == "wrong" and self.on:
            raise ValueError("wrong and on do not go together")
        return self


def test_fields_say_what_the_model_says() -> None:
    form = form_for(Model)
    kinds = {field.name: field.kind for field in form.fields}
    assert kinds == {
        "name": "text", "ratio": "decimal", "count": "integer", "mode": "select", "maybe": "select", "on": "switch",
        "tags": "tokens", "kinds": "checks", "names": "pairs", "secret": "password", "inner.depth": "integer",
    }  # fmt: skip
    assert (form["ratio"].min, form["ratio"].max, form["ratio"].step, form["ratio"].unit) == ("0", "10", "0.01", "×")
    assert form["name"].required
    assert form["name"].max_length == 10
    assert form["name"].help == "As people read it."
    assert form["maybe"].choices[0] == ("", "None")
    assert form["inner.depth"].section == "Inner"
    assert form["kinds"].value == ("x",)


def test_what_was_sent_becomes_the_model() -> None:
    sent = {
        "name": ["Grid"], "ratio": ["2.50"], "count": ["7"], "mode": ["two"], "maybe": [""], "on": ["on"],
        "tags": ["a, b\nc"], "kinds": ["x", "y"], "names": ["GOLD = XAUUSD\nSILVER=XAGUSD"], "secret": ["s3"],
        "inner.depth": ["9"],
    }  # fmt: skip
    parsed = parse_form(Model, sent)
    assert parsed.value is not None
    assert not parsed.form.failed
    value = parsed.value
    assert (value.ratio, value.mode, value.maybe, value.tags, value.kinds) == (
        Decimal("2.50"),
        Mode.TWO,
        None,
        ["a", "b", "c"],
        ["x", "y"],
    )
    assert value.names == {"GOLD": "XAUUSD", "SILVER": "XAGUSD"}
    assert value.secret.get_secret_value() == "s3"
    assert value.inner.depth == 9
    again = parse_form(Model, {key: [value] for key, value in _typed(form_for(Model, value)).items()})
    assert again.value is not None


def _typed(form: object) -> dict[str, str]:
    return {f.name: str(f.value) for f in form.fields if f.kind in ("text", "decimal", "integer", "select")}  # type: ignore[attr-defined]


def test_an_unticked_switch_is_off_and_an_empty_secret_stays() -> None:
    parsed = parse_form(Model, {"name": ["Grid"]}, keep={"secret": "kept"})
    assert parsed.value is not None
    assert parsed.value.on is False
    assert parsed.value.secret.get_secret_value() == "kept"


def test_messages_stand_beside_what_is_wrong_and_what_was_typed_is_kept() -> None:
    parsed = parse_form(Model, {"name": ["x"], "ratio": ["a lot"], "count": ["-1"], "inner.depth": ["10"]})
    assert parsed.value is None
    errors = {field.name: field.error for field in parsed.form.fields if field.error}
    assert errors == {
        "name": "Please use at least 2 characters.",
        "ratio": "Please enter a number.",
        "count": "At least 0.",
        "inner.depth": "At most 9.",
    }
    assert parsed.form["ratio"].value == "a lot"
    assert parsed.form["ratio"].input_type == "text"  # a number input would lose it
    assert parsed.form.error


def test_a_rule_over_several_fields_stands_above_the_form() -> None:
    parsed = parse_form(Model, {"name": ["wrong"], "on": ["on"]})
    assert parsed.form.error == "Wrong and on do not go together"


def test_a_tenants_own_bounds_narrow_the_models() -> None:
    bounds = {"ratio": (Decimal("0.5"), Decimal(2))}
    assert form_for(Model, bounds=bounds)["ratio"].max == "2"
    assert parse_form(Model, {"name": ["Grid"], "ratio": ["3"]}, bounds=bounds).form["ratio"].error == "At most 2."
    assert parse_form(Model, {"name": ["Grid"], "ratio": ["2"]}, bounds=bounds).value is not None
