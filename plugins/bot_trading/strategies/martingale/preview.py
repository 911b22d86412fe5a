"""Whether a Martingale of safety orders may start, and what it would be."""

from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles.tables import Held, break_even, funds_missing, preview_of, result_at
from plugins.bot_trading.strategies.martingale.safety import SafetyOrders
from plugins.bot_trading.strategies.martingale.settings import MartingaleSettings
from plugins.bot_trading.strategies.numbers import ZERO, ceil_to, exact, plain
from plugins.bot_trading.strategies.protocol import Level, Market, Preview, Quote, Refusal, Setup

__all__ = ["check_safety", "suggest_amounts"]

_CENT = Decimal("0.01")


@exact
def check_safety(setup: Setup[MartingaleSettings], rules: SafetyOrders, quote: Quote, funds: Decimal | None) -> Preview:
    """The preview of safety orders. They need the first order and all safety orders, which are reserved."""
    market, needed = setup.market, sum(rules.amounts, ZERO)
    first = quote.ask if rules.side == "buy" else quote.bid
    prices = [rules.price(first, level) for level in range(1, rules.levels + 1)]
    refusals = _distances(rules, prices)
    if refusals:
        return Preview(tuple(refusals), needed=ceil_to(needed, _CENT))
    held = [Held(rules.side, price, rules.volume(level, price)) for level, price in enumerate(prices, 1)]
    refusals = _sizes(market, held, rules)
    if any(one.volume <= ZERO for one in held):
        return Preview(tuple(refusals), levels=tuple(prices), needed=ceil_to(needed, _CENT))
    stop = rules.stop_price(first)
    table = tuple(
        _level(market, rules, held[: number + 1], first, last=number == len(held) - 1) for number in range(len(held))
    )
    for level in table:
        if level.profit is not None and level.profit <= ZERO:
            refusals.append(_losing(level))
            break
    if rules.side == "sell" and stop is None:
        refusals.append(
            Refusal(
                "stop_loss_needed",
                _("Selling short without a stop-loss has no worst case."),
                _("Set a stop-loss beyond the last safety order."),
                "stop_loss_percent",
            )
        )
    margin = sum((market.notional(one.volume, one.price) for one in held), ZERO) / market.leverage
    refusals += funds_missing("insufficient_funds", needed, funds, market.currency, "first_order")
    return preview_of(market, table, refusals, margin, needed, setup.settings.size_multiplier)


@exact
def suggest_amounts(setup: Setup[MartingaleSettings], capital: Decimal) -> Decimal:
    """The order with which the first and all safety orders of the default sizes use ``capital``."""
    parts = 1 + sum((setup.settings.size_multiplier**index for index in range(setup.settings.safety_orders)), ZERO)
    return max((capital / parts).quantize(_CENT, rounding=ROUND_FLOOR), _CENT)


def _level(market: Market, rules: SafetyOrders, held: list[Held], first: Decimal, *, last: bool) -> Level:
    one = held[-1]
    volume = sum((part.volume for part in held), ZERO)
    fees = sum((market.fee(part.volume, part.price) for part in held), ZERO)
    worth = sum((market.notional(part.volume, part.price) for part in held), ZERO)
    cost = worth + fees if rules.side == "buy" else worth - fees
    target = rules.target(cost / (volume * market.contract))
    floor = rules.stop_price(first)
    if floor is None:
        # Without a stop-loss the worst case of what was bought is a price of zero.
        floor = ZERO
    return Level(
        str(len(held)),
        one.side,
        one.price,
        one.volume,
        take_profit=target,
        break_even=break_even(market, held),
        profit=result_at(market, held, target),
        loss=result_at(market, held, floor) if last else None,
    )


def _distances(rules: SafetyOrders, prices: list[Decimal]) -> list[Refusal]:
    if min(prices) <= ZERO:
        return [
            Refusal(
                "levels_below_zero",
                _("The last safety orders would lie at or below a price of zero."),
                _("Choose a shorter step, a smaller step multiplier or fewer safety orders."),
                "step_percent",
            )
        ]
    if any(near == far for near, far in pairwise(prices)):
        return [
            Refusal(
                "levels_collapse_on_tick",
                _("Two orders would fall on the same price."),
                _("Choose a longer step."),
                "step_percent",
            )
        ]
    if rules.stop is not None and rules.stop <= rules.steps[-1]:
        deepest = plain((rules.steps[-1] * 100).normalize())
        return [
            Refusal(
                "stop_loss_inside_orders",
                _("The stop-loss must lie beyond the last safety order, which is {percent} % away.", percent=deepest),
                _("Choose more than {percent} %, or leave it empty.", percent=deepest),
                "stop_loss_percent",
                {"least": deepest},
            )
        ]
    return []


def _sizes(market: Market, held: list[Held], rules: SafetyOrders) -> list[Refusal]:
    found = []
    for number, one in enumerate(held):
        least = max(market.min_lot, market.lot_step)
        if market.min_notional > ZERO:
            least = max(least, ceil_to(market.min_notional / (market.contract * one.price), market.lot_step))
        if one.volume < least:
            money = plain(ceil_to(least * market.lot_cost(one.price), _CENT))
            found.append(
                Refusal(
                    "order_below_minimum",
                    _(
                        "Order {order} would be smaller than the symbol allows: it takes at least {least}.",
                        order=number + 1,
                        least=f"{money} {market.currency}".rstrip(),
                    ),
                    _("Choose a larger amount."),
                    "first_order" if number == 0 else "safety_order",
                    {"order": str(number + 1), "least": money},
                )
            )
            if number:
                break
    largest = max(one.volume for one in held)
    if market.max_lot is not None and largest > market.max_lot:
        found.append(
            Refusal(
                "order_above_maximum",
                _(
                    "The largest order would be {volume} lots; the symbol allows {most}.",
                    volume=plain(largest),
                    most=plain(market.max_lot),
                ),
                _("Choose smaller amounts, a smaller size multiplier or fewer orders."),
                "size_multiplier",
                {"volume": plain(largest), "most": plain(market.max_lot)},
            )
        )
    return found


def _losing(level: Level) -> Refusal:
    return Refusal(
        "take_profit_loses",
        _("The take-profit after order {order} would earn nothing once commission is paid.", order=level.label),
        _("Choose a larger take-profit."),
        "take_profit_percent",
        {"level": level.label},
    )
