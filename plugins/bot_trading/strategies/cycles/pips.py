"""Checks and suggestions of ladders that count in pips."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles.ladder import Ladder, grown
from plugins.bot_trading.strategies.cycles.tables import (
    funds_missing,
    ladder_table,
    preview_of,
    size_refusals,
    spread_refusal,
)
from plugins.bot_trading.strategies.numbers import ZERO, ceil_to, exact, plain
from plugins.bot_trading.strategies.protocol import Level, Market, Preview, Quote, Refusal

__all__ = ["check_ladder", "losing_level", "smallest_lot", "suggest_pips"]

_STOP_SHARE = Decimal("0.0015")
"""A stop of so much of the price begins a form: 20 pips of EUR/USD."""


@exact
def check_ladder(
    market: Market,
    ladder: Ladder,
    lot: Decimal,
    multiplier: Decimal,
    quote: Quote,
    funds: Decimal | None,
    more: Sequence[Refusal] = (),
) -> Preview:
    """The preview of a ladder. It needs the margin of all its levels and its worst-case loss."""
    table, margin = ladder_table(market, ladder, quote)
    worst = -(table[-1].loss or ZERO)
    refusals = [*more, *size_refusals(market, lot, ladder.volumes, quote.bid), *losing_level(table)]
    refusals += spread_refusal(market, ladder.stop, quote)
    if min(level.price for level in table) - ladder.stop <= ZERO:
        refusals.append(
            Refusal(
                "levels_below_zero",
                _("The last levels would lie below a price of zero."),
                _("Choose a closer stop-loss or fewer levels."),
                "stop_loss_pips",
            )
        )
    needed = margin + max(worst, ZERO)
    refusals += funds_missing("margin_missing", needed, funds, market.currency, "initial_lot")
    return preview_of(market, table, refusals, margin, needed, multiplier)


def losing_level(table: Sequence[Level]) -> list[Refusal]:
    """The first level whose take-profit would lose."""
    for level in table:
        if level.profit is not None and level.profit < ZERO:
            return [
                Refusal(
                    "take_profit_loses",
                    _(
                        "The take-profit of level {level} would lose {loss}: it does not make good what the levels before"
                        " it have lost.",
                        level=level.label,
                        loss=plain(-level.profit),
                    ),
                    _("Choose a longer take-profit, a shorter stop-loss or fewer levels."),
                    "take_profit_pips",
                    {"level": level.label, "loss": plain(-level.profit)},
                )
            ]
    return []


@exact
def suggest_pips(market: Market, quote: Quote, capital: Decimal) -> Mapping[str, Any]:
    """A stop of 0.15 % of the price and at least five spreads, a take-profit 2.5 times as far, and a lot of which five
    doubled levels need about a quarter of the capital: the smallest one at least."""
    pip = market.pip_size
    stop = ceil_to(max(quote.ask * _STOP_SHARE, 5 * (quote.ask - quote.bid)), 2 * pip) / pip
    smallest, profit = smallest_lot(market, quote), stop * Decimal("2.5")
    ladder = Ladder("buy", grown(market, smallest, Decimal(2), 5), profit * pip, stop * pip)
    needed = check_ladder(market, ladder, smallest, Decimal(2), quote, None).needed
    times = max(1, int(capital / 4 / needed)) if needed > ZERO else 1
    if market.max_lot is not None:
        times = max(1, min(times, int(market.max_lot / (smallest * 16))))
    return {"initial_lot": smallest * times, "stop_loss_pips": stop, "take_profit_pips": profit}


@exact
def smallest_lot(market: Market, quote: Quote) -> Decimal:
    """The smallest order that the symbol allows at the price."""
    least = max(market.min_lot, market.lot_step)
    if market.min_notional > ZERO and quote.bid > ZERO:
        # A fifth more, so that a falling price does not make it too small at once.
        least = max(least, market.min_notional * Decimal("1.2") / (market.contract * quote.bid))
    return ceil_to(least, market.lot_step)
