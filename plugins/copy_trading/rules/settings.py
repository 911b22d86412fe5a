"""The tenant's settings of the module: what a follower gets by default and within which bounds it may be changed."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.sdk.text import _
from plugins.copy_trading.rules.applying import Criteria
from plugins.copy_trading.rules.figures import LeverageLimits

RISK_NOTICE = _(
    "Copying another trader means taking their risk. Losses can reach all the money in the account. Past results say "
    "nothing certain about future ones. Copies may be smaller, later or at other prices than the master's trades."
)


def _percent(title: str, description: str, default: str, most: str = "100") -> Decimal:
    value: Decimal = Field(default=Decimal(default), ge=0, le=Decimal(most), title=title, description=description)
    return value


class CopyTradingSettings(BaseModel):
    """Settings → Product Configs → Copy Trading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["proportional", "fixed"] = Field(
        default="proportional",
        title=_("Copy Mode"),
        description=_("What followers start with."),
        json_schema_extra={"labels": {"proportional": _("Proportional"), "fixed": _("Fixed")}},
    )
    allow_fixed: bool = Field(
        default=True, title=_("Allow Fixed Sizes"), description=_("Whether followers may choose the fixed mode.")
    )
    copy_ratio: Decimal = Field(
        default=Decimal(1),
        gt=0,
        title=_("Copy Ratio"),
        description=_("Multiplier on the proportional size that followers start with."),
    )
    copy_ratio_min: Decimal = Field(
        default=Decimal("0.01"), gt=0, title=_("Least Copy Ratio"), description=_("Followers cannot choose less.")
    )
    copy_ratio_max: Decimal = Field(
        default=Decimal(10),
        gt=0,
        le=100,
        title=_("Greatest Copy Ratio"),
        description=_("Followers cannot choose more."),
    )
    fixed_size: Decimal = Field(
        default=Decimal("0.01"), gt=0, title=_("Fixed Size"), description=_("Lots that a fixed-size copy starts with.")
    )
    fixed_basis: Literal["lots", "margin", "notional"] = Field(
        default="lots",
        title=_("Fixed Size in"),
        description=_("What followers start with: lots, or money by margin or by notional."),
        json_schema_extra={
            "labels": {"lots": _("Lots"), "margin": _("Money, by margin"), "notional": _("Money, by notional")}
        },
    )
    fixed_size_max: Decimal = Field(
        default=Decimal(50),
        gt=0,
        title=_("Greatest Fixed Size"),
        description=_("In lots; followers cannot choose more."),
    )
    fixed_money_max: Decimal = Field(
        default=Decimal(100_000),
        gt=0,
        title=_("Greatest Fixed Amount"),
        description=_("For fixed sizes in money (margin or notional), in the account's currency."),
    )
    max_open_trades: int = Field(
        default=10,
        ge=1,
        le=1000,
        title=_("Max Open Trades"),
        description=_("Most copied positions of one subscription at a time."),
    )
    max_open_trades_max: int = Field(
        default=100, ge=1, le=1000, title=_("Greatest Max Open Trades"), description=_("Followers cannot choose more.")
    )
    minimum_equity: Decimal = Field(
        default=Decimal(0),
        ge=0,
        title=_("Minimum Equity"),
        description=_("Below it new copies are skipped; they resume by themselves once the equity is back."),
    )
    minimum_equity_max: Decimal = Field(
        default=Decimal(1_000_000),
        ge=0,
        title=_("Greatest Minimum Equity"),
        description=_("Followers cannot choose more."),
    )
    slippage_fx: Decimal = _percent(
        _("Slippage Tolerance, FX"), _("Most adverse deviation from the master's price for opens, in percent."), "0.1"
    )
    slippage_metal: Decimal = _percent(_("Slippage Tolerance, Metals"), _("The same for metals, in percent."), "0.1")
    slippage_major_crypto: Decimal = _percent(_("Slippage Tolerance, BTC and ETH"), _("The same, in percent."), "0.5")
    slippage_crypto: Decimal = _percent(_("Slippage Tolerance, other Crypto"), _("The same, in percent."), "1.5")
    slippage_index: Decimal = _percent(_("Slippage Tolerance, Indices"), _("The same, in percent."), "0.2")
    slippage_stock: Decimal = _percent(_("Slippage Tolerance, Stocks"), _("The same, in percent."), "0.5")
    slippage_max: Decimal = _percent(_("Greatest Slippage Tolerance"), _("Followers cannot choose more."), "5")
    max_signal_age_s: int = Field(
        default=30,
        ge=1,
        title=_("Most Signal Age"),
        description=_("Seconds of the feed's time after which a master's trade is not copied any more."),
        json_schema_extra={"unit": "s"},
    )
    below_minimum_lot: Literal["skip", "round_up"] = Field(
        default="skip",
        title=_("Below Minimum Lot"),
        description=_("What followers start with: skip the copy, or round it up if that no more than doubles it."),
        json_schema_extra={"labels": {"skip": _("Skip"), "round_up": _("Round up")}},
    )
    allow_round_up: bool = Field(
        default=True, title=_("Allow Rounding Up"), description=_("Whether followers may choose to round up.")
    )
    maximum_lot: Decimal | None = Field(
        default=None,
        gt=0,
        title=_("Maximum Lot"),
        description=_("What followers start with; larger copies are cut down to it. Empty: none."),
        json_schema_extra={"unit": _("lots")},
    )
    maximum_lot_max: Decimal | None = Field(
        default=None,
        gt=0,
        title=_("Greatest Maximum Lot"),
        description=_("Followers must choose a Maximum Lot, and no larger one. Empty: no bound."),
        json_schema_extra={"unit": _("lots")},
    )
    existing_positions: Literal["ignore", "if_not_worse", "all"] = Field(
        default="ignore",
        title=_("Existing Positions"),
        description=_("What followers start with for positions that the master has open already."),
        json_schema_extra={
            "labels": {"ignore": _("Ignore"), "if_not_worse": _("Copy what is not worse"), "all": _("Copy all")}
        },
    )
    allow_existing: bool = Field(
        default=True,
        title=_("Allow Existing Positions"),
        description=_("Whether followers may copy what the master has open already."),
    )
    stop_loss_percent: Decimal | None = Field(
        default=None,
        gt=0,
        lt=100,
        title=_("Copy Stop-Loss"),
        description=_(
            "What followers start with: the loss at which everything is closed and the copy stops. Empty: none."
        ),
        json_schema_extra={"unit": "%"},
    )
    stop_loss_max: Decimal | None = Field(
        default=None,
        gt=0,
        lt=100,
        title=_("Greatest Copy Stop-Loss"),
        description=_("Followers must choose a Copy Stop-Loss, and no larger one. Empty: no bound."),
        json_schema_extra={"unit": "%"},
    )
    allow_symbol_map: bool = Field(
        default=True,
        title=_("Allow Symbol Maps"),
        description=_("Whether followers may copy a symbol of the master as another."),
    )
    allow_reverse: bool = Field(
        default=True, title=_("Allow Reverse Copying"), description=_("Whether followers may copy the other side.")
    )
    ratio_basis: Literal["equity", "balance"] = Field(
        default="equity",
        title=_("Ratio Basis"),
        description=_("What proportional sizes are taken from, on both sides."),
        json_schema_extra={"labels": {"equity": _("Equity"), "balance": _("Balance")}},
    )
    min_history_days: int = Field(
        default=30, ge=0, title=_("Criteria: History"), description=_("Least days of history of a master.")
    )
    min_closed_trades: int = Field(
        default=20, ge=0, title=_("Criteria: Closed Trades"), description=_("Least closed trades.")
    )
    min_master_equity: Decimal = Field(
        default=Decimal(500),
        ge=0,
        title=_("Criteria: Equity"),
        description=_("Least equity, in the account's currency."),
    )
    max_master_drawdown: Decimal = _percent(_("Criteria: Maximum Drawdown"), _("Most drawdown, in percent."), "50")
    min_win_rate: Decimal = _percent(_("Criteria: Win Rate"), _("Least win rate, in percent."), "40")
    automatic_approval: bool = Field(
        default=False,
        title=_("Automatic Approval"),
        description=_("Approve applications at once that meet every criterion."),
    )
    max_fee_percent: Decimal = _percent(
        _("Greatest Performance Fee"),
        _("Percent of new profits above the high-water mark that a master may ask of followers; 0: masters ask none."),
        "30",
    )
    alert_drawdown: Decimal = _percent(
        _("Alert: Drawdown"), _("Staff are alerted when a master is so far below the best so far, in percent."), "25"
    )
    alert_losing_streak: int = Field(
        default=6,
        ge=2,
        title=_("Alert: Losing Streak"),
        description=_("Staff are alerted when a master has lost so many trades in a row."),
    )
    alert_leverage: Decimal = Field(
        default=Decimal(20),
        gt=0,
        title=_("Alert: Leverage"),
        description=_("Staff are alerted when a master's effective leverage reaches it."),
    )
    alert_money_percent: Decimal = _percent(
        _("Alert: Money moved"),
        _("Staff and followers are told when a master moves so much of the equity in or out within a day, in percent."),
        "10",
    )
    warning_leverage: Decimal = Field(
        default=Decimal(10),
        gt=0,
        title=_("Warning Leverage"),
        description=_("Effective leverage from which a follower is over-leveraged."),
    )
    high_leverage: Decimal = Field(
        default=Decimal(20),
        gt=0,
        title=_("High Leverage"),
        description=_("Effective leverage from which the warning is high."),
    )
    warning_level: Decimal = Field(
        default=Decimal(200),
        gt=0,
        title=_("Warning Margin Level"),
        description=_("Percent; below it a follower is warned about."),
    )
    high_level: Decimal = Field(
        default=Decimal(150),
        gt=0,
        title=_("High Warning Margin Level"),
        description=_("Percent; below it the warning is high."),
    )
    critical_level: Decimal = Field(
        default=Decimal(100),
        gt=0,
        title=_("Critical Margin Level"),
        description=_("Percent; below it the warning is critical."),
    )
    high_blocks_opens: bool = Field(
        default=False,
        title=_("High Blocks Opens"),
        description=_("Skip new copies of followers whose warning is high or critical."),
    )
    critical_pauses: bool = Field(
        default=False, title=_("Critical Pauses"), description=_("Pause followers whose warning is critical.")
    )
    risk_notice: str = Field(
        default=RISK_NOTICE,
        min_length=1,
        title=_("Risk Notice"),
        description=_("Confirmed before the first follow of each customer."),
    )
    risk_notice_version: str = Field(
        default="1",
        min_length=1,
        title=_("Risk Notice Version"),
        description=_("Change it with the text; it is kept with each confirmation."),
    )

    @model_validator(mode="after")
    def _bounds_hold_defaults(self) -> "CopyTradingSettings":
        if not self.copy_ratio_min <= self.copy_ratio <= self.copy_ratio_max:
            raise ValueError(_("Copy Ratio: set it between Least and Greatest Copy Ratio"))
        for name, most, label in (
            ("fixed_size", "fixed_size_max", _("Fixed Size")),
            ("max_open_trades", "max_open_trades_max", _("Max Open Trades")),
            ("minimum_equity", "minimum_equity_max", _("Minimum Equity")),
        ):
            if getattr(self, name) > getattr(self, most):
                raise ValueError(_("{setting}: set it to at most Greatest {setting}", setting=label))
        for chosen, greatest, label in (
            (self.maximum_lot, self.maximum_lot_max, _("Maximum Lot")),
            (self.stop_loss_percent, self.stop_loss_max, _("Copy Stop-Loss")),
        ):
            if chosen is not None and greatest is not None and chosen > greatest:
                raise ValueError(_("{setting}: set it to at most Greatest {setting}", setting=label))
        for forbidden, words in (
            (
                self.below_minimum_lot == "round_up" and not self.allow_round_up,
                _("Below Minimum Lot: allow rounding up"),
            ),
            (self.mode == "fixed" and not self.allow_fixed, _("Copy Mode: allow fixed sizes")),
            (self.existing_positions != "ignore" and not self.allow_existing, _("Existing Positions: allow them")),
        ):
            if forbidden:
                raise ValueError(_("{what} before making it the default", what=words))
        return self

    def tolerance(self, tolerance_class: str) -> Decimal:
        """The default slippage tolerance of a class of symbols (``rules.slippage.tolerance_class``), in percent."""
        value: Decimal = getattr(self, f"slippage_{tolerance_class}")
        return value

    @property
    def notice(self) -> str:
        """The risk notice as it is to be read: our own in the reader's language, a brokerage's as it has written it."""
        return RISK_NOTICE if self.risk_notice == RISK_NOTICE else self.risk_notice

    @property
    def criteria(self) -> Criteria:
        """What an application is judged by."""
        return Criteria(
            self.min_history_days,
            self.min_closed_trades,
            self.min_master_equity,
            self.max_master_drawdown,
            self.min_win_rate,
        )

    @property
    def leverage_limits(self) -> LeverageLimits:
        """Where warnings about followers begin."""
        return LeverageLimits(
            self.warning_leverage, self.high_leverage, self.warning_level, self.high_level, self.critical_level
        )
