"""What a customer chooses for a Martingale."""

from decimal import Decimal
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles import settings as shared
from plugins.bot_trading.strategies.protocol import Side

__all__ = ["MAX_SAFETY_ORDERS", "MartingaleSettings"]

MAX_SAFETY_ORDERS = 50
_LADDER: Final[dict[str, JsonValue]] = {"section": _("Ladder"), "when": {"profile": "ladder"}}
_SAFETY: Final[dict[str, JsonValue]] = {"section": _("Safety orders"), "when": {"profile": "safety_orders"}}


class MartingaleSettings(BaseModel):
    """Parameters of a Martingale. Each profile reads its own; amounts and limits are in the symbol's quote currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: Literal["ladder", "safety_orders"] = Field(
        default="ladder",
        title=_("Profile"),
        description=_(
            "Ladder: levels of growing lots at fixed distances in pips. Safety orders: growing amounts of money at"
            " growing distances in percent, with one target on the average cost."
        ),
        json_schema_extra={
            "section": _("Martingale"),
            "labels": {"ladder": _("Ladder"), "safety_orders": _("Safety orders")},
        },
    )
    direction: Side = shared.direction(_("Martingale"))
    initial_lot: Decimal = shared.initial_lot(_LADDER)
    take_profit_pips: Decimal = shared.take_profit_pips(
        _LADDER, _("From the entry of the last level opened. Reached: everything is closed, the cycle is won.")
    )
    stop_loss_pips: Decimal = shared.stop_loss_pips(
        _LADDER,
        _(
            "From the entry of the last level opened. Reached below the last level: the next one opens, and all stay."
            " Reached on the last: everything is closed, the cycle is lost."
        ),
    )
    levels: int = shared.levels(_LADDER, _("How often the bot opens a level in one cycle, at most."))
    multiplier: Decimal = shared.multiplier(_LADDER)
    first_order: Decimal = Field(
        default=Decimal(100),
        gt=0,
        title=_("First order"),
        description=_("Money of the order that begins a cycle."),
        json_schema_extra={**_SAFETY, "bounded": "capital"},
    )
    safety_order: Decimal = Field(
        default=Decimal(100),
        gt=0,
        title=_("Safety order"),
        description=_("Money of the first safety order, as it is; those that follow grow by the size multiplier."),
        json_schema_extra=_SAFETY,
    )
    safety_orders: int = Field(
        default=4,
        ge=1,
        le=MAX_SAFETY_ORDERS,
        title=_("Number of safety orders"),
        description=_("How many rest beyond the first order."),
        json_schema_extra={**_SAFETY, "bounded": "levels"},
    )
    step_percent: Decimal = Field(
        default=Decimal(1),
        gt=0,
        lt=100,
        title=_("Step in percent"),
        description=_("Distance of the first safety order from the first price."),
        json_schema_extra={**_SAFETY, "unit": "%"},
    )
    step_multiplier: Decimal = Field(
        default=Decimal(2),
        ge=1,
        le=10,
        title=_("Step multiplier"),
        description=_("Each step is so many times as long as the one before it; steps add up."),
        json_schema_extra=_SAFETY,
    )
    size_multiplier: Decimal = Field(
        default=Decimal(2),
        ge=1,
        le=10,
        title=_("Size multiplier"),
        description=_("Each safety order is so many times as large as the one before it."),
        json_schema_extra={**_SAFETY, "bounded": "multiplier"},
    )
    take_profit_percent: Decimal = Field(
        default=Decimal(1),
        gt=0,
        lt=100,
        title=_("Take-profit in percent"),
        description=_("On the average cost of what is held, commission included."),
        json_schema_extra={**_SAFETY, "unit": "%"},
    )
    stop_loss_percent: Decimal | None = Field(
        default=None,
        gt=0,
        lt=100,
        title=_("Stop-loss in percent"),
        description=_(
            "From the first price; it must lie beyond the last safety order. Empty: none, which only buying allows."
        ),
        json_schema_extra={**_SAFETY, "bounded": "stop", "unit": "%"},
    )
    repeat: shared.Repeat = shared.repeat()
    cycles: int = shared.cycle_count()
    cooldown_s: int = shared.cooldown()
    max_cycles_per_hour: int | None = shared.cycles_an_hour()
    daily_loss_limit: Decimal | None = shared.daily_loss()
    max_spread_pips: Decimal | None = shared.max_spread(
        _(
            "Nothing is opened while the spread is wider; closing goes on. Empty: 30 % of the stop-loss, or of the first step."
        )
    )
