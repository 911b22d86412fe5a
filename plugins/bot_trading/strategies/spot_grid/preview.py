"""Whether a grid may start, and what it would be."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import Any

from core.sdk.text import _, _n
from plugins.bot_trading.strategies.numbers import ZERO, ceil_to, exact, floor_to, plain, to_tick
from plugins.bot_trading.strategies.protocol import Level, Market, Order, Preview, Quote, Refusal, Setup
from plugins.bot_trading.strategies.spot_grid.follow import least_quantity
from plugins.bot_trading.strategies.spot_grid.levels import collapses, fitting_cells, levels
from plugins.bot_trading.strategies.spot_grid.settings import MAX_CELLS, SpotGridSettings
from plugins.bot_trading.strategies.words import Fact

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
    facts = _facts(setup, prices, profits, quantity, held, price)
    return Preview(
        tuple(refusals),
        levels=prices,
        quantity=quantity,
        needed=settings.investment,
        first_purchase=held * quantity,
        orders=_orders(prices, line, quantity),
        table=_cells(market, prices, profits, quantity),
        facts={name: plain(value) for name, value in facts.items()},
        summary=_summary(settings, facts, quantity, held, line),
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
                _("The upper price must lie above the lower price."),
                _("Raise the upper price or lower the lower price."),
                "upper",
            )
        )
    if settings.take_profit_price is not None and settings.take_profit_price <= price:
        found.append(
            Refusal(
                "take_profit_below_start",
                _("The take-profit price must lie above the start price {price}.", price=plain(price)),
                _("Raise the take-profit price or leave it empty."),
                "take_profit_price",
            )
        )
    if settings.stop_loss_price is not None and settings.stop_loss_price >= min(price, settings.lower):
        found.append(
            Refusal(
                "stop_loss_inside_grid",
                _("The stop-loss price must lie below the lower price and below the start price."),
                _("Lower the stop-loss price or leave it empty."),
                "stop_loss_price",
            )
        )
    return found


def _collapsed(fit: int) -> Refusal:
    return Refusal(
        "levels_collapse_on_tick",
        _n(
            "The levels of so many cells fall on the same prices: at most {count} cell fits.",
            "The levels of so many cells fall on the same prices: at most {count} cells fit.",
            fit,
        ),
        _n("Choose at most {count} cell, or a wider range.", "Choose at most {count} cells, or a wider range.", fit),
        "cells",
        {"cells": str(fit)},
    )


def _unprofitable(index: int, low: Decimal, high: Decimal) -> Refusal:
    return Refusal(
        "profit_per_grid_not_positive",
        _(
            "Cell {cell}, from {low} to {high}, would earn nothing after commission.",
            cell=index + 1,
            low=plain(low),
            high=plain(high),
        ),
        _("Choose fewer cells or a wider range."),
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
                _(
                    "The orders would be smaller than the symbol allows: the least investment is {least}.",
                    least=f"{money} {market.currency}".rstrip(),
                ),
                _("Invest at least {least}, or choose fewer cells.", least=money),
                "investment",
                {"least": money},
            )
        )
    largest = max(held, 1) * quantity
    if market.max_lot is not None and largest > market.max_lot:
        found.append(
            Refusal(
                "order_above_maximum",
                _(
                    "The largest order would be {volume} lots; the symbol allows {most}.",
                    volume=plain(largest),
                    most=plain(market.max_lot),
                ),
                _("Invest less."),
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
        _("The account is short by {amount}.", amount=f"{plain(by)} {currency}".rstrip()),
        _("Invest less, or deposit first."),
        "investment",
        {"short": plain(by)},
    )


def _orders(prices: tuple[Decimal, ...], line: int, quantity: Decimal) -> tuple[Order, ...]:
    buys = [Order("buy", prices[index], quantity, "resting", str(index + 1)) for index in range(line)]
    sells = [
        Order("sell", prices[index + 1], quantity, "resting", str(index + 1)) for index in range(line, len(prices) - 1)
    ]
    return (*buys, *sells)


def _cells(market: Market, prices: tuple[Decimal, ...], profits: list[Decimal], quantity: Decimal) -> tuple[Level, ...]:
    return tuple(
        Level(
            str(index + 1),
            "buy",
            low,
            quantity,
            take_profit=high,
            break_even=_break_even(market, [(low, quantity)]),
            profit=(profits[index] * quantity).quantize(_CENTS),
        )
        for index, (low, high) in enumerate(pairwise(prices))
    )


def _facts(
    setup: Grid, prices: tuple[Decimal, ...], profits: list[Decimal], quantity: Decimal, held: int, price: Decimal
) -> dict[str, Decimal]:
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
        "price": price,
        "profit_least": min(each).quantize(_CENTS),
        "profit_most": max(each).quantize(_CENTS),
        "rate_least": min(rates).quantize(_CENTS),
        "rate_most": max(rates).quantize(_CENTS),
        "worst_loss": (bought - back).quantize(_CENTS),
        "worst_at": floor,
        "break_even": _break_even(market, [(price, held * quantity)]) or ZERO,
        "break_even_all": _break_even(
            market, [(price, held * quantity), *((one, quantity) for one in prices[: len(profits) - held])]
        )
        or ZERO,
    }


def _break_even(market: Market, bought: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """The price at which selling (price, lots) brings what they cost, commission of both sides paid; none of nothing."""
    lots = sum((volume for _price, volume in bought), ZERO)
    if not lots:
        return None
    cost = sum((volume * market.lot_cost(price) for price, volume in bought), ZERO)
    return ceil_to((cost / lots + market.fee_per_lot) / (market.contract * (1 - market.fee_rate)), market.tick)


def _summary(
    settings: SpotGridSettings, facts: Mapping[str, Decimal], quantity: Decimal, held: int, line: int
) -> tuple[Fact, ...]:
    at_once = (
        [Fact(_("Bought at once"), held * quantity, "volume")]
        if held
        else [Fact(_("Bought at once"), _("Nothing"), "text")]
    )
    worst = (
        _("Worst case, at the stop-loss price")
        if settings.stop_loss_price
        else _("Worst case, were the price to fall to nothing")
    )
    even = [Fact(_("Break-even of what is bought at once"), facts["break_even"], "price")] if held else []
    return (
        *at_once,
        Fact(_("Each order"), quantity, "volume"),
        Fact(_("Orders that rest"), Decimal(held + line), "number"),
        Fact(_("Profit of a cell"), facts["profit_least"], "money", facts["profit_most"]),
        Fact(_("Profit of a cell in percent"), facts["rate_least"], "percent", facts["rate_most"]),
        *even,
        Fact(_("Break-even once every cell is bought"), facts["break_even_all"], "price"),
        Fact(worst, facts["worst_loss"], "money", loss=True),
    )
