"""The plugin as the platform sees it: who we are, and the strategy that we bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.sdk import Manifest, hookimpl
from dca_bot.strategy import DollarCostAveraging
from plugins.bot_trading.sdk import Strategy

__all__ = ["DcaBot"]


class DcaBot:
    """Brings one strategy to Bot Trading."""

    @hookimpl
    def manifest(self) -> Manifest:
        """Who we are."""
        return Manifest(
            key="dca_bot",
            title="Dollar-Cost Averaging",
            summary="A strategy for bots that buys for the same amount again and again.",
            version="1.0.0",
            support="https://example.com/dca-bot",
            requires=("bot_trading",),
        )

    @hookimpl
    def strategies(self) -> Sequence[Strategy[Any, Any]]:
        """The hook of Bot Trading's own."""
        return [DollarCostAveraging()]
