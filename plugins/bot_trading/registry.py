"""The strategies there are: our own and those of other plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from plugins.bot_trading.strategies.martingale.strategy import Martingale
from plugins.bot_trading.strategies.protocol import Strategy
from plugins.bot_trading.strategies.reverse_martingale.strategy import ReverseMartingale
from plugins.bot_trading.strategies.spot_grid.strategy import SpotGrid
from plugins.bot_trading.strategies.words import Words

__all__ = ["Strategies", "own_strategies"]


class Strategies(Mapping[str, Strategy[BaseModel, Any]]):
    """Strategies by key; filled once, when all plugins are loaded."""

    def __init__(self, strategies: Iterable[Strategy[Any, Any]]) -> None:
        self._known: dict[str, Strategy[Any, Any]] = {}
        for strategy in strategies:
            self.add(strategy)

    def add(self, strategy: Strategy[Any, Any]) -> None:
        """Raises ``ValueError`` when the key is taken, ``TypeError`` for what is no strategy."""
        if strategy.key in self._known:
            raise ValueError(f"there are two strategies with the key {strategy.key!r}")
        if not isinstance(getattr(strategy, "words", None), Words):
            raise TypeError(f"the strategy {strategy.key!r} has no words: derive it from Strategy")
        self._known[strategy.key] = strategy

    def __getitem__(self, key: str) -> Strategy[BaseModel, Any]:
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def own_strategies() -> Strategies:
    """The strategies of this module."""
    return Strategies([SpotGrid(), Martingale(), ReverseMartingale()])
