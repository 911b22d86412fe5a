"""What a customer chooses for a Spot Grid."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.sdk.text import _

__all__ = ["MAX_CELLS", "MIN_CELLS", "SpotGridSettings"]

MIN_CELLS = 2
MAX_CELLS = 500


class SpotGridSettings(BaseModel):
    """Parameters of a Spot Grid. Prices and the investment are in the symbol's quote currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lower: Decimal = Field(
        json_schema_extra={"section": _("Grid")},
        gt=0,
        title=_("Lower price"),
        description=_("The lowest level: the last buy of the grid."),
    )
    upper: Decimal = Field(
        json_schema_extra={"section": _("Grid")},
        gt=0,
        title=_("Upper price"),
        description=_("The highest level: the last sell of the grid."),
    )
    cells: int = Field(
        json_schema_extra={"bounded": "levels", "section": _("Grid")},
        default=10,
        ge=MIN_CELLS,
        le=MAX_CELLS,
        title=_("Number of cells"),
        description=_(
            "How many steps lie between the lower and the upper price. More cells trade oftener and earn less each."
        ),
    )
    spacing: Literal["arithmetic", "geometric"] = Field(
        json_schema_extra={
            "section": _("Grid"),
            "labels": {"arithmetic": _("Arithmetic"), "geometric": _("Geometric")},
        },
        default="arithmetic",
        title=_("Spacing"),
        description=_("Arithmetic: the same price difference for each cell. Geometric: the same percentage."),
    )
    investment: Decimal = Field(
        json_schema_extra={"bounded": "capital", "section": _("Grid")},
        gt=0,
        title=_("Investment"),
        description=_("What the bot may use. It is reserved on the account while the bot lives."),
    )
    trigger_price: Decimal | None = Field(
        json_schema_extra={"section": _("Start and end")},
        default=None,
        gt=0,
        title=_("Trigger price"),
        description=_("The bot waits until the ask reaches this price. Empty: at once."),
    )
    take_profit_price: Decimal | None = Field(
        json_schema_extra={"section": _("Start and end")},
        default=None,
        gt=0,
        title=_("Take-profit price"),
        description=_("The bot ends when the bid reaches this price."),
    )
    stop_loss_price: Decimal | None = Field(
        json_schema_extra={"bounded": "stop", "section": _("Start and end")},
        default=None,
        gt=0,
        title=_("Stop-loss price"),
        description=_("The bot ends when the bid falls to this price."),
    )
    on_stop: Literal["close", "keep"] = Field(
        default="close",
        title=_("Action on stop"),
        description=_("What happens to the holdings when the take-profit or stop-loss price ends the bot."),
        json_schema_extra={
            "section": _("Start and end"),
            "labels": {"close": _("Close all positions"), "keep": _("Keep positions open")},
        },
    )
    trailing_up: bool = Field(
        json_schema_extra={"section": _("Following the price")},
        default=False,
        title=_("Trailing up"),
        description=_("Above the top the grid follows the price upwards, cell by cell."),
    )
    trailing_down: bool = Field(
        json_schema_extra={"section": _("Following the price")},
        default=False,
        title=_("Trailing down"),
        description=_("Below the bottom the grid follows the price downwards, cell by cell."),
    )
    compounding: bool = Field(
        json_schema_extra={"section": _("Following the price")},
        default=False,
        title=_("Compounding"),
        description=_("Realised profit enlarges the orders that follow."),
    )
