"""What a customer chooses for a Spot Grid."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["MAX_CELLS", "MIN_CELLS", "SpotGridSettings"]

MIN_CELLS = 2
MAX_CELLS = 500


class SpotGridSettings(BaseModel):
    """Parameters of a Spot Grid. Prices and the investment are in the symbol's quote currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lower: Decimal = Field(
        json_schema_extra={"section": "Grid"},
        gt=0,
        title="Lower price",
        description="The lowest level: the last buy of the grid.",
    )
    upper: Decimal = Field(
        json_schema_extra={"section": "Grid"},
        gt=0,
        title="Upper price",
        description="The highest level: the last sell of the grid.",
    )
    cells: int = Field(
        json_schema_extra={"section": "Grid"},
        default=10,
        ge=MIN_CELLS,
        le=MAX_CELLS,
        title="Number of cells",
        description="How many steps lie between the lower and the upper price. More cells trade oftener and earn less each.",
    )
    spacing: Literal["arithmetic", "geometric"] = Field(
        json_schema_extra={"section": "Grid"},
        default="arithmetic",
        title="Spacing",
        description="Arithmetic: the same price difference for each cell. Geometric: the same percentage.",
    )
    investment: Decimal = Field(
        json_schema_extra={"section": "Grid"},
        gt=0,
        title="Investment",
        description="What the bot may use. It is reserved on the account while the bot lives.",
    )
    trigger_price: Decimal | None = Field(
        json_schema_extra={"section": "Start and end"},
        default=None,
        gt=0,
        title="Trigger price",
        description="The bot waits until the ask reaches this price. Empty: at once.",
    )
    take_profit_price: Decimal | None = Field(
        json_schema_extra={"section": "Start and end"},
        default=None,
        gt=0,
        title="Take-profit price",
        description="The bot ends when the bid reaches this price.",
    )
    stop_loss_price: Decimal | None = Field(
        json_schema_extra={"section": "Start and end"},
        default=None,
        gt=0,
        title="Stop-loss price",
        description="The bot ends when the bid falls to this price.",
    )
    on_stop: Literal["close", "keep"] = Field(
        default="close",
        title="Action on stop",
        description="What happens to the holdings when the take-profit or stop-loss price ends the bot.",
        json_schema_extra={
            "section": "Start and end",
            "labels": {"close": "Close all positions", "keep": "Keep positions open"},
        },
    )
    trailing_up: bool = Field(
        json_schema_extra={"section": "Following the price"},
        default=False,
        title="Trailing up",
        description="Above the top the grid follows the price upwards, cell by cell.",
    )
    trailing_down: bool = Field(
        json_schema_extra={"section": "Following the price"},
        default=False,
        title="Trailing down",
        description="Below the bottom the grid follows the price downwards, cell by cell.",
    )
    compounding: bool = Field(
        json_schema_extra={"section": "Following the price"},
        default=False,
        title="Compounding",
        description="Realised profit enlarges the orders that follow.",
    )
