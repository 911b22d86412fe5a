"""What a customer chooses for a Reverse Martingale."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from plugins.bot_trading.strategies.cycles import settings as shared
from plugins.bot_trading.strategies.protocol import Side

__all__ = ["MAX_LEVELS", "ReverseMartingaleSettings"]

MAX_LEVELS = 10


class ReverseMartingaleSettings(BaseModel):
    """Parameters of a Reverse Martingale. Limits are in the symbol's quote currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variant: Literal["anti", "alternate"] = Field(
        default="anti",
        title="Variant",
        description="Anti: the size grows after a win and begins anew after a loss; one position at a time. Alternate: the size"
        " grows and the direction turns after a loss, positions stay open; needs a hedging account.",
        json_schema_extra={
            "section": "Reverse Martingale",
            "labels": {"anti": "Anti (grow after a win)", "alternate": "Alternate (turn after a loss)"},
        },
    )
    direction: Side = shared.direction("Reverse Martingale")
    initial_lot: Decimal = Field(
        default=Decimal("0.01"),
        gt=0,
        title="Initial lot",
        description="Size of the first level.",
        json_schema_extra={"section": "Reverse Martingale"},
    )
    take_profit_pips: Decimal = Field(
        default=Decimal(50),
        gt=0,
        title="Take-profit in pips",
        description="From the entry of the last level opened.",
        json_schema_extra={"section": "Reverse Martingale"},
    )
    stop_loss_pips: Decimal = Field(
        default=Decimal(20),
        gt=0,
        title="Stop-loss in pips",
        description="From the entry of the last level opened.",
        json_schema_extra={"section": "Reverse Martingale"},
    )
    levels: int = Field(
        default=5,
        ge=1,
        le=MAX_LEVELS,
        title="Levels",
        description="Anti: wins after which a streak ends. Alternate: how often the bot opens a level in one cycle, at most.",
        json_schema_extra={"section": "Reverse Martingale"},
    )
    multiplier: Decimal = Field(
        default=Decimal(2),
        ge=1,
        le=10,
        title="Multiplier",
        description="Each level is so many times as large as the one before it.",
        json_schema_extra={"section": "Reverse Martingale"},
    )
    repeat: shared.Repeat = shared.repeat()
    cycles: int = shared.cycle_count()
    cooldown_s: int = shared.cooldown()
    max_cycles_per_hour: int | None = shared.cycles_an_hour()
    daily_loss_limit: Decimal | None = shared.daily_loss()
    max_spread_pips: Decimal | None = shared.max_spread("the stop-loss")
