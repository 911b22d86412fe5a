"""What account types and symbols are made of, as forms, API and services take it: checked in one place."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.trading.rules.hours import Hours
from tenants.text import _

__all__ = ["AccountTypeValues", "AssetClass", "SymbolTerms", "SymbolValues", "Week"]

AssetClass = Literal["fx", "metal", "crypto", "index", "stock"]
Week = dict[str, list[list[str]]]
"""Sessions by weekday in UTC, `{"mon": [["08:00", "17:00"]]}`; empty: round the clock."""

_ACCOUNTS, _RISK, _COSTS = _("Accounts"), _("Leverage and risk"), _("Costs")
_SIZE, _PRICES, _SWAPS = _("Sizes"), _("Prices"), _("Swaps")


class AccountTypeValues(BaseModel):
    """The conditions of an account type. Money in its currency, mark-up in pips of each symbol, levels in percent."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: Annotated[
        str,
        Field(title=_("Name"), min_length=1, max_length=60, description=_("As customers see it."),
              json_schema_extra={"section": _ACCOUNTS}),
    ]  # fmt: skip
    currency: Annotated[
        str,
        Field(title=_("Currency"), description=_("Of balances, margin and profit."),
              json_schema_extra={"section": _ACCOUNTS}),
    ]  # fmt: skip
    mode: Annotated[
        Literal["hedging", "netting"],
        Field(title=_("Positions"), description=_("Hedging: each order has its own position. Netting: one for each symbol."),
              json_schema_extra={"section": _ACCOUNTS, "labels": {"hedging": _("Hedging"), "netting": _("Netting")}}),
    ] = "hedging"  # fmt: skip
    status: Annotated[
        Literal["active", "disabled"],
        Field(title=_("New accounts"), description=_("Accounts that are there go on either way."),
              json_schema_extra={"section": _ACCOUNTS, "labels": {"active": _("May be opened"), "disabled": _("None any more")}}),
    ] = "active"  # fmt: skip
    min_deposit: Annotated[
        Decimal,
        Field(title=_("Minimum deposit"), ge=0, le=Decimal(10) ** 12, description=_("Shown to customers before they open one."),
              json_schema_extra={"section": _ACCOUNTS}),
    ] = Decimal(0)  # fmt: skip
    demo: Annotated[
        bool,
        Field(title=_("Play money"), description=_("A demo account, marked so everywhere."),
              json_schema_extra={"section": _ACCOUNTS}),
    ] = False  # fmt: skip
    leverage: Annotated[
        Decimal,
        Field(title=_("Leverage"), ge=1, le=5000, decimal_places=4, description=_("The most; a symbol may have less. 1 for a spot type."),
              json_schema_extra={"section": _RISK, "unit": ": 1", "step": "any"}),
    ] = Decimal(100)  # fmt: skip
    margin_call_level: Annotated[
        Decimal,
        Field(title=_("Margin call level"), ge=0, le=10_000, decimal_places=4, description=_("Below it no new positions are opened."),
              json_schema_extra={"section": _RISK, "unit": "%", "step": "any"}),
    ] = Decimal(100)  # fmt: skip
    stop_out_level: Annotated[
        Decimal,
        Field(title=_("Stop-out level"), ge=0, le=10_000, decimal_places=4,
              description=_("Below it positions are closed, the largest loss first."),
              json_schema_extra={"section": _RISK, "unit": "%", "step": "any"}),
    ] = Decimal(50)  # fmt: skip
    may_short: Annotated[
        bool,
        Field(title=_("May sell short"), description=_("Off for a spot type, which sells only what it holds."),
              json_schema_extra={"section": _RISK}),
    ] = True  # fmt: skip
    negative_balance_protection: Annotated[
        bool,
        Field(title=_("Negative balance protection"), description=_("A debt left by a stop-out is lifted to zero."),
              json_schema_extra={"section": _RISK}),
    ] = True  # fmt: skip
    copy_allowed: Annotated[
        bool,
        Field(title=_("May follow masters"), description=_("Whether these accounts may copy others' trades."),
              json_schema_extra={"section": _RISK}),
    ] = True  # fmt: skip
    markup: Annotated[
        Decimal,
        Field(title=_("Spread mark-up"), ge=0, le=10_000, description=_("Added to the feed's spread, half on each side."),
              json_schema_extra={"section": _COSTS, "unit": _("pips"), "step": "any"}),
    ] = Decimal(0)  # fmt: skip
    commission_kind: Annotated[
        Literal["per_lot", "percent"],
        Field(title=_("Commission is charged"), json_schema_extra={
            "section": _COSTS,
            "labels": {"per_lot": _("For each lot and side"), "percent": _("As a percentage of the value, each side")}}),
    ] = "per_lot"  # fmt: skip
    commission: Annotated[
        Decimal,
        Field(title=_("Commission"), ge=0, le=1_000_000, description=_("Money in the account's currency, or percent."),
              json_schema_extra={"section": _COSTS, "step": "any"}),
    ] = Decimal(0)  # fmt: skip
    swap_free: Annotated[
        bool,
        Field(title=_("Free of swaps"), description=_("No charge for holding overnight."),
              json_schema_extra={"section": _COSTS}),
    ] = False  # fmt: skip

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        found = " ".join(value.split())
        if not found or not found.isprintable():
            raise ValueError(_("Please enter a name."))
        return found

    @field_validator("currency")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.strip().upper()

    @model_validator(mode="after")
    def _levels(self) -> AccountTypeValues:
        if self.stop_out_level > self.margin_call_level:
            raise ValueError(_("The stop-out level cannot be above the margin call level."))
        return self


class SymbolTerms(BaseModel):
    """A symbol as an account type has it. No leverage or mark-up of its own: the account type's."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    enabled: Annotated[
        bool, Field(title=_("Can be traded"), description=_("Off: nothing new is opened; what is open can be closed."))
    ] = True
    leverage: Annotated[
        Decimal | None,
        Field(title=_("Leverage at most"), ge=1, le=5000, decimal_places=4,
              description=_("The smaller of this and the account type's counts. Empty: the account type's."),
              json_schema_extra={"unit": ": 1", "step": "any"}),
    ] = None  # fmt: skip
    markup: Annotated[
        Decimal | None,
        Field(title=_("Spread mark-up"), ge=0, le=10_000,
              description=_("Instead of the account type's. Empty: the account type's."),
              json_schema_extra={"unit": _("pips"), "step": "any"}),
    ] = None  # fmt: skip


class SymbolValues(BaseModel):
    """The conditions of a symbol. Sizes in lots, `contract_size` in units of the base, `staleness_s` in seconds of the feed."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    title: Annotated[str, Field(title=_("Title"), max_length=80, description=_("Shown beside the code."))] = ""
    asset_class: Annotated[
        AssetClass,
        Field(title=_("Class"), json_schema_extra={"labels": {
            "fx": _("Currencies"), "metal": _("Metal"), "crypto": _("Crypto"), "index": _("Index"), "stock": _("Stock")}}),
    ]  # fmt: skip
    base: Annotated[str, Field(title=_("Base"), min_length=1, max_length=12, description=_("What is bought and sold."))]
    quote: Annotated[
        str, Field(title=_("Quote currency"), min_length=3, max_length=10, description=_("What its price is in."))
    ]
    status: Annotated[
        Literal["active", "close_only", "disabled"],
        Field(title=_("Status"), json_schema_extra={"labels": {
            "active": _("Active"), "close_only": _("Close only"), "disabled": _("Disabled")}}),
    ] = "active"  # fmt: skip
    contract_size: Annotated[
        Decimal,
        Field(title=_("Contract size"), gt=0, le=Decimal(10) ** 9, description=_("Units of the base in one lot."),
              json_schema_extra={"section": _SIZE, "step": "any"}),
    ]  # fmt: skip
    lot_step: Annotated[
        Decimal, Field(title=_("Lot step"), gt=0, le=1_000_000, json_schema_extra={"section": _SIZE, "step": "any"})
    ]
    min_lot: Annotated[
        Decimal, Field(title=_("Smallest order"), gt=0, le=Decimal(10) ** 9,
                       json_schema_extra={"section": _SIZE, "unit": _("lots"), "step": "any"}),
    ]  # fmt: skip
    max_lot: Annotated[
        Decimal, Field(title=_("Largest order"), gt=0, le=Decimal(10) ** 9,
                       json_schema_extra={"section": _SIZE, "unit": _("lots"), "step": "any"}),
    ]  # fmt: skip
    min_notional: Annotated[
        Decimal, Field(title=_("Least value"), ge=0, le=Decimal(10) ** 12,
                       description=_("Of an order that opens, in the quote currency."),
                       json_schema_extra={"section": _SIZE, "step": "any"}),
    ] = Decimal(0)  # fmt: skip
    pip: Annotated[
        Decimal, Field(title=_("Pip"), gt=0, le=1_000_000, description=_("The step that mark-ups are counted in."),
                       json_schema_extra={"section": _PRICES, "step": "any"}),
    ]  # fmt: skip
    staleness_s: Annotated[
        Decimal, Field(title=_("A price is too old after"), gt=0, le=30 * 86_400, decimal_places=3,
                       description=_("Nothing opens on an older one."),
                       json_schema_extra={"section": _PRICES, "unit": _("seconds"), "step": "any"}),
    ] = Decimal(10)  # fmt: skip
    swap_long: Annotated[
        Decimal, Field(title=_("Swap, long"), ge=-1_000_000, le=1_000_000,
                       description=_("Ticks for a night; below zero the customer pays."),
                       json_schema_extra={"section": _SWAPS, "unit": _("ticks"), "step": "any"}),
    ] = Decimal(0)  # fmt: skip
    swap_short: Annotated[
        Decimal, Field(title=_("Swap, short"), ge=-1_000_000, le=1_000_000,
                       json_schema_extra={"section": _SWAPS, "unit": _("ticks"), "step": "any"}),
    ] = Decimal(0)  # fmt: skip
    hours: Annotated[
        Week,
        Field(title=_("Trading hours"), description=_("Sessions by weekday in UTC. Empty: round the clock.")),
    ] = {}  # fmt: skip

    @field_validator("base", "quote")
    @classmethod
    def _upper(cls, value: str) -> str:
        found = value.strip().upper()
        if not found.replace(".", "").isalnum():
            raise ValueError(_("Please use letters and digits."))
        return found

    @field_validator("hours")
    @classmethod
    def _known_hours(cls, value: Week) -> Week:
        Hours.from_week(value)
        return value

    @model_validator(mode="after")
    def _sizes(self) -> SymbolValues:
        if self.min_lot % self.lot_step or self.max_lot % self.lot_step:
            raise ValueError(_("The smallest and the largest order must be multiples of the lot step."))
        if self.max_lot < self.min_lot:
            raise ValueError(_("The largest order cannot be below the smallest."))
        if self.base == self.quote:
            raise ValueError(_("Base and quote currency must differ."))
        return self
