"""What the fields of ladders, streaks and safety orders may be, each given the others."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from plugins.bot_trading.strategies.protocol import Market, Preview
from plugins.bot_trading.strategies.search import Searched, limits_by_preview
from plugins.bot_trading.strategies.words import Limit

__all__ = ["limits_of", "pips_fields", "safety_fields"]

_TENTH, _CENT = Decimal("0.1"), Decimal("0.01")
_MONEY = frozenset({"margin_missing", "insufficient_funds", "order_above_maximum"})
_LOSES = frozenset({"take_profit_loses"})
_LARGE = Decimal(100_000)


def pips_fields(market: Market, levels: int) -> dict[str, Searched]:
    """Fields of what counts in pips, with at most ``levels`` levels."""
    lot = Searched(
        market.lot_step,
        market.max_lot or _LARGE,
        market.lot_step,
        below=frozenset({"order_below_minimum", "lots_do_not_grow"}),
        above=_MONEY,
    )
    return {
        "initial_lot": lot,
        "take_profit_pips": Searched(_TENTH, _LARGE, _TENTH, below=_LOSES),
        "stop_loss_pips": Searched(
            _TENTH,
            _LARGE,
            _TENTH,
            below=frozenset({"stop_loss_below_three_spreads"}),
            above=_LOSES | _MONEY | {"levels_below_zero"},
        ),
        "levels": Searched(
            Decimal(1), Decimal(levels), above=_LOSES | _MONEY | {"lots_do_not_grow", "levels_below_zero"}
        ),
        "multiplier": Searched(
            Decimal(1), Decimal(10), _TENTH, below=frozenset({"lots_do_not_grow"}), above=_MONEY | _LOSES
        ),
    }


def safety_fields(orders: int) -> dict[str, Searched]:
    """Fields of safety orders, with at most ``orders`` of them."""
    distances = frozenset({"levels_below_zero", "stop_loss_inside_orders"})
    amount = Searched(_CENT, Decimal(10) ** 9, _CENT, below=frozenset({"order_below_minimum"}), above=_MONEY, own=True)
    return {
        "first_order": amount,
        "safety_order": amount,
        "safety_orders": Searched(Decimal(1), Decimal(orders), above=distances | _MONEY),
        "step_percent": Searched(
            _CENT, Decimal(99), _CENT, below=frozenset({"levels_collapse_on_tick"}), above=distances
        ),
        "step_multiplier": Searched(Decimal(1), Decimal(10), _TENTH, above=distances),
        "size_multiplier": Searched(Decimal(1), Decimal(10), _TENTH, above=_MONEY),
        "take_profit_percent": Searched(_CENT, Decimal(99), _CENT, below=_LOSES),
        "stop_loss_percent": Searched(_CENT, Decimal("99.99"), _CENT, below=frozenset({"stop_loss_inside_orders"})),
    }


def limits_of(
    model: type[BaseModel],
    preview: Callable[[Any], Preview],
    values: Mapping[str, Any],
    fields: Mapping[str, Searched],
) -> dict[str, Limit]:
    """The limits of ``fields`` for settings of ``model``, by what ``preview`` refuses."""

    def shown(wanted: Mapping[str, Any]) -> Preview | None:
        try:
            settings = model.model_validate(wanted)
        except ValidationError:
            return None
        return preview(settings)

    return limits_by_preview(shown, values, fields)
