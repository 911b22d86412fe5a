"""What a launch preview says of levels: profit and loss at each, break-even, and what stands against the settings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles.ladder import Ladder
from plugins.bot_trading.strategies.cycles.rules import ahead, opposite
from plugins.bot_trading.strategies.numbers import ZERO, ceil_to, exact, floor_to, plain
from plugins.bot_trading.strategies.protocol import Level, Market, Order, Preview, Quote, Refusal, Side
from plugins.bot_trading.strategies.words import Fact

__all__ = [
    "Held",
    "break_even",
    "funds_missing",
    "ladder_table",
    "preview_of",
    "result_at",
    "size_refusals",
    "spread_refusal",
]

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Held:
    """A level as it would be opened."""

    side: Side
    price: Decimal
    volume: Decimal


@exact
def result_at(market: Market, held: Iterable[Held], price: Decimal) -> Decimal:
    """Profit of everything held when it is closed at ``price``, both commissions paid."""
    total = ZERO
    for one in held:
        gain = market.notional(one.volume, price) - market.notional(one.volume, one.price)
        total += gain if one.side == "buy" else -gain
        total -= market.fee(one.volume, one.price) + market.fee(one.volume, price)
    return total


@exact
def break_even(market: Market, held: Sequence[Held]) -> Decimal | None:
    """The price at which closing everything brings nothing, on the tick at no loss; none where no price does."""
    signed = sum((one.volume if one.side == "buy" else -one.volume for one in held), ZERO)
    volume = sum((one.volume for one in held), ZERO)
    worth = sum((one.volume * one.price * (1 if one.side == "buy" else -1) for one in held), ZERO) * market.contract
    fees = sum((market.fee(one.volume, one.price) for one in held), ZERO) + market.fee_per_lot * volume
    slope = (signed - market.fee_rate * volume) * market.contract
    if slope == ZERO or (slope > ZERO) != (signed > ZERO):
        return None
    price = (worth + fees) / slope
    return ceil_to(price, market.tick) if signed > ZERO else floor_to(price, market.tick)


@exact
def ladder_table(market: Market, ladder: Ladder, quote: Quote) -> tuple[tuple[Level, ...], Decimal]:
    """The ladder's levels with what each would bring, and the margin when all are open.

    For a multiplier of 2 the profit at level k is v(T(2^k−1) − S(2^k−k−1)) and the loss at the end v·S(2^(n+1)−n−2), v
    being the value of a pip at the initial lot; for any multiplier, and for levels that turn, the levels are added up.
    Spreads are not in it.
    """
    price = quote.ask if ladder.side == "buy" else quote.bid
    held: list[Held] = []
    table = []
    for number, volume in enumerate(ladder.volumes, 1):
        side = ladder.side_of(number)
        held.append(Held(side, price, volume))
        target, stop = ahead(side, price, ladder.profit), ahead(side, price, -ladder.stop)
        last = number == ladder.levels
        table.append(
            Level(
                str(number),
                side,
                price,
                volume,
                take_profit=target,
                break_even=break_even(market, held),
                profit=result_at(market, held, target),
                loss=result_at(market, held, stop) if last else None,
            )
        )
        price = stop
    sides = {"buy": ZERO, "sell": ZERO}
    for one in held:
        sides[one.side] += market.notional(one.volume, one.price)
    return tuple(table), max(sides.values()) / market.leverage


@exact
def preview_of(
    market: Market,
    table: Sequence[Level],
    refusals: Sequence[Refusal],
    margin: Decimal,
    needed: Decimal,
    multiplier: Decimal,
) -> Preview:
    """The preview of a table of levels. ``needed`` is rounded up to the cent."""
    losses = [level.loss for level in table if level.loss is not None]
    profits = [level.profit for level in table if level.profit is not None]
    worst = max(ZERO, -min(losses, default=ZERO))
    first, rest = table[0], table[1:]
    orders = [Order(level.side, level.price, level.volume, "resting", level.label) for level in rest]
    if first.take_profit is not None:
        orders.append(Order(opposite(first.side), first.take_profit, first.volume, "take_profit", first.label))
    worst_cent, largest = worst.quantize(Decimal("0.0001")), max(level.volume for level in table)
    facts = {
        "price": plain(first.price),
        "profit_least": plain(min(profits).quantize(Decimal("0.0001"))),
        "profit_most": plain(max(profits).quantize(Decimal("0.0001"))),
        "worst_loss": plain(worst_cent),
        "margin": plain(ceil_to(margin, _CENT)),
        "largest": plain(largest),
        "multiplier": plain(multiplier),
    }
    return Preview(
        tuple(refusals),
        levels=tuple(level.price for level in table),
        quantity=first.volume,
        needed=ceil_to(needed, _CENT),
        first_purchase=first.volume,
        orders=tuple(orders),
        table=tuple(table),
        margin=ceil_to(margin, _CENT),
        facts=facts,
        summary=(
            Fact(_("Margin of all levels"), ceil_to(margin, _CENT)),
            Fact(_("First level, at once"), first.volume, "volume"),
            Fact(_("Largest level"), largest, "volume"),
            Fact(_("Profit of a won cycle"), min(profits), "money", max(profits)),
            *_even_of(table),
            Fact(_("Worst case of a cycle"), worst_cent, "money", loss=True),
        ),
    )


def _even_of(table: Sequence[Level]) -> list[Fact]:
    """The price at which everything is worth what it cost, once every level is open."""
    last = table[-1].break_even
    return [] if last is None else [Fact(_("Break-even with every level open"), last, "price")]


@exact
def size_refusals(market: Market, lot: Decimal, volumes: Sequence[Decimal], price: Decimal) -> list[Refusal]:
    """What stands against the lots of levels that are to grow."""
    found = []
    if floor_to(lot, market.lot_step) != lot:
        found.append(
            Refusal(
                "lot_off_step",
                _("Sizes of this symbol are multiples of {step} lots.", step=plain(market.lot_step)),
                _("Choose a size on that step."),
                "initial_lot",
                {"step": plain(market.lot_step)},
            )
        )
    for number in range(1, len(volumes)):
        if volumes[number] <= volumes[number - 1]:
            found.append(
                Refusal(
                    "lots_do_not_grow",
                    _(
                        "Level {level} would be no larger than level {before}: {volume} lots, rounded down to the lot step.",
                        level=number + 1,
                        before=number,
                        volume=plain(volumes[number]),
                    ),
                    _("Choose a larger initial lot or a larger multiplier."),
                    "multiplier",
                    {"level": str(number + 1), "volume": plain(volumes[number])},
                )
            )
            break
    least = max(market.min_lot, market.lot_step)
    if price > ZERO and market.min_notional > ZERO:
        least = max(least, ceil_to(market.min_notional / (market.contract * price), market.lot_step))
    if volumes[0] < least:
        found.append(
            Refusal(
                "order_below_minimum",
                _("The symbol allows no order below {least} lots.", least=plain(least)),
                _("Choose an initial lot of at least {least}.", least=plain(least)),
                "initial_lot",
                {"least": plain(least)},
            )
        )
    return [*found, *_too_large(market, volumes)]


def _too_large(market: Market, volumes: Sequence[Decimal]) -> list[Refusal]:
    largest = max(volumes)
    if market.max_lot is None or largest <= market.max_lot:
        return []
    return [
        Refusal(
            "order_above_maximum",
            _(
                "The largest order would be {volume} lots; the symbol allows {most}.",
                volume=plain(largest),
                most=plain(market.max_lot),
            ),
            _("Choose a smaller first order, a smaller multiplier or fewer levels."),
            None,
            {"volume": plain(largest), "most": plain(market.max_lot)},
        )
    ]


@exact
def spread_refusal(market: Market, stop: Decimal, quote: Quote) -> list[Refusal]:
    """A stop below three spreads is reached by the spread's own breathing."""
    spread = quote.ask - quote.bid
    if stop >= 3 * spread:
        return []
    least = ceil_to(3 * spread, market.pip_size) / market.pip_size
    return [
        Refusal(
            "stop_loss_below_three_spreads",
            _("The stop-loss must be at least three spreads away: {least} pips now.", least=plain(least)),
            _("Choose a stop-loss of at least {least} pips.", least=plain(least)),
            "stop_loss_pips",
            {"least": plain(least), "spread": plain(spread)},
        )
    ]


@exact
def funds_missing(code: str, needed: Decimal, funds: Decimal | None, currency: str, field: str) -> list[Refusal]:
    """Nothing where ``funds`` suffice or are not looked at."""
    needed = ceil_to(needed, _CENT)
    if funds is None or funds >= needed:
        return []
    short = needed - funds
    return [
        Refusal(
            code,
            _(
                "The bot needs {needed}; the account is short by {short}.",
                needed=f"{plain(needed)} {currency}".rstrip(),
                short=f"{plain(short)} {currency}".rstrip(),
            ),
            _("Choose smaller sizes or fewer levels, or deposit first."),
            field,
            {"needed": plain(needed), "short": plain(short)},
        )
    ]
