"""Settings that all strategies of cycles have: when a cycle begins, and what keeps it from beginning."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol

from pydantic import Field

from core.sdk.text import _
from plugins.bot_trading.strategies.protocol import Side

__all__ = [
    "MAX_LEVELS",
    "CycleSettings",
    "Repeat",
    "cooldown",
    "cycle_count",
    "cycles_an_hour",
    "daily_loss",
    "direction",
    "initial_lot",
    "levels",
    "max_spread",
    "multiplier",
    "repeat",
    "stop_loss_pips",
    "take_profit_pips",
]

MAX_LEVELS = 10
"""Levels of a ladder or a streak, at most."""

Repeat = Literal["once", "count", "repeat"]
Place = Mapping[str, Any]
"""Where a field stands in a form: its ``section``, and ``when`` (field → value) it is shown."""


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
        title=_("Direction"),
        description=_(
            "Buy: earns when the price rises. Sell: earns when it falls; the account must allow selling short."
        ),
        json_schema_extra={"section": section, "labels": {"buy": _("Buy"), "sell": _("Sell")}},
    )


def initial_lot(place: Place) -> Any:
    """The field of the first level's size. ``place``: section of the form, and when the field is shown."""
    return Field(
        default=Decimal("0.01"),
        gt=0,
        title=_("Initial lot"),
        description=_("Size of the first level."),
        json_schema_extra={**place, "unit": _("lots")},
    )


def take_profit_pips(place: Place, description: str) -> Any:
    """The field of the distance at which a level is won."""
    return Field(
        default=Decimal(50),
        gt=0,
        title=_("Take-profit in pips"),
        description=description,
        json_schema_extra={**place, "unit": _("pips")},
    )


def stop_loss_pips(place: Place, description: str) -> Any:
    """The field of the distance at which a level is lost."""
    return Field(
        default=Decimal(20),
        gt=0,
        title=_("Stop-loss in pips"),
        description=description,
        json_schema_extra={**place, "unit": _("pips")},
    )


def levels(place: Place, description: str) -> Any:
    """The field of the number of levels."""
    return Field(
        default=5,
        ge=1,
        le=MAX_LEVELS,
        title=_("Levels"),
        description=description,
        json_schema_extra={**place, "bounded": "levels"},
    )


def multiplier(place: Place) -> Any:
    """The field of the growth from level to level."""
    return Field(
        default=Decimal(2),
        ge=1,
        le=10,
        title=_("Multiplier"),
        description=_("Each level is so many times as large as the one before it."),
        json_schema_extra={**place, "bounded": "multiplier"},
    )


def repeat() -> Any:
    """The field of the number of cycles, in words."""
    return Field(
        default="repeat",
        title=_("Cycles"),
        description=_("One cycle, so many as you say below, or one after the other until you stop the bot."),
        json_schema_extra={
            "section": _("Cycles"),
            "labels": {"once": _("Once"), "count": _("A number of times"), "repeat": _("Repeat")},
        },
    )


def cycle_count() -> Any:
    """The field of the number of cycles."""
    return Field(
        default=10,
        ge=1,
        le=10_000,
        title=_("Number of cycles"),
        description=_("After so many cycles the bot ends."),
        json_schema_extra={"section": _("Cycles"), "when": {"repeat": "count"}},
    )


def cooldown() -> Any:
    """The field of the cooldown."""
    return Field(
        default=60,
        ge=0,
        le=86_400,
        title=_("Cooldown in seconds"),
        description=_("So long after a final stop no cycle begins, by the time of the prices."),
        json_schema_extra={"section": _("Guards"), "unit": _("s")},
    )


def cycles_an_hour() -> Any:
    """The field of the most cycles an hour."""
    return Field(
        default=None,
        ge=1,
        le=3600,
        title=_("Most cycles an hour"),
        description=_("No more cycles than this begin within an hour. Empty: no limit."),
        json_schema_extra={"section": _("Guards")},
    )


def daily_loss() -> Any:
    """The field of the daily loss limit."""
    return Field(
        default=None,
        gt=0,
        title=_("Daily loss limit"),
        description=_(
            "Once the cycles of a day (UTC) have lost so much, the next one begins on the next day. Empty: no limit."
        ),
        json_schema_extra={"section": _("Guards")},
    )


def max_spread(description: str) -> Any:
    """The field of the spread guard; ``description`` says what 30 % are taken of where it is empty."""
    return Field(
        default=None,
        gt=0,
        title=_("Maximum spread in pips"),
        description=description,
        json_schema_extra={"section": _("Guards"), "unit": _("pips")},
    )
