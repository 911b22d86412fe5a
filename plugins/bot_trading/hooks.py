"""The hook of bot trading's own, which other plugins implement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.sdk import hookspec
from plugins.bot_trading.strategies.protocol import Strategy

__all__ = ["StrategySpec"]


class StrategySpec:
    """Strategies of other plugins."""

    @hookspec
    def strategies(self) -> Sequence[Strategy[Any, Any]]:  # type: ignore[empty-body]  # a specification has no body
        """Strategies that customers may be allowed to run; each with a key of its own."""
