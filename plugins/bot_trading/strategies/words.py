"""What a strategy says about itself to pages: names of its figures, facts of a preview, limits of its fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.sdk.text import _

__all__ = ["Fact", "Limit", "Words", "bounded_by", "is_shown"]

FactKind = Literal["money", "volume", "price", "percent", "number", "text"]


@dataclass(frozen=True, slots=True)
class Words:
    """How a strategy calls its own figures. What a strategy leaves out is named as for any bot.

    :ivar unit: what the label of an order counts: a cell, a level, a purchase.
    :ivar profit: realised by whole cycles; pages never show it without the total beside it.
    :ivar inventory: realised besides.
    :ivar cycles: what is counted as a cycle.
    :ivar wins: whether cycles can be lost, so that the won ones are counted apart.
    :ivar outcome: what the results of a preview's levels are, in one sentence; empty for none.
    :ivar reference: a template with more about the strategy for the page of reference, such as ``my_plugin/reference.html``.
    :ivar log: sentences of the decision log by code, with the entry's facts in braces, for codes that are the strategy's own.
    """

    unit: str = _("Level")
    profit: str = _("Finished cycles")
    profit_help: str = _(
        "What cycles that are over have brought. Look at it together with the total, which counts what is held."
    )
    inventory: str = _("Cycle under way")
    inventory_help: str = _("What the cycle that is not over yet has realised so far.")
    cycles: str = _("Cycles")
    wins: bool = True
    outcome: str = ""
    reference: str = ""
    log: Mapping[str, str] = default(default_factory=dict)

    def facts(self, code: str, facts: Mapping[str, str]) -> dict[str, str]:
        """The facts of a log entry as they are kept: with the sentence, where it is the strategy's own."""
        return {**facts, "text": self.log[code]} if code in self.log else dict(facts)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a launch preview. ``value`` and ``upto`` (of a range) are decimals unless ``kind`` is ``text``.

    Money is in the quote currency, volume in lots. ``loss``: an amount that would be lost, shown as such.
    """

    label: str
    value: Decimal | str
    kind: FactKind = "money"
    upto: Decimal | None = None
    help: str = ""
    loss: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """The least and the largest value of a field that are accepted now, whatever else the form says; none: no limit.

    :ivar why: what the limit follows from, in a few words.
    """

    least: Decimal | None = None
    most: Decimal | None = None
    why: str = ""


def is_shown(field: FieldInfo, values: Mapping[str, Any]) -> bool:
    """Whether a field counts: its ``json_schema_extra`` may say ``"when": {other: value}``."""
    extra = field.json_schema_extra
    when = extra.get("when", {}) if isinstance(extra, dict) else {}
    return not isinstance(when, dict) or all(str(values.get(name)) == value for name, value in when.items())


def bounded_by(model: type[BaseModel], what: str, values: Mapping[str, Any]) -> list[str]:
    """Fields that count and that a brokerage's limit is for: their ``json_schema_extra`` says ``"bounded": what``.

    ``levels`` (cells, levels, purchases), ``multiplier``, ``capital``, ``stop`` (a stop-loss that keeps the worst case small).
    """
    found = []
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("bounded") == what and is_shown(field, values):
            found.append(name)
    return found
