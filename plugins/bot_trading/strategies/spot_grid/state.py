"""The state of a Spot Grid.

A grid whose cells are all regular is a line: the cells below ``line`` are empty, those from it on hold. Cells between
``line`` and ``high`` were bought by their own order; those from ``high`` on hold what was bought at the start. Anything
else (a cell that waits for money, one closed by hand, sizes that differ) is written out cell by cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, cast

from plugins.bot_trading.strategies.numbers import ZERO, exact, plain
from plugins.bot_trading.strategies.protocol import Market, Setup, Stage
from plugins.bot_trading.strategies.spot_grid.levels import levels
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings

__all__ = ["EMPTY", "Cell", "GridState", "compact", "dump", "expand", "grid_levels", "load", "start_shares"]

Kind = Literal["empty", "held", "blocked", "aside"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: ``empty`` (a buy rests), ``held`` (a sell rests), ``blocked`` (its buy waits for money) or ``aside``.

    A cell is laid aside when its holding was closed by hand; it becomes empty again where its sell would have filled.

    :ivar paid: what the holding cost, commission included.
    :ivar lot: key of the order that opened it.
    :ivar own: whether its own order bought it, at its own limit; only then its sale is grid profit.
    """

    kind: Kind
    volume: Decimal = ZERO
    paid: Decimal = ZERO
    lot: str = ""
    own: bool = False


EMPTY = Cell("empty")


@dataclass(frozen=True, slots=True)
class GridState:
    """Everything a grid knows. Money in the quote currency, volumes in lots."""

    stage: Stage = "waiting"
    reason: str = ""
    opening: bool = True
    winding: bool = False
    trigger_below: bool = False
    """Whether the trigger price lies below the price at the launch."""
    quantity: Decimal = ZERO
    start_price: Decimal = ZERO
    start_line: int = 0
    start_key: str = ""
    shift: int = 0
    """Index of the lowest level; trailing moves it."""
    line: int = 0
    high: int = 0
    lots: tuple[str, ...] = ()
    """Opening keys of the cells from ``high`` − 1 down to ``line``."""
    cells: tuple[Cell, ...] | None = None
    pending: tuple[str, ...] = ()
    """Positions whose market close waits, for the market to open or for a venue's answer."""
    seq: int = 0
    cash: Decimal = ZERO
    grid_profit: Decimal = ZERO
    inventory_realised: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0
    pairs: int = 0


def grid_levels(settings: SpotGridSettings, market: Market, shift: int) -> tuple[Decimal, ...]:
    """The levels that the grid covers now, lowest first."""
    return levels(settings.lower, settings.upper, settings.cells, settings.spacing, market.tick, shift)


@exact
def start_shares(market: Market, state: GridState, cells: int) -> tuple[Decimal, Decimal]:
    """What each cell's share of the start purchase cost, and the share of the highest cell, which takes the rest."""
    count = cells - state.start_line
    if count == 0:
        return ZERO, ZERO
    share = market.notional(state.quantity, state.start_price) + market.fee(state.quantity, state.start_price)
    volume = count * state.quantity
    whole = market.notional(volume, state.start_price) + market.fee(volume, state.start_price)
    return share, whole - (count - 1) * share


@exact
def expand(setup: Setup[SpotGridSettings], state: GridState) -> tuple[Cell, ...]:
    """The cells of the state, written out."""
    if state.cells is not None:
        return state.cells
    market, count, quantity = setup.market, setup.settings.cells, state.quantity
    prices = grid_levels(setup.settings, market, state.shift)
    cells = [EMPTY] * state.line
    for index in range(state.line, state.high):
        paid = market.notional(quantity, prices[index]) + market.fee(quantity, prices[index])
        cells.append(Cell("held", quantity, paid, state.lots[state.high - 1 - index], own=True))
    if state.high < count:
        share, last = start_shares(market, state, count)
        cells.extend([Cell("held", quantity, share, state.start_key)] * (count - state.high - 1))
        cells.append(Cell("held", quantity, last, state.start_key))
    return tuple(cells)


def compact(setup: Setup[SpotGridSettings], state: GridState) -> GridState:
    """The state as a line where its cells are regular again; otherwise unchanged."""
    cells = state.cells
    if cells is None:
        return state
    line = next((index for index, cell in enumerate(cells) if cell.kind != "empty"), len(cells))
    high = next((index for index in range(line, len(cells)) if not cells[index].own), len(cells))
    lots = tuple(cells[index].lot for index in range(high - 1, line - 1, -1))
    candidate = replace(state, line=line, high=high, lots=lots, cells=None)
    return candidate if expand(setup, candidate) == cells else state


_MONEY = ("quantity", "start_price", "cash", "grid_profit", "inventory_realised", "fees")
_PLAIN = (
    *("stage", "reason", "opening", "winding", "trigger_below", "start_line", "start_key", "shift"),
    *("line", "high", "seq", "fills", "pairs"),
)


def dump(state: GridState) -> dict[str, Any]:
    """The state as JSON-able data."""
    data: dict[str, Any] = {name: getattr(state, name) for name in _PLAIN}
    data.update({name: plain(getattr(state, name)) for name in _MONEY})
    data["lots"], data["pending"] = list(state.lots), list(state.pending)
    if state.cells is not None:
        data["cells"] = [_dump_cell(cell) for cell in state.cells]
    return data


def load(data: Mapping[str, Any]) -> GridState:
    """The inverse of :func:`dump`."""
    fields: dict[str, Any] = {name: data[name] for name in _PLAIN}
    fields.update({name: Decimal(data[name]) for name in _MONEY})
    cells = data.get("cells")
    fields["cells"] = None if cells is None else tuple(_load_cell(cell) for cell in cells)
    return GridState(lots=tuple(data["lots"]), pending=tuple(data["pending"]), **fields)


def _dump_cell(cell: Cell) -> list[Any]:
    if cell.kind != "held":
        return [cell.kind]
    return [cell.kind, plain(cell.volume), plain(cell.paid), cell.lot, cell.own]


def _load_cell(data: list[Any]) -> Cell:
    kind = cast(Kind, data[0])
    if kind != "held":
        return Cell(kind)
    return Cell(kind, Decimal(data[1]), Decimal(data[2]), str(data[3]), bool(data[4]))
