"""Settings that all strategies of cycles have: when a cycle begins, and what keeps it from beginning."""

from decimal import Decimal
from typing import Any, Literal, Protocol

from pydantic import Field

from plugins.bot_trading.strategies.protocol import Side

__all__ = [
    "CycleSettings",
    "Repeat",
    "cooldown",
    "cycle_count",
    "cycles_an_hour",
    "daily_loss",
    "direction",
    "max_spread",
    "repeat",
]

Repeat = Literal["once", "count", "repeat"]


class CycleSettings(Protocol):
    """What the engine of cycles reads from a strategy's settings."""

    @property
    def direction(self) -> Side:
        """Of the first level."""

    @property
    def repeat(self) -> Repeat:
        """How many cycles are run."""

    @property
    def cycles(self) -> int:
        """How many, for ``count``."""

    @property
    def cooldown_s(self) -> int:
        """Seconds of the feed's time after a final stop."""

    @property
    def max_cycles_per_hour(self) -> int | None:
        """Cycles begun in any hour of the feed's time, at most."""

    @property
    def daily_loss_limit(self) -> Decimal | None:
        """Realised loss of a UTC day from which no cycle begins on that day, in the quote currency."""

    @property
    def max_spread_pips(self) -> Decimal | None:
        """Widest spread at which something is opened; none: 30 % of the distance to the next level."""


def direction(section: str) -> Any:
    """The field of the first level's side."""
    return Field(
        default="buy",
        title="Direction",
        description="Buy: earns when the price rises. Sell: earns when it falls; the account must allow selling short.",
        json_schema_extra={"section": section, "labels": {"buy": "Buy", "sell": "Sell"}},
    )


def repeat() -> Any:
    """The field of the number of cycles, in words."""
    return Field(
        default="repeat",
        title="Cycles",
        description="One cycle, so many as you say below, or one after the other until you stop the bot.",
        json_schema_extra={
            "section": "Cycles",
            "labels": {"once": "Once", "count": "A number of times", "repeat": "Repeat"},
        },
    )


def cycle_count() -> Any:
    """The field of the number of cycles."""
    return Field(
        default=10,
        ge=1,
        le=10_000,
        title="Number of cycles",
        description="After so many cycles the bot ends. Counts only where a number of times is chosen.",
        json_schema_extra={"section": "Cycles"},
    )


def cooldown() -> Any:
    """The field of the cooldown."""
    return Field(
        default=60,
        ge=0,
        le=86_400,
        title="Cooldown in seconds",
        description="So long after a final stop no cycle begins, by the time of the prices.",
        json_schema_extra={"section": "Guards"},
    )


def cycles_an_hour() -> Any:
    """The field of the most cycles an hour."""
    return Field(
        default=None,
        ge=1,
        le=3600,
        title="Most cycles an hour",
        description="No more cycles than this begin within an hour. Empty: no limit.",
        json_schema_extra={"section": "Guards"},
    )


def daily_loss() -> Any:
    """The field of the daily loss limit."""
    return Field(
        default=None,
        gt=0,
        title="Daily loss limit",
        description="Once the cycles of a day (UTC) have lost so much, the next one begins on the next day. Empty: no limit.",
        json_schema_extra={"section": "Guards"},
    )


def max_spread(of: str) -> Any:
    """The field of the spread guard; ``of``: what 30 % are taken of."""
    return Field(
        default=None,
        gt=0,
        title="Maximum spread in pips",
        description=f"Nothing is opened while the spread is wider; closing goes on. Empty: 30 % of {of}.",
        json_schema_extra={"section": "Guards"},
    )
