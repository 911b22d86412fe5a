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
        default=Decimal(1), gt=0, title=_("Copy Ratio"), description=_("Multiplier on the proportional size.")
    )
    fixed_size: Decimal = Field(
        default=Decimal("0.01"),
        gt=0,
        title=_("Fixed Size"),
        description=_("For the fixed mode."),
    )
    fixed_basis: Literal["lots", "margin", "notional"] = Field(
        default="lots",
        title=_("Fixed Size in"),
        description=_("Lots, or money by margin or by notional."),
        json_schema_extra={
            "labels": {"lots": _("Lots"), "margin": _("Money, by margin"), "notional": _("Money, by notional")}
        },
    )
    max_open_trades: int = Field(
        default=10, ge=1, title=_("Max Open Trades"), description=_("Most copied positions at a time.")
    )
    minimum_equity: Decimal = Field(
        default=Decimal(0),
        ge=0,
        title=_("Minimum Equity"),
        description=_("Below it nothing new is copied; closes always are."),
    )
    slippage_tolerance: Decimal | None = Field(
        default=None,
        ge=0,
        title=_("Slippage Tolerance"),
        description=_(
            "Most adverse deviation from the master's price; empty: your brokerage's default for the symbol."
        ),
        json_schema_extra={"unit": "%"},
    )
    below_minimum_lot: Literal["skip", "round_up"] = Field(
        default="skip",
        title=_("Below Minimum Lot"),
        description=_("Skip, or round up where that no more than doubles the size."),
        json_schema_extra={"labels": {"skip": _("Skip"), "round_up": _("Round up")}},
    )
    maximum_lot: Decimal | None = Field(
        default=None,
        gt=0,
        title=_("Maximum Lot"),
        description=_("Larger copies are cut down to it; empty: none."),
        json_schema_extra={"unit": _("lots")},
    )
    existing_positions: Literal["ignore", "if_not_worse", "all"] = Field(
        default="ignore",
        title=_("Existing Positions"),
        description=_("What the master has open already: ignore it, copy what has not become dearer, or copy all."),
        json_schema_extra={
            "labels": {"ignore": _("Ignore"), "if_not_worse": _("Copy what is not worse"), "all": _("Copy all")}
        },
    )
    stop_loss_percent: Decimal | None = Field(
        default=None,
        gt=0,
        lt=100,
        title=_("Copy Stop-Loss"),
        description=_(
            "Loss of your equity since the start at which everything is closed and the copy stops; empty: none."
        ),
        json_schema_extra={"unit": "%"},
    )
    symbols: list[str] | None = Field(
        default=None, title=_("Symbols"), description=_("Of the master's symbols copy only these; empty: all.")
    )
    symbol_map: dict[str, str] = Field(
        default_factory=dict,
        title=_("Symbol Map"),
        description=_("Copy a symbol of the master as another, one to a line."),
    )
    reverse: bool = Field(
        default=False,
        title=_("Reverse"),
        description=_("Copy the opposite side."),
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
        "mode": settings.mode,
        "copy_ratio": settings.copy_ratio,
        "fixed_size": settings.fixed_size,
        "fixed_basis": settings.fixed_basis,
        "max_open_trades": settings.max_open_trades,
        "minimum_equity": settings.minimum_equity,
        "below_minimum_lot": settings.below_minimum_lot,
        # Where one must be chosen, the form does not start without it.
        "maximum_lot": settings.maximum_lot or settings.maximum_lot_max,
        "existing_positions": settings.existing_positions,
        "stop_loss_percent": settings.stop_loss_percent or settings.stop_loss_max,
    }


def out_of_bounds(choices: Choices, settings: CopyTradingSettings) -> dict[str, str]:
    """What lies outside the tenant's bounds, by field, each with its remedy; empty when all is well."""
    problems: dict[str, str] = {}
    least, most = settings.copy_ratio_min, settings.copy_ratio_max
    if choices.mode == "proportional" and not least <= choices.copy_ratio <= most:
        problems["copy_ratio"] = _("choose between {least} and {most}", least=f"{least:f}", most=f"{most:f}")
    if choices.mode == "fixed":
        most = settings.fixed_size_max if choices.fixed_basis == "lots" else settings.fixed_money_max
        _at_most(problems, "fixed_size", choices.fixed_size, most)
    _at_most(problems, "max_open_trades", choices.max_open_trades, settings.max_open_trades_max)
    _at_most(problems, "minimum_equity", choices.minimum_equity, settings.minimum_equity_max)
    _at_most(problems, "slippage_tolerance", choices.slippage_tolerance, settings.slippage_max)
    for name, value, bound in (
        ("maximum_lot", choices.maximum_lot, settings.maximum_lot_max),
        ("stop_loss_percent", choices.stop_loss_percent, settings.stop_loss_max),
    ):
        if bound is not None and value is None:
            problems[name] = _("choose one, at most {most}", most=f"{bound:f}")
        elif bound is not None:
            _at_most(problems, name, value, bound)
    return problems | _not_offered(choices, settings)


def _not_offered(choices: Choices, settings: CopyTradingSettings) -> dict[str, str]:
    """What is chosen though the brokerage does not offer it."""
    checks = (
        (
            "mode",
            choices.mode == "fixed" and not settings.allow_fixed,
            _("choose another: this brokerage does not offer fixed sizes"),
        ),
        (
            "below_minimum_lot",
            choices.below_minimum_lot == "round_up" and not settings.allow_round_up,
            _("choose skip: this brokerage does not round copies up"),
        ),
        (
            "existing_positions",
            choices.existing_positions != "ignore" and not settings.allow_existing,
            _("choose ignore: this brokerage copies no existing positions"),
        ),
        (
            "symbol_map",
            bool(choices.symbol_map) and not settings.allow_symbol_map,
            _("leave it empty: this brokerage does not map symbols"),
        ),
        (
            "reverse",
            choices.reverse and not settings.allow_reverse,
            _("switch it off: this brokerage does not offer reverse copying"),
        ),
    )
    return {name: words for name, wrong, words in checks if wrong}


def _at_most(problems: dict[str, str], name: str, value: Decimal | int | None, most: Decimal | int) -> None:
    if value is not None and value > most:
        problems[name] = _("choose at most {most}", most=f"{most:f}" if isinstance(most, Decimal) else str(most))
