"""What follows fills within the same quote: compounding, trailing, and the end."""

from dataclasses import replace
from decimal import Decimal

from plugins.bot_trading.strategies.numbers import ZERO, ceil_to, exact, floor_to, plain
from plugins.bot_trading.strategies.protocol import LogEntry, Quote, Setup
from plugins.bot_trading.strategies.spot_grid.levels import level
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.state import GridState, expand, grid_levels

__all__ = ["affordable", "compound", "least_quantity", "next_above", "next_below", "trail"]

Grid = Setup[SpotGridSettings]


def next_above(setup: Grid, shift: int) -> Decimal:
    """The level that would follow the highest one."""
    s = setup.settings
    return level(s.lower, s.upper, s.cells, s.spacing, setup.market.tick, shift + s.cells + 1)


def next_below(setup: Grid, shift: int) -> Decimal | None:
    """The level that would precede the lowest one; None where it would not lie apart on the tick, above zero."""
    s = setup.settings
    price = level(s.lower, s.upper, s.cells, s.spacing, setup.market.tick, shift - 1)
    lowest = level(s.lower, s.upper, s.cells, s.spacing, setup.market.tick, shift)
    return price if ZERO < price < lowest else None


@exact
def least_quantity(setup: Grid, lowest: Decimal) -> Decimal:
    """The smallest order that symbol and venue accept at the lowest level."""
    market = setup.market
    by_notional = ceil_to(market.min_notional / (lowest * market.contract), market.lot_step)
    return max(by_notional, market.min_lot, market.lot_step)


@exact
def affordable(setup: Grid, state: GridState) -> Decimal:
    """The size at which the grid's own cash pays for a buy in every cell that holds nothing."""
    prices = grid_levels(setup.settings, setup.market, state.shift)
    if state.cells is None:
        empties = prices[: state.line]
    else:
        empties = tuple(price for price, cell in zip(prices, state.cells, strict=False) if cell.kind != "held")
    cost = sum((setup.market.lot_cost(price) for price in empties), ZERO)
    return floor_to(state.cash / cost, setup.market.lot_step) if cost else state.quantity


@exact
def compound(setup: Grid, state: GridState) -> tuple[GridState, list[LogEntry]]:
    """Deal the grid's cash anew over the cells that hold nothing."""
    quantity = affordable(setup, state)
    if setup.market.max_lot is not None:
        quantity = min(quantity, setup.market.max_lot)
    prices = grid_levels(setup.settings, setup.market, state.shift)
    if quantity == state.quantity or quantity < least_quantity(setup, prices[0]):
        return state, []
    entry = LogEntry("compounded", {"from": plain(state.quantity), "to": plain(quantity)})
    # What the line says about held cells goes by one size for all of them.
    cells = None if state.cells is None and state.line == len(prices) - 1 else expand(setup, state)
    return replace(state, quantity=quantity, cells=cells), [entry]


@exact
def trail(setup: Grid, state: GridState, quote: Quote) -> tuple[GridState, list[LogEntry]]:
    """Move the grid after the price, a cell at a time."""
    if not state.opening:
        return state, []
    before, count = state.shift, setup.settings.cells
    while setup.settings.trailing_up and state.cells is None and state.line == count:
        if quote.bid < next_above(setup, state.shift) or (moved := _up(setup, state)) is None:
            break
        state = moved
    while setup.settings.trailing_down and (below := next_below(setup, state.shift)) is not None:
        if quote.ask > below or any(cell.kind != "held" for cell in expand(setup, state)):
            break
        cells = expand(setup, state)
        # The highest cell's holding becomes the new lowest cell's: no trade, and its sale is no grid profit.
        state = replace(state, shift=state.shift - 1, cells=(replace(cells[-1], own=False), *cells[:-1]))
    if state.shift == before:
        return state, []
    prices = grid_levels(setup.settings, setup.market, state.shift)
    code = "trailed_up" if state.shift > before else "trailed_down"
    facts = {"cells": str(abs(state.shift - before)), "lower": plain(prices[0]), "upper": plain(prices[-1])}
    return state, [LogEntry(code, facts)]


def _up(setup: Grid, state: GridState) -> GridState | None:
    """One cell up, with all cells empty; None where the grid's cash no longer pays for the smallest orders there."""
    moved = replace(state, shift=state.shift + 1, high=setup.settings.cells)
    most = affordable(setup, moved)
    if most < least_quantity(setup, grid_levels(setup.settings, setup.market, moved.shift)[0]):
        return None
    return replace(moved, quantity=most if setup.settings.compounding else min(most, state.quantity))
