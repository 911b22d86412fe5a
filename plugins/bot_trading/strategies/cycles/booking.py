"""Books what became of orders onto the levels of a cycle, and ends the cycle once everything is closed."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from plugins.bot_trading.strategies.cycles.guards import day_of
from plugins.bot_trading.strategies.cycles.settings import CycleSettings
from plugins.bot_trading.strategies.cycles.state import CycleState, Rung
from plugins.bot_trading.strategies.numbers import ZERO, exact, plain
from plugins.bot_trading.strategies.protocol import WAITS, Intent, LogEntry, Market, Quote, Reduction, Result

__all__ = ["BY_HAND", "assumed", "booked", "finished", "reduced"]

BY_HAND = "closed_by_hand"
"""Why a cycle ended of which somebody else has closed the last position."""


def assumed(market: Market, intents: Sequence[Intent]) -> list[Result]:
    """The results when every order fills at its expected price and commission."""
    return [Result(intent, intent.price, market.fee(intent.volume, intent.price)) for intent in intents]


@exact
def booked(market: Market, state: CycleState, results: Sequence[Result], quote: Quote) -> CycleState:
    """The state with the results; a refused opening waits for money, a refused close stays to be closed."""
    for result in results:
        if result.intent.closes is not None:
            state = _closed(market, state, result, quote)
        elif result.error is None:
            state = _opened(market, state, result)
        else:
            state = replace(state, waits=result.error)
    used = max((int(result.intent.key) for result in results), default=0)
    return replace(state, seq=max(state.seq, used))


@exact
def reduced(market: Market, state: CycleState, reduction: Reduction, quote: Quote) -> CycleState:
    """The state once somebody else has closed a level, or a part of it."""
    for index, rung in enumerate(state.rungs):
        if rung.key == reduction.key:
            volume = min(rung.volume, reduction.volume)
            return _taken(market, state, index, volume, reduction.price, reduction.fee, quote, fills=0)
    return state


@exact
def finished(settings: CycleSettings, state: CycleState, quote: Quote) -> tuple[CycleState, list[LogEntry]]:
    """The state and the log once nothing is held any more; a cycle of which something is held goes on."""
    if state.rungs or not state.level:
        return state, []
    # A streak may end with a stop and have earned all the same.
    won = state.exit == "take_profit" or state.cycle_realised > ZERO
    log = [
        LogEntry(
            "cycle_won" if won else "cycle_lost",
            {"profit": plain(state.cycle_realised), "level": str(state.level), "why": state.exit},
        )
    ]
    calm = state.exit != "take_profit" and settings.cooldown_s > 0
    state = replace(
        state,
        cycle_profit=state.cycle_profit + state.cycle_realised,
        cycle_realised=ZERO,
        cycles=state.cycles + 1,
        wins=state.wins + won,
        until_ms=quote.ts_ms + settings.cooldown_s * 1000 if calm else state.until_ms,
        level=0,
        exit="",
        waits="",
    )
    most = {"once": 1, "count": settings.cycles, "repeat": None}[settings.repeat]
    if state.stage == "closing":
        state = replace(state, stage="ended")
    elif state.winding:
        state = replace(state, stage="ended", reason="wound_down")
    elif most is not None and state.cycles >= most:
        state = replace(state, stage="ended", reason="cycles_done")
    if state.stage == "ended" and state.reason != "stopped":
        log.append(LogEntry(state.reason, {"price": plain(quote.bid), "cycles": str(state.cycles)}))
    return state, log


def _opened(market: Market, state: CycleState, result: Result) -> CycleState:
    intent = result.intent
    value = market.notional(intent.volume, result.price)
    cost = value + result.fee if intent.side == "buy" else result.fee - value
    level = int(intent.label)
    rung = Rung(level, intent.side, intent.volume, result.price, cost, intent.key)
    return replace(
        state,
        rungs=(*state.rungs, rung),
        level=level,
        anchor=result.price,
        first=result.price if level == 1 else state.first,
        fees=state.fees + result.fee,
        fills=state.fills + 1,
        waits="",
    )


def _closed(market: Market, state: CycleState, result: Result, quote: Quote) -> CycleState:
    intent = result.intent
    for index, rung in enumerate(state.rungs):
        if rung.key != intent.closes:
            continue
        if result.error is None:
            return _taken(market, state, index, intent.volume, result.price, result.fee, quote, fills=1)
        rung = replace(rung, leaving=True, pending=result.error == WAITS)
        return replace(state, rungs=(*state.rungs[:index], rung, *state.rungs[index + 1 :]))
    return state


def _taken(
    market: Market,
    state: CycleState,
    index: int,
    volume: Decimal,
    price: Decimal,
    fee: Decimal,
    quote: Quote,
    *,
    fills: int,
) -> CycleState:
    rung = state.rungs[index]
    whole = volume == rung.volume
    cost = rung.cost if whole else (rung.cost * volume / rung.volume).quantize(Decimal("1e-12"))
    value = market.notional(volume, price)
    proceeds = value - fee if rung.side == "buy" else -(value + fee)
    profit = proceeds - cost
    left = () if whole else (replace(rung, volume=rung.volume - volume, cost=rung.cost - cost),)
    day = day_of(quote.ts_ms)
    return replace(
        state,
        rungs=(*state.rungs[:index], *left, *state.rungs[index + 1 :]),
        cycle_realised=state.cycle_realised + profit,
        fees=state.fees + fee,
        fills=state.fills + fills,
        day=day,
        day_realised=profit + (state.day_realised if day == state.day else ZERO),
    )
