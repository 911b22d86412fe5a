"""What a brokerage sets for bot trading."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, Field

from core.sdk.text import _

__all__ = ["BotTradingSettings"]


class BotTradingSettings(BaseModel):
    """Limits and guards of a tenant's bots. Money limits are in the symbol's quote currency."""

    strategies: list[str] = Field(
        default=["spot_grid", "martingale", "reverse_martingale"],
        title=_("Allowed strategies"),
        description=_(
            "Keys of the strategies that customers may run. Staff can allow or deny a strategy to one customer."
        ),
    )
    bots_per_customer: int = Field(
        default=20,
        ge=1,
        le=1000,
        title=_("Bots for each customer"),
        description=_("Bots that have not ended, at most."),
    )
    capital_per_bot: Decimal | None = Field(
        default=None, gt=0, title=_("Capital for each bot"), description=_("The largest investment. Empty: no limit.")
    )
    max_loss_percent: Decimal | None = Field(
        default=None,
        gt=0,
        le=100,
        title=_("Maximum loss"),
        description=_(
            "Percent of the investment that a bot's worst case may lose; a stop-loss price keeps it small. Empty: no limit."
        ),
    )
    max_levels: int = Field(
        default=200,
        ge=2,
        le=500,
        title=_("Maximum levels"),
        description=_("Cells of a grid or levels of a ladder, at most."),
    )
    max_multiplier: Decimal = Field(
        default=Decimal(3),
        ge=1,
        le=10,
        title=_("Maximum multiplier"),
        description=_("By how much a level may be larger than the one before it, at most."),
    )
    max_spread_percent: Decimal | None = Field(
        default=None,
        gt=0,
        le=100,
        title=_("Spread guard"),
        description=_(
            "No bot begins, and no cycle and no level is opened, while the spread is wider than so many percent of"
            " the price; closing goes on. Customers may be stricter. Counts for bots launched from now on. Empty: no limit."
        ),
    )
    deviation_percent: Decimal | None = Field(
        default=Decimal(20),
        gt=0,
        le=100,
        title=_("Deviation limit"),
        description=_(
            "Bots order nothing on a price that leaps by more than so many percent from the one before it; a real"
            " move shows itself by the next price. Counts for bots launched from now on. Empty: no limit."
        ),
    )
    preview_days: int = Field(
        default=90,
        ge=1,
        le=365,
        title=_("Days of a preview"),
        description=_(
            "How many days of recorded prices a customer may let a strategy run over before a launch, at most."
        ),
    )
    floating_loss_alert_percent: Decimal = Field(
        default=Decimal(20),
        gt=0,
        le=100,
        title=_("Alert at floating loss"),
        description=_("Percent of the investment from which Mission Control raises an alert for a bot."),
    )
    orders_per_minute_alert: int = Field(
        default=60,
        ge=1,
        title=_("Alert at orders a minute"),
        description=_("A bot that places more orders within a minute raises an alert."),
    )
    cycles_per_hour_alert: int = Field(
        default=120,
        ge=1,
        title=_("Alert at cycles an hour"),
        description=_("A bot that ends more cycles or round trips within an hour raises an alert."),
    )
    reject_rate_alert_percent: Decimal = Field(
        default=Decimal(20),
        gt=0,
        le=100,
        title=_("Alert at rejected orders"),
        description=_("Percent of a bot's orders of the last hour, of five or more, from which an alert is raised."),
    )
    idle_alert_minutes: int = Field(
        default=60,
        ge=1,
        title=_("Alert when idle"),
        description=_("Minutes after which a running bot that waits with a reason raises an alert."),
    )
    mend: bool = Field(
        default=True,
        title=_("Mend bots by itself"),
        description=_(
            "Every few minutes each bot is compared with its orders and positions. What follows from its own state is put"
            " right; without this, and for everything else, staff are told."
        ),
    )
