"""What each field of a Spot Grid may be, given the others."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from core.sdk.text import _
from plugins.bot_trading.strategies.numbers import exact, floor_to
from plugins.bot_trading.strategies.protocol import Market, Preview, Quote, Setup
from plugins.bot_trading.strategies.search import Searched, limits_by_preview
from plugins.bot_trading.strategies.spot_grid.preview import preview
from plugins.bot_trading.strategies.spot_grid.settings import MAX_CELLS, MIN_CELLS, SpotGridSettings
from plugins.bot_trading.strategies.words import Limit

__all__ = ["limits"]

_CELLS = Searched(
    Decimal(MIN_CELLS),
    Decimal(MAX_CELLS),
    above=frozenset({"levels_collapse_on_tick", "profit_per_grid_not_positive", "investment_too_small"}),
)
_CENT = Decimal("0.01")
_ANY = Decimal(10) ** 12
"""More than any grid needs: so that nothing but the field in question stands in the way."""


@exact
def limits(values: Mapping[str, Any], market: Market, quote: Quote, funds: Decimal | None) -> dict[str, Limit]:
    """See :meth:`plugins.bot_trading.strategies.protocol.Strategy.limits`."""

    def shown(wanted: Mapping[str, Any]) -> Preview | None:
        try:
            return preview(Setup(SpotGridSettings.model_validate(wanted), market), quote, None)
        except ValidationError:
            return None

    found: dict[str, Limit] = {}
    lower, upper, cells = values.get("lower"), values.get("upper"), values.get("cells", MIN_CELLS)
    price = values.get("trigger_price") or quote.ask
    if upper is not None:
        found["lower"] = Limit(market.tick, upper - cells * market.tick, _("a cell is at least a tick wide"))
    if lower is not None:
        found["upper"] = Limit(lower + cells * market.tick, None, _("a cell is at least a tick wide"))
        found["stop_loss_price"] = Limit(None, min(price, lower) - market.tick, _("below the grid and the start price"))
    found["take_profit_price"] = Limit(price + market.tick, None, _("above the start price"))
    # Whatever the investment is now, it can be raised: so it does not keep the number of cells small where it is not given.
    found |= limits_by_preview(shown, {"investment": _ANY, **values}, {"cells": _CELLS})
    if "cells" in found:
        found["cells"] = Limit(None, found["cells"].most, _("each cell must earn something and be large enough"))
    found["investment"] = _investment(shown({**values, "investment": market.tick}), funds)
    return {name: limit for name, limit in found.items() if limit != Limit()}


def _investment(tiny: Preview | None, funds: Decimal | None) -> Limit:
    """The least investment is what the preview asks for when there is next to none."""
    refusals = tiny.refusals if tiny is not None else ()
    least = next((item.facts["least"] for item in refusals if item.code == "investment_too_small"), None)
    most = None if funds is None else floor_to(funds, _CENT)
    return Limit(None if least is None else Decimal(least), most, _("by the smallest order and your free money"))
