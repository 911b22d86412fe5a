"""Crossings of a grid written out cell by cell, and the booking of orders onto cells."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from decimal import Decimal

from plugins.bot_trading.strategies.numbers import ZERO, exact
from plugins.bot_trading.strategies.protocol import Intent, Quote, Reduction, Result, Setup
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.state import EMPTY, Cell, GridState, expand, grid_levels
from plugins.bot_trading.strategies.spot_grid.tally import Tally

__all__ = ["CLOSE", "START", "assumed", "book", "closing_orders", "cross_cells", "reduce", "retry_cells"]

START = "start"
"""Label of the start purchase."""
CLOSE = "close"
"""Label of the market orders that end a grid."""


@exact
def cross_cells(setup: Setup[SpotGridSettings], state: GridState, quote: Quote) -> tuple[GridState, list[Intent]]:
    """What ``quote`` touches of what rested before it. The fills are not booked yet.

    A cell that waits for money rests again once the ask has left its level; one laid aside becomes empty where its
    sell would have filled.
    """
    cells, prices = list(expand(setup, state)), grid_levels(setup.settings, setup.market, state.shift)
    tally = Tally.of(setup.market, state)
    for index, cell in enumerate(cells):
        if cell.kind == "held" and quote.bid >= prices[index + 1]:
            tally.intents.append(
                Intent(
                    tally.next_key(),
                    "sell",
                    cell.volume,
                    prices[index + 1],
                    closes=cell.lot,
                    label=str(state.shift + index),
                )
            )
        elif (cell.kind == "aside" and quote.bid >= prices[index + 1]) or (
            cell.kind == "blocked" and quote.ask > prices[index]
        ):
            cells[index] = EMPTY
    was = expand(setup, state)
    for index in range(len(cells) - 1, -1, -1):
        if state.opening and was[index].kind == "empty" and quote.ask <= prices[index]:
            tally.intents.append(
                Intent(tally.next_key(), "buy", state.quantity, prices[index], label=str(state.shift + index))
            )
    return replace(state, cells=tuple(cells), seq=tally.seq), tally.intents


@exact
def retry_cells(
    setup: Setup[SpotGridSettings], state: GridState, quote: Quote, places: Set[int]
) -> tuple[GridState, list[Intent]]:
    """Place the buys of the cells at ``places`` anew: at once at the market where the ask is at or below their level."""
    cells, prices = list(expand(setup, state)), grid_levels(setup.settings, setup.market, state.shift)
    tally = Tally.of(setup.market, state)
    for index in sorted(places, reverse=True):
        if quote.ask <= prices[index]:
            tally.intents.append(
                Intent(
                    tally.next_key(), "buy", state.quantity, quote.ask, kind="market", label=str(state.shift + index)
                )
            )
        else:
            cells[index] = EMPTY
    return replace(state, cells=tuple(cells), seq=tally.seq), tally.intents


@exact
def closing_orders(setup: Setup[SpotGridSettings], state: GridState, quote: Quote) -> tuple[GridState, list[Intent]]:
    """One market close for each position that is held, but for those whose close is under way."""
    tally = Tally.of(setup.market, state)
    volumes: dict[str, Decimal] = {}
    for cell in expand(setup, state):
        if cell.kind == "held" and cell.lot not in state.pending:
            volumes[cell.lot] = volumes.get(cell.lot, ZERO) + cell.volume
    for lot, volume in volumes.items():
        tally.intents.append(
            Intent(tally.next_key(), "sell", volume, quote.bid, kind="market", closes=lot, label=CLOSE)
        )
    return replace(state, seq=tally.seq), tally.intents


def assumed(setup: Setup[SpotGridSettings], intents: Iterable[Intent]) -> list[Result]:
    """The results when every order fills at its expected price and commission."""
    return [Result(intent, intent.price, setup.market.fee(intent.volume, intent.price)) for intent in intents]


@exact
def book(setup: Setup[SpotGridSettings], state: GridState, results: Sequence[Result]) -> GridState:
    """Book what became of orders onto the cells; a refused buy leaves its cell waiting, a refused sell leaves it held."""
    cells, tally = list(expand(setup, state)), Tally.of(setup.market, state)
    for result in results:
        intent = result.intent
        if intent.label == START:
            _book_start(setup, state, cells, tally, result)
        elif intent.label == CLOSE:
            if result.error is None:
                _close(cells, tally, Reduction(intent.closes or "", intent.volume, result.price, result.fee), EMPTY)
        else:
            index = int(intent.label) - state.shift
            if intent.side == "buy":
                cells[index] = _bought(tally, result)
            elif result.error is None:
                cell = cells[index]
                tally.sold(intent.volume, result.price, result.fee, cell.paid, own=cell.own)
                cells[index] = EMPTY
    return replace(tally.onto(state), cells=tuple(cells))


@exact
def reduce(setup: Setup[SpotGridSettings], state: GridState, reduction: Reduction) -> GridState:
    """Take out what somebody else closed, from the highest cell of that position down; emptied cells are laid aside."""
    cells, tally = list(expand(setup, state)), Tally.of(setup.market, state)
    _close(cells, tally, reduction, Cell("aside"), counted=False)
    return replace(tally.onto(state), cells=tuple(cells))


def _bought(tally: Tally, result: Result) -> Cell:
    intent = result.intent
    if result.error is not None:
        return Cell("blocked")
    paid = tally.bought(intent.volume, result.price, result.fee)
    return Cell("held", intent.volume, paid, intent.key, own=intent.kind == "limit")


def _book_start(
    setup: Setup[SpotGridSettings], state: GridState, cells: list[Cell], tally: Tally, result: Result
) -> None:
    count = len(cells) - state.start_line
    if result.error is not None:
        cells[state.start_line :] = [Cell("blocked")] * count
        return
    paid = tally.bought(result.intent.volume, result.price, result.fee, counted=False)
    volume = state.quantity
    share = setup.market.notional(volume, result.price) + setup.market.fee(volume, result.price)
    cells[state.start_line :] = [
        Cell("held", volume, share if place < count - 1 else paid - (count - 1) * share, result.intent.key)
        for place in range(count)
    ]


def _close(cells: list[Cell], tally: Tally, reduction: Reduction, after: Cell, *, counted: bool = True) -> None:
    """Book the sale of a part of a position held by several cells, as one fill."""
    left, cost = reduction.volume, ZERO
    for index in range(len(cells) - 1, -1, -1):
        cell = cells[index]
        if left == ZERO or cell.kind != "held" or cell.lot != reduction.key:
            continue
        taken = min(left, cell.volume)
        left -= taken
        if taken == cell.volume:
            cost += cell.paid
            cells[index] = after
        else:
            part = (cell.paid * taken / cell.volume).quantize(cell.paid)
            cost += part
            cells[index] = replace(cell, volume=cell.volume - taken, paid=cell.paid - part)
    gone = reduction.volume - left
    if gone:
        tally.sold(gone, reduction.price, reduction.fee, cost, own=False, counted=counted)
