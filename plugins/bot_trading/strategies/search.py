"""Limits of a form's fields, found by asking the preview: where does it begin to refuse?

A strategy names, for each field, the refusals that a smaller value leads to and those that a larger one leads to. Between
them lies what is accepted; the ends are found by halving.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from plugins.bot_trading.strategies.numbers import exact
from plugins.bot_trading.strategies.protocol import Preview
from plugins.bot_trading.strategies.words import Limit

__all__ = ["Searched", "largest", "limits_by_preview", "smallest"]


@dataclass(frozen=True, slots=True)
class Searched:
    """Where a field is looked for: from ``low`` to ``high`` in steps.

    :ivar below: codes of refusals that a larger value overcomes.
    :ivar above: codes of refusals that a smaller value overcomes.
    :ivar own: of those ``below``, only refusals that name the field count: others share their code.
    """

    low: Decimal
    high: Decimal
    step: Decimal = Decimal(1)
    below: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()
    own: bool = False


@exact
def largest(accepts: Callable[[Decimal], bool], low: Decimal, high: Decimal, step: Decimal) -> Decimal | None:
    """The largest value on the steps from ``low`` to ``high`` that is accepted, where all smaller ones are; none where ``low`` is not."""
    if not accepts(low):
        return None
    good, bad = 0, int((high - low) / step) + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if accepts(low + middle * step):
            good = middle
        else:
            bad = middle
    return low + good * step


@exact
def smallest(accepts: Callable[[Decimal], bool], low: Decimal, high: Decimal, step: Decimal) -> Decimal | None:
    """The smallest value on the steps from ``low`` to ``high`` that is accepted, where all larger ones are; none where none is."""
    bad, good = -1, int((high - low) / step)
    if not accepts(low + good * step):
        return None
    while good - bad > 1:
        middle = (good + bad) // 2
        if accepts(low + middle * step):
            good = middle
        else:
            bad = middle
    return low + good * step


def limits_by_preview(
    preview: Callable[[Mapping[str, Any]], Preview | None],
    values: Mapping[str, Any],
    fields: Mapping[str, Searched],
) -> dict[str, Limit]:
    """The limits of ``fields``, each with the others as they are in ``values``.

    :param preview: the preview of settings by field; none where they are no settings at all.
    """
    found = {}
    for name, asked in fields.items():

        def free_of(codes: Collection[str], own: bool, name: str = name) -> Callable[[Decimal], bool]:
            def accepts(value: Decimal) -> bool:
                shown = preview({**values, name: value})
                return shown is not None and not any(
                    refusal.code in codes and (not own or refusal.field == name) for refusal in shown.refusals
                )

            return accepts

        low, high, step = asked.low, asked.high, asked.step
        least = smallest(free_of(asked.below, asked.own), low, high, step) if asked.below else None
        most = (
            largest(free_of(asked.above, False), low if least is None else least, high, step) if asked.above else None
        )
        # An end of the range looked through is no limit of its own.
        limit = Limit(None if least == low else least, None if most is not None and most + step > high else most)
        if limit != Limit():
            found[name] = limit
    return found
