"""What a customer chooses for a Martingale."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from plugins.bot_trading.strategies.cycles import settings as shared
from plugins.bot_trading.strategies.protocol import Side

__all__ = ["MAX_LEVELS", "MAX_SAFETY_ORDERS", "MartingaleSettings"]

MAX_LEVELS = 10
MAX_SAFETY_ORDERS = 50


class MartingaleSettings(BaseModel):
    """Parameters of a Martingale. Each profile reads its own; amounts and limits are in the symbol's quote currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: Literal["ladder", "safety_orders"] = Field(
        default="ladder",
        title="Profile",
        description="Ladder: levels of growing lots at fixed distances in pips. Safety orders: growing amounts of money at"
        " growing distances in percent, with one target on the average cost.",
        json_schema_extra={"section": "Martingale", "labels": {"ladder": "Ladder", "safety_orders": "Safety orders"}},
    )
    direction: Side = shared.direction("Martingale")
    initial_lot: Decimal = Field(
        default=Decimal("0.01"),
        gt=0,
        title="Initial lot",
        description="Size of the first level.",
        json_schema_extra={"section": "Ladder"},
    )
    take_profit_pips: Decimal = Field(
        default=Decimal(50),
        gt=0,
        title="Take-profit in pips",
        description="From the entry of the last level opened. Reached: everything is closed, the cycle is won.",
        json_schema_extra={"section": "Ladder"},
    )
    stop_loss_pips: Decimal = Field(
        default=Decimal(20),
        gt=0,
        title="Stop-loss in pips",
        description="From the entry of the last level opened. Reached below the last level: the next one opens, and all stay."
        " Reached on the last: everything is closed, the cycle is lost.",
        json_schema_extra={"section": "Ladder"},
    )
    levels: int = Field(
        default=5,
        ge=1,
        le=MAX_LEVELS,
        title="Levels",
        description="How often the bot opens a level in one cycle, at most.",
        json_schema_extra={"section": "Ladder"},
    )
    multiplier: Decimal = Field(
        default=Decimal(2),
        ge=1,
        le=10,
        title="Multiplier",
        description="Each level is so many times as large as the one before it.",
        json_schema_extra={"section": "Ladder"},
    )
    first_order: Decimal = Field(
        default=Decimal(100),
        gt=0,
        title="First order",
        description="Money of the order that begins a cycle.",
        json_schema_extra={"section": "Safety orders"},
    )
    safety_order: Decimal = Field(
        default=Decimal(100),
        gt=0,
        title="Safety order",
        description="Money of the first safety order, as it is; those that follow grow by the size multiplier.",
        json_schema_extra={"section": "Safety orders"},
    )
    safety_orders: int = Field(
        default=4,
        ge=1,
        le=MAX_SAFETY_ORDERS,
        title="Number of safety orders",
        description="How many rest beyond the first order.",
        json_schema_extra={"section": "Safety orders"},
    )
    step_percent: Decimal = Field(
        default=Decimal(1),
        gt=0,
        lt=100,
        title="Step in percent",
        description="Distance of the first safety order from the first price.",
        json_schema_extra={"section": "Safety orders"},
    )
    step_multiplier: Decimal = Field(
        default=Decimal(2),
        ge=1,
        le=10,
        title="Step multiplier",
        description="Each step is so many times as long as the one before it; steps add up.",
        json_schema_extra={"section": "Safety orders"},
    )
    size_multiplier: Decimal = Field(
        default=Decimal(2),
        ge=1,
        le=10,
        title="Size multiplier",
        description="Each safety order is so many times as large as the one before it.",
        json_schema_extra={"section": "Safety orders"},
    )
    take_profit_percent: Decimal = Field(
        default=Decimal(1),
        gt=0,
        lt=100,
        title="Take-profit in percent",
        description="On the average cost of what is held, commission included.",
        json_schema_extra={"section": "Safety orders"},
    )
    stop_loss_percent: Decimal | None = Field(
        default=None,
        gt=0,
        lt=100,
        title="Stop-loss in percent",
        description="From the first price; it must lie beyond the last safety order. Empty: none, which only buying allows.",
        json_schema_extra={"section": "Safety orders"},
    )
    repeat: shared.Repeat = shared.repeat()
    cycles: int = shared.cycle_count()
    cooldown_s: int = shared.cooldown()
    max_cycles_per_hour: int | None = shared.cycles_an_hour()
    daily_loss_limit: Decimal | None = shared.daily_loss()
    max_spread_pips: Decimal | None = shared.max_spread("the stop-loss, or of the first step")
