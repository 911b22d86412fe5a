"""Whether a grid may start, and what it would be."""

from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import Any

from plugins.bot_trading.strategies.numbers import ZERO, exact, floor_to, plain, to_tick
from plugins.bot_trading.strategies.protocol import Market, Order, Preview, Quote, Refusal, Setup
from plugins.bot_trading.strategies.spot_grid.follow import least_quantity
from plugins.bot_trading.strategies.spot_grid.levels import collapses, fitting_cells, levels
from plugins.bot_trading.strategies.spot_grid.settings import MAX_CELLS, SpotGridSettings

__all__ = ["preview", "suggest"]

Grid = Setup[SpotGridSettings]
_CENTS = Decimal("0.0001")


@exact
def preview(setup: Grid, quote: Quote, funds: Decimal | None) -> Preview:
    """Levels, size, first purchase and profit of the cells at ``quote`` (at the trigger price where there is one)."""
    settings, market = setup.settings, setup.market
    price = settings.trigger_price or quote.ask
    refusals = list(_prices(settings, price))
    if any(refusal.field == "upper" for refusal in refusals):
        return Preview(tuple(refusals))
    prices = levels(settings.lower, settings.upper, settings.cells, settings.spacing, market.tick)
    if collapses(prices):
        fit = fitting_cells(settings.lower, settings.upper, settings.spacing, market.tick, MAX_CELLS)
        return Preview((*refusals, _collapsed(fit)))
    profits = [_profit(setup, low, high) for low, high in pairwise(prices)]
    worst = min(range(settings.cells), key=lambda index: profits[index] / prices[index])
    if profits[worst] <= ZERO:
        refusals.append(_unprofitable(worst, prices[worst], prices[worst + 1]))
    line = sum(1 for level in prices[:-1] if level < price)
    held = settings.cells - line
    cost = sum((market.lot_cost(level) for level in prices[:line]), ZERO) + held * market.lot_cost(price)
    quantity = floor_to(settings.investment / cost, market.lot_step)
    refusals.extend(_sizes(setup, quantity, held, cost, prices[0]))
    if funds is not None and funds < settings.investment:
        refusals.append(_short(settings.investment - funds, market.currency))
    return Preview(
        tuple(refusals),
        levels=prices,
        quantity=quantity,
        needed=settings.investment,
        first_purchase=held * quantity,
        orders=_orders(prices, line, quantity),
        facts=_facts(setup, prices, profits, quantity, held, price),
    )


@exact
def suggest(market: Market, quote: Quote, capital: Decimal) -> dict[str, Any]:
    """A grid of 5 % to both sides of the price; its cells earn at least three times what they pay in commission."""
    lower, upper = to_tick(quote.ask * Decimal("0.95"), market.tick), to_tick(quote.ask * Decimal("1.05"), market.tick)
    found: dict[str, Any] = {"lower": lower, "upper": upper, "cells": 20, "investment": capital}
    for cells in (20, 16, 12, 10, 8, 6, 4):
        width = (upper - lower) / cells
        fees = 2 * (upper * market.fee_rate + market.fee_per_lot / market.contract)
        found["cells"] = cells
        settings = SpotGridSettings(lower=lower, upper=upper, cells=cells, investment=max(capital, Decimal(1)))
        if width >= 4 * fees and not preview(Setup(settings, market), quote, None).refusals:
            break
    return found


def _profit(setup: Grid, low: Decimal, high: Decimal) -> Decimal:
    """Profit of one lot bought at ``low`` and sold at ``high``, both commissions paid."""
    market = setup.market
    fees = (low + high) * market.contract * market.fee_rate + 2 * market.fee_per_lot
    return (high - low) * market.contract - fees


def _prices(settings: SpotGridSettings, price: Decimal) -> list[Refusal]:
    found = []
    if settings.upper <= settings.lower:
        found.append(
            Refusal(
                "range_is_empty",
                "The upper price must lie above the lower price.",
                "Raise the upper price or lower the lower price.",
                "upper",
            )
        )
    if settings.take_profit_price is not None and settings.take_profit_price <= price:
        found.append(
            Refusal(
                "take_profit_below_start",
                f"The take-profit price must lie above the start price {plain(price)}.",
                "Raise the take-profit price or leave it empty.",
                "take_profit_price",
            )
        )
    if settings.stop_loss_price is not None and settings.stop_loss_price >= min(price, settings.lower):
        found.append(
            Refusal(
                "stop_loss_inside_grid",
                "The stop-loss price must lie below the lower price and below the start price.",
                "Lower the stop-loss price or leave it empty.",
                "stop_loss_price",
            )
        )
    return found


def _collapsed(fit: int) -> Refusal:
    word = "cell fits" if fit == 1 else "cells fit"
    return Refusal(
        "levels_collapse_on_tick",
        f"The levels of so many cells fall on the same prices: at most {fit} {word}.",
        f"Choose at most {fit} cells, or a wider range.",
        "cells",
        {"cells": str(fit)},
    )


def _unprofitable(index: int, low: Decimal, high: Decimal) -> Refusal:
    return Refusal(
        "profit_per_grid_not_positive",
        f"Cell {index + 1}, from {plain(low)} to {plain(high)}, would earn nothing after commission.",
        "Choose fewer cells or a wider range.",
        "cells",
        {"cell": str(index + 1), "low": plain(low), "high": plain(high)},
    )


def _sizes(setup: Grid, quantity: Decimal, held: int, cost: Decimal, lowest: Decimal) -> list[Refusal]:
    market, found = setup.market, []
    least = least_quantity(setup, lowest)
    if quantity < least:
        money = plain_money((least * cost).quantize(_CENTS, rounding=ROUND_CEILING))
        found.append(
            Refusal(
                "investment_too_small",
                f"The orders would be smaller than the symbol allows: the least investment is {money} {market.currency}".rstrip()
                + ".",
                f"Invest at least {money}, or choose fewer cells.",
                "investment",
                {"least": money},
            )
        )
    largest = max(held, 1) * quantity
    if market.max_lot is not None and largest > market.max_lot:
        found.append(
            Refusal(
                "order_above_maximum",
                f"The largest order would be {plain(largest)} lots; the symbol allows {plain(market.max_lot)}.",
                "Invest less.",
                "investment",
                {"volume": plain(largest), "most": plain(market.max_lot)},
            )
        )
    return found


def plain_money(value: Decimal) -> str:
    """An amount with four decimals, the way it was rounded."""
    return format(value, "f")


def _short(by: Decimal, currency: str) -> Refusal:
    return Refusal(
        "insufficient_funds",
        f"The account is short by {plain(by)} {currency}".rstrip() + ".",
        "Invest less, or deposit first.",
        "investment",
        {"short": plain(by)},
    )


def _orders(prices: tuple[Decimal, ...], line: int, quantity: Decimal) -> tuple[Order, ...]:
    buys = [Order("buy", prices[index], quantity, "resting", str(index + 1)) for index in range(line)]
    sells = [
        Order("sell", prices[index + 1], quantity, "resting", str(index + 1)) for index in range(line, len(prices) - 1)
    ]
    return (*buys, *sells)


def _facts(
    setup: Grid, prices: tuple[Decimal, ...], profits: list[Decimal], quantity: Decimal, held: int, price: Decimal
) -> dict[str, str]:
    market, settings = setup.market, setup.settings
    each = [profit * quantity for profit in profits]
    rates = [profit / market.lot_cost(low) * 100 for profit, low in zip(profits, prices, strict=False)]
    # The worst that can happen down to the stop: every cell bought at its level, everything sold there.
    floor = settings.stop_loss_price or ZERO
    bought = sum((market.lot_cost(level) for level in prices[: len(profits) - held]), ZERO) * quantity
    bought += held * quantity * market.lot_cost(price)
    base = len(profits) * quantity
    back = market.notional(base, floor) - market.fee(base, floor)
    return {
        "price": plain(price),
        "profit_least": plain(min(each).quantize(_CENTS)),
        "profit_most": plain(max(each).quantize(_CENTS)),
        "rate_least": plain(min(rates).quantize(_CENTS)),
        "rate_most": plain(max(rates).quantize(_CENTS)),
        "worst_loss": plain((bought - back).quantize(_CENTS)),
        "worst_at": plain(floor),
    }
