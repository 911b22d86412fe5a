"""What a follower chooses for a subscription, checked against the tenant's bounds."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator, model_validator

from core.sdk.text import _
from plugins.copy_trading.rules.modes import MODES
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.views import Terms


class Choices(BaseModel):
    """The form of a subscription; the portal, the API and the admin pages all hand one in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: str = Field(
        default="proportional",
        title=_("Copy Mode"),
        description=_("How the size of a copy is found."),
    )
    mode_settings: dict[str, Any] = Field(
        default_factory=dict, title=_("Settings of the Copy Mode"), validate_default=True
    )
    """What the mode asks for beyond the settings that all have."""
    copy_ratio: Decimal = Field(
        default=Decimal(1), gt=0, title="Copy Ratio", description="Multiplier on the proportional size."
    )
    fixed_size: Decimal = Field(
        default=Decimal("0.01"),
        gt=0,
        title="Fixed Size",
        description="For the fixed mode.",
    )
    fixed_basis: Literal["lots", "margin", "notional"] = Field(
        default="lots", title="Fixed Size in", description="Lots, or money by margin or by notional."
    )
    max_open_trades: int = Field(
        default=10, ge=1, title="Max Open Trades", description="Most copied positions at a time."
    )
    minimum_equity: Decimal = Field(
        default=Decimal(0),
        ge=0,
        title="Minimum Equity",
        description="Below it nothing new is copied; closes always are.",
    )
    slippage_tolerance: Decimal | None = Field(
        default=None,
        ge=0,
        title="Slippage Tolerance",
        description="Most adverse deviation from the master's price; empty: your brokerage's default for the symbol.",
        json_schema_extra={"unit": "%"},
    )
    below_minimum_lot: Literal["skip", "round_up"] = Field(
        default="skip",
        title="Below Minimum Lot",
        description="Skip, or round up where that no more than doubles the size.",
    )
    maximum_lot: Decimal | None = Field(
        default=None,
        gt=0,
        title="Maximum Lot",
        description="Larger copies are cut down to it; empty: none.",
        json_schema_extra={"unit": "lots"},
    )
    existing_positions: Literal["ignore", "if_not_worse", "all"] = Field(
        default="ignore",
        title="Existing Positions",
        description="What the master has open already: ignore it, copy what has not become dearer, or copy all.",
    )
    stop_loss_percent: Decimal | None = Field(
        default=None,
        gt=0,
        lt=100,
        title="Copy Stop-Loss",
        description="Loss of your equity since the start at which everything is closed and the copy stops; empty: none.",
        json_schema_extra={"unit": "%"},
    )
    symbols: list[str] | None = Field(
        default=None, title="Symbols", description="Of the master's symbols copy only these; empty: all."
    )
    symbol_map: dict[str, str] = Field(
        default_factory=dict, title="Symbol Map", description="Copy a symbol of the master as another, one to a line."
    )
    reverse: bool = Field(
        default=False,
        title="Reverse",
        description="Copy the opposite side.",
    )

    @field_validator("mode")
    @classmethod
    def _there_is_such_a_mode(cls, mode: str) -> str:
        if mode not in MODES:
            raise ValueError(_("choose one of {modes}", modes=", ".join(MODES)))
        return mode

    @field_validator("mode_settings")
    @classmethod
    def _as_the_mode_wants_them(cls, values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        mode = MODES.get(info.data.get("mode", ""))
        return values if mode is None else mode.settings.model_validate(values).model_dump(mode="json")

    @field_validator("symbols")
    @classmethod
    def _an_empty_list_is_all(cls, symbols: list[str] | None) -> list[str] | None:
        return symbols or None

    def terms(self) -> Terms:
        """The part of the choices that the replication decides from."""
        return Terms(
            self.mode,
            self.copy_ratio,
            self.fixed_size,
            self.fixed_basis,
            self.max_open_trades,
            self.minimum_equity,
            self.slippage_tolerance,
            self.below_minimum_lot == "round_up",
            self.maximum_lot,
            None if self.symbols is None else frozenset(self.symbols),
            tuple(sorted(self.symbol_map.items())),
            self.reverse,
            self.mode_settings,
        )


class FormChoices(Choices):
    """As the form hands them in: each setting of a sizing mode is a field of its own, ``<mode>_<setting>``."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        chosen = str(values.get("mode", "proportional"))
        own = MODES[chosen].settings.model_fields if chosen in MODES else {}
        fields = {name: values[f"{chosen}_{name}"] for name in own if f"{chosen}_{name}" in values}
        return {**values, "mode_settings": {**values.get("mode_settings", {}), **fields}}


def form_model() -> type[Choices]:
    """The model of the form with the settings of all sizing modes that there are now."""
    fields: dict[str, Any] = {
        f"{mode.key}_{name}": (info.annotation, info)
        for mode in MODES.values()
        for name, info in mode.settings.model_fields.items()
    }
    return create_model("Choices", __base__=FormChoices, **fields) if fields else Choices


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a subscription as the form names them: see :class:`FormChoices`."""
    chosen = values.get("mode", "proportional")
    own = values.get("mode_settings") or {}
    return {**values, **{f"{chosen}_{name}": value for name, value in own.items()}}


def defaults(settings: CopyTradingSettings) -> dict[str, Any]:
    """What the form starts with, from the tenant's settings."""
    return {
        "mode": "proportional",
        "copy_ratio": settings.copy_ratio,
        "fixed_size": settings.fixed_size,
        "fixed_basis": "lots",
        "max_open_trades": settings.max_open_trades,
        "minimum_equity": settings.minimum_equity,
        "below_minimum_lot": settings.below_minimum_lot,
        "existing_positions": "ignore",
    }


def out_of_bounds(choices: Choices, settings: CopyTradingSettings) -> dict[str, str]:
    """What lies outside the tenant's bounds, by field, each with its remedy; empty when all is well."""
    problems: dict[str, str] = {}
    least, most = settings.copy_ratio_min, settings.copy_ratio_max
    if choices.mode == "proportional" and not least <= choices.copy_ratio <= most:
        problems["copy_ratio"] = f"choose between {least:f} and {most:f}"
    if choices.mode == "fixed":
        most = settings.fixed_size_max if choices.fixed_basis == "lots" else settings.fixed_money_max
        if choices.fixed_size > most:
            problems["fixed_size"] = f"choose at most {most:f}"
    if choices.max_open_trades > settings.max_open_trades_max:
        problems["max_open_trades"] = f"choose at most {settings.max_open_trades_max}"
    if choices.minimum_equity > settings.minimum_equity_max:
        problems["minimum_equity"] = f"choose at most {settings.minimum_equity_max:f}"
    if choices.slippage_tolerance is not None and choices.slippage_tolerance > settings.slippage_max:
        problems["slippage_tolerance"] = f"choose at most {settings.slippage_max:f} percent"
    if choices.below_minimum_lot == "round_up" and not settings.allow_round_up:
        problems["below_minimum_lot"] = "choose skip: this brokerage does not round copies up"
    if choices.reverse and not settings.allow_reverse:
        problems["reverse"] = "switch it off: this brokerage does not offer reverse copying"
    return problems
