"""Whether a streak may start, and what it would be."""

from decimal import Decimal

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles.rules import ahead
from plugins.bot_trading.strategies.cycles.tables import (
    Held,
    break_even,
    funds_missing,
    preview_of,
    result_at,
    size_refusals,
    spread_refusal,
)
from plugins.bot_trading.strategies.numbers import ZERO, exact
from plugins.bot_trading.strategies.protocol import Level, Market, Preview, Quote, Refusal
from plugins.bot_trading.strategies.reverse_martingale.anti import Streak

__all__ = ["check_streak", "streak_table"]


@exact
def streak_table(market: Market, streak: Streak, quote: Quote) -> tuple[Level, ...]:
    """Level by level what the streak comes to: ``profit`` once it is won, ``loss`` (which may be a gain) once it is lost.

    For a multiplier of 2 the former is v·T(2^k−1), the latter v(T(2^(k−1)−1) − S·2^(k−1)), v being the value of a pip at
    the initial lot. Spreads are not in it.
    """
    price, won = quote.ask if streak.side == "buy" else quote.bid, ZERO
    table = []
    for number, volume in enumerate(streak.volumes, 1):
        held = [Held(streak.side, price, volume)]
        target, stop = ahead(streak.side, price, streak.profit), ahead(streak.side, price, -streak.stop)
        lost = won + result_at(market, held, stop)
        won += result_at(market, held, target)
        table.append(
            Level(
                str(number),
                streak.side,
                price,
                volume,
                take_profit=target,
                break_even=break_even(market, held),
                profit=won,
                loss=lost,
            )
        )
        price = target
    return tuple(table)


@exact
def check_streak(
    market: Market, streak: Streak, lot: Decimal, multiplier: Decimal, quote: Quote, funds: Decimal | None
) -> Preview:
    """The preview of a streak. It needs the margin of its largest level and its worst-case loss."""
    table = streak_table(market, streak, quote)
    margin = max(market.notional(level.volume, level.price) for level in table) / market.leverage
    worst = max(ZERO, *(-(level.loss or ZERO) for level in table))
    refusals = [*size_refusals(market, lot, streak.volumes, quote.bid), *spread_refusal(market, streak.stop, quote)]
    if table[0].profit is not None and table[0].profit <= ZERO:
        refusals.append(
            Refusal(
                "take_profit_loses",
                _("A winner would earn nothing once commission is paid."),
                _("Choose a longer take-profit."),
                "take_profit_pips",
                {"level": "1"},
            )
        )
    lowest = min(min(level.price for level in table), table[0].price - streak.stop)
    if lowest <= ZERO:
        refusals.append(
            Refusal(
                "levels_below_zero",
                _("Some levels would lie below a price of zero."),
                _("Choose a shorter take-profit, a closer stop-loss or fewer levels."),
                "take_profit_pips",
            )
        )
    needed = margin + worst
    refusals += funds_missing("margin_missing", needed, funds, market.currency, "initial_lot")
    return preview_of(market, table, refusals, margin, needed, multiplier)
