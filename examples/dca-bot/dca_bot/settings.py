"""What a customer chooses: a pydantic model, which becomes the form, the API's schema and the reference."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from core.sdk.text import _

__all__ = ["DcaSettings"]


class DcaSettings(BaseModel):
    """Parameters of dollar-cost averaging. Amounts and prices are in the symbol's quote currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Decimal = Field(
        default=Decimal(100),
        gt=0,
        title=_("Amount"),
        description=_("What each purchase may cost, commission included."),
        json_schema_extra={"section": _("Plan"), "bounded": "capital"},
    )
    purchases: int = Field(
        default=10,
        ge=1,
        le=1000,
        title=_("Number of purchases"),
        description=_("How often the bot buys. All of it is reserved at the launch."),
        json_schema_extra={"section": _("Plan"), "bounded": "levels"},
    )
    every_minutes: int = Field(
        default=1440,
        ge=1,
        le=525_600,
        title=_("Minutes between purchases"),
        description=_("By the time of the prices: 1,440 is a day."),
        json_schema_extra={"section": _("Plan")},
    )
    take_profit_percent: Decimal | None = Field(
        default=None,
        gt=0,
        lt=1000,
        title=_("Take-profit in percent"),
        description=_("On the average cost: there everything is sold, and the bot ends. Empty: it only buys."),
        json_schema_extra={"section": _("Guards"), "unit": "%"},
    )
    highest_price: Decimal | None = Field(
        default=None,
        gt=0,
        title=_("Highest price"),
        description=_("A purchase that is due above it waits until the price has come down. Empty: any price."),
        json_schema_extra={"section": _("Guards")},
    )
