"""A strategy run over recorded quotes, by the same code that runs live."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from pydantic import BaseModel

from plugins.bot_trading.strategies.guards import answer
from plugins.bot_trading.strategies.protocol import Figures, Intent, LogEntry, Quote, Setup, Step, Strategy

__all__ = ["Run", "run"]

S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")


@dataclass(slots=True)
class Run(Generic[T]):
    """What a run came to.

    :ivar events: each crossing: the quote, the orders and the state after it.
    """

    state: T
    figures: Figures
    events: list[tuple[Quote, tuple[Intent, ...], T]] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)


def run(
    strategy: Strategy[S, T],
    setup: Setup[S],
    quotes: Iterable[Quote],
    *,
    look: Callable[[Quote, T], None] | None = None,
    took: Callable[[Quote, Step[T]], None] | None = None,
) -> Run[T]:
    """Launch at the first quote and go on to the last; a quote that crosses no trigger costs four comparisons.

    :param look: called after each quote with the state, for curves.
    :param took: called with each crossing and its step instead of keeping them in the result, for runs of any length.
    """

    def keep(quote: Quote, step: Step[T]) -> None:
        result.events.append((quote, step.intents, step.state))
        result.log.extend(step.log)

    told = took or keep
    iterator = iter(quotes)
    quote = next(iterator)
    state = strategy.start(setup, quote).state
    result = Run(state, strategy.figures(setup, state, quote))
    step = answer(strategy, setup, state, quote)
    result.state = step.state
    told(quote, step)
    triggers = strategy.triggers(setup, result.state)
    if look is not None:
        look(quote, result.state)
    before = quote
    for quote in iterator:
        if triggers.crossed(quote):
            seen = replace(quote, before=(before.bid, before.ask))
            step = answer(strategy, setup, result.state, seen)
            result.state = step.state
            told(quote, step)
            triggers = strategy.triggers(setup, result.state)
        if look is not None:
            look(quote, result.state)
        before = quote
    result.figures = strategy.figures(setup, result.state, quote)
    return result
