"""A plugin of somebody else's, which adds a sizing mode: the same share of the equity as margin that the master uses."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, Field

from core.sdk import Manifest, hookimpl
from plugins.copy_trading.sdk import MasterOrder, Sizing, SizingMode, product, quotient


class MarginUseSettings(BaseModel):
    """What a follower chooses."""

    share: Decimal = Field(
        default=Decimal(1),
        gt=0,
        le=3,
        title="Share of the Margin Use",
        description="1 binds the same part of the equity.",
    )


class MarginUseRatio(SizingMode):
    """Margin per lot of the master ÷ E_m × E_f ÷ margin per lot of the follower × share: lots for each lot of the master."""

    key = "margin_use"
    title = "Margin-use ratio"
    description = "The same part of your equity is bound as margin as of the master's."
    settings = MarginUseSettings
    scales_with = "share"

    def size(self, order: MasterOrder, followers: Sequence[Sizing]) -> Sequence[Decimal]:
        return [self._one(order, one) for one in followers]

    @staticmethod
    def _one(order: MasterOrder, one: Sizing) -> Decimal:
        if order.equity <= 0 or one.basis <= 0 or not order.margin_per_lot or not one.margin_per_lot:
            return Decimal(0)
        share = Decimal(str(one.settings["share"]))
        return quotient(product(order.margin_per_lot, one.basis, share), product(order.equity, one.margin_per_lot))


class Failing(SizingMode):
    """A mode with a mistake in it."""

    key = "failing"
    title = "Failing"

    def size(self, order: MasterOrder, followers: Sequence[Sizing]) -> Sequence[Decimal]:
        raise ZeroDivisionError("no luck")


class MarginUse:
    """The plugin."""

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(
            key="margin_use",
            title="Margin use",
            summary="One more way to size copies.",
            version="1",
            support="nobody@example.com",
            requires=("copy_trading",),
        )

    @hookimpl
    def sizing_modes(self) -> Sequence[SizingMode]:
        return (MarginUseRatio(),)
