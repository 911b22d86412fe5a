"""One event of a grid worked off whole: what fills, and what follows from it within the same quote.

The same code runs twice where an order is refused or booked otherwise than expected: first with the results assumed,
then with those that came back.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from plugins.bot_trading.strategies.numbers import ZERO, exact, floor_to, plain
from plugins.bot_trading.strategies.protocol import WAITS, Intent, LogEntry, Quote, Result, Setup, Stage, Step
from plugins.bot_trading.strategies.spot_grid.cells import (
    START,
    assumed,
    book,
    closing_orders,
    cross_cells,
    retry_cells,
)
from plugins.bot_trading.strategies.spot_grid.follow import compound, least_quantity, trail
from plugins.bot_trading.strategies.spot_grid.line import cross_line
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.state import GridState, compact, expand, grid_levels

__all__ = ["Booker", "assume", "begin", "cross", "end", "replay", "resume"]

Grid = Setup[SpotGridSettings]
Booker = Callable[[Grid, Sequence[Intent]], list[Result]]


def assume(setup: Grid, intents: Sequence[Intent]) -> list[Result]:
    """The booker of the first run: every order fills as expected."""
    return assumed(setup, intents)


def replay(results: Sequence[Result]) -> Booker:
    """The booker of the second run: the results that came back, found by what each order was for."""
    known = {(result.intent.label, result.intent.side, result.intent.closes): result for result in results}

    def found(_setup: Grid, intents: Sequence[Intent]) -> list[Result]:
        return [
            known.get((intent.label, intent.side, intent.closes))
            or Result(intent, intent.price, ZERO, error="not_placed")
            for intent in intents
        ]

    return found


@exact
def begin(setup: Grid, state: GridState, quote: Quote, booker: Booker) -> Step[GridState]:
    """Start at the quote: cells whose lower level is at or above the ask are bought at once."""
    settings, market, price = setup.settings, setup.market, quote.ask
    prices = grid_levels(settings, market, state.shift)
    line = sum(1 for level in prices[:-1] if level < price)
    held = settings.cells - line
    cost = sum((market.lot_cost(level) for level in prices[:line]), ZERO) + held * market.lot_cost(price)
    quantity = floor_to(settings.investment / cost, market.lot_step)
    if quantity < least_quantity(setup, prices[0]):
        ended = replace(state, stage="ended", reason="investment_too_small")
        return Step(ended, log=(LogEntry("investment_too_small", {"price": plain(price)}, alert=True),))
    state = replace(
        state,
        stage="active",
        quantity=quantity,
        start_price=price,
        start_line=line,
        line=line,
        high=line,
        seq=state.seq + 1,
        start_key=str(state.seq + 1),
    )
    log = [LogEntry("started", {"price": plain(price), "quantity": plain(quantity), "held": str(held)})]
    if not held:
        return Step(state, (), tuple(log))
    buy = Intent(state.start_key, "buy", held * quantity, price, kind="market", label=START)
    results = booker(setup, [buy])
    state = compact(setup, book(setup, state, results))
    return Step(state, (buy,), (*log, *_refused(results)))


@exact
def cross(setup: Grid, state: GridState, quote: Quote, booker: Booker) -> Step[GridState]:
    """Answer a quote: fills, then what follows from them."""
    before, waiting = state, _waiting(setup, state, ("blocked",)) if state.cells is not None else set()
    if state.cells is None and booker is assume:
        state, intents = cross_line(setup, state, quote)
        results = []
    else:
        state, intents = cross_cells(setup, state, quote)
        results = booker(setup, intents)
        state = book(setup, state, results)
    sold = any(intent.side == "sell" for intent in intents)
    if sold and waiting and state.opening:
        # Only what waited before this quote: what it has just refused is tried again later.
        state, more = retry_cells(setup, state, quote, waiting & _waiting(setup, state, ("blocked",)))
        again = booker(setup, more)
        state = book(setup, state, again)
        intents, results = [*intents, *more], [*results, *again]
    log = [*_filled(before, state, intents), *_refused(results)]
    return _follow(setup, state, quote, booker, intents, log, sold=sold)


@exact
def resume(
    setup: Grid, state: GridState, quote: Quote, booker: Booker, kinds: Sequence[str] = ("empty", "blocked", "aside")
) -> Step[GridState]:
    """Place buys anew from the real inventory; those at or above the ask execute at once, at the market."""
    state, intents = retry_cells(setup, state, quote, _waiting(setup, state, kinds))
    results = booker(setup, intents)
    state = compact(setup, book(setup, state, results))
    return Step(_keep_keys(state, results), tuple(intents), tuple(_refused(results)))


@exact
def end(setup: Grid, state: GridState, quote: Quote, booker: Booker, reason: str, *, close: bool) -> Step[GridState]:
    """End the grid, or go on with it; ``close`` sells what it holds at the market, one order for each position."""
    again = state.stage == "closing"
    intents: list[Intent] = []
    results: list[Result] = []
    stage: Stage = "ended"
    if close:
        state, intents = closing_orders(setup, state, quote)
        results = booker(setup, intents)
        state = book(setup, state, results)
        # What is refused is tried on the next quote; a close that waits is booked when its fill comes.
        under_way = tuple(result.intent.closes for result in results if result.error == WAITS and result.intent.closes)
        state = replace(state, pending=(*state.pending, *under_way))
        stage = "closing" if any(cell.kind == "held" for cell in expand(setup, state)) else "ended"
    state = replace(_keep_keys(state, results), stage=stage, reason=reason, opening=False)
    told = () if again else (LogEntry(reason, {"price": plain(quote.bid)}),)
    return Step(state, tuple(intents), (*told, *_refused(results)))


def _follow(
    setup: Grid,
    state: GridState,
    quote: Quote,
    booker: Booker,
    intents: list[Intent],
    log: list[LogEntry],
    *,
    sold: bool,
) -> Step[GridState]:
    if sold and setup.settings.compounding and state.opening:
        state, entries = compound(setup, compact(setup, state))
        log.extend(entries)
    state, entries = trail(setup, compact(setup, state), quote)
    state = compact(setup, state)
    log.extend(entries)
    reason = _ends(setup.settings, quote)
    if reason is None and state.winding and all(cell.kind != "held" for cell in expand(setup, state)):
        reason = "wound_down"
    if reason is not None:
        step = end(setup, state, quote, booker, reason, close=setup.settings.on_stop == "close")
        state, intents, log = step.state, [*intents, *step.intents], [*log, *step.log]
    return Step(state, tuple(intents), tuple(log))


def _waiting(setup: Grid, state: GridState, kinds: Sequence[str]) -> set[int]:
    return {index for index, cell in enumerate(expand(setup, state)) if cell.kind in kinds}


def _ends(settings: SpotGridSettings, quote: Quote) -> str | None:
    if settings.stop_loss_price is not None and quote.bid <= settings.stop_loss_price:
        return "stop_loss"
    if settings.take_profit_price is not None and quote.bid >= settings.take_profit_price:
        return "take_profit"
    return None


def _keep_keys(state: GridState, results: Sequence[Result]) -> GridState:
    """Never give out a key again that an order of the first run already carries."""
    used = [int(result.intent.key) for result in results]
    return replace(state, seq=max([state.seq, *used]))


def _filled(before: GridState, after: GridState, intents: Sequence[Intent]) -> list[LogEntry]:
    log = []
    for side, code in (("buy", "bought"), ("sell", "sold")):
        prices = [plain(intent.price) for intent in intents if intent.side == side]
        if prices:
            log.append(LogEntry(code, {"count": str(len(prices)), "prices": ", ".join(prices[:10])}))
    if after.grid_profit != before.grid_profit:
        log.append(LogEntry("round_trips", {"profit": plain(after.grid_profit - before.grid_profit)}))
    return log


def _refused(results: Sequence[Result]) -> list[LogEntry]:
    """One entry for each kind of refusal; buys that lack money raise one alert together."""
    log = []
    for code in dict.fromkeys(result.error for result in results if result.error is not None):
        count = sum(1 for result in results if result.error == code)
        opens = any(result.error == code and result.intent.closes is None for result in results)
        log.append(LogEntry("blocked" if opens else "close_waits", {"reason": code, "orders": str(count)}, alert=opens))
    return log
