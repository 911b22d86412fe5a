"""What the columns of a price file mean, and the checks every row passes.

Three layouts, told apart by their column names (order and further columns don't matter):

==========  ====================================================
ticks       ``ts_ms, bid, ask``
quote bars  ``ts_ms, bid_o, bid_h, bid_l, bid_c, ask_o … ask_c``
trade bars  ``ts_ms, open, high, low, close`` (``volume`` unused)
==========  ====================================================

Times are epoch milliseconds, UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from core.feeds.bars import BarPath, quotes_of_bars, spread_around
from core.feeds.ticks import PriceError, PriceScale, Ticks

Cell = str | int | float | Decimal | None

TIME: Final = "ts_ms"
_BAR: Final = ("open", "high", "low", "close")
_BID_BAR: Final = ("bid_o", "bid_h", "bid_l", "bid_c")
_ASK_BAR: Final = ("ask_o", "ask_h", "ask_l", "ask_c")


class PriceFileError(ValueError):
    """A price file that cannot be read: names the file and, where it is one cell, the row and the column.

    Rows count from 1, the line of names included, as an editor or a spreadsheet shows them.
    """

    def __init__(self, file: str, reason: str, *, row: int | None = None, column: str | None = None) -> None:
        where = file + (f", row {row}" if row is not None else "") + (f", column {column}" if column else "")
        super().__init__(f"{where}: {reason}")
        self.file, self.row, self.column, self.reason = file, row, column, reason


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to lay out prices: the columns of the bids and of the asks, one each for ticks, four for bars."""

    name: str
    bid: tuple[str, ...]
    ask: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read, the time first, none twice."""
        return tuple(dict.fromkeys((TIME, *self.bid, *self.ask)))

    @property
    def is_bars(self) -> bool:
        """Whether a row is a bar."""
        return len(self.bid) == 4


TICKS: Final = Layout("ticks", ("bid",), ("ask",))
QUOTE_BARS: Final = Layout("quote bars", _BID_BAR, _ASK_BAR)
TRADE_BARS: Final = Layout("trade bars", _BAR, _BAR)
LAYOUTS: Final = (TICKS, QUOTE_BARS, TRADE_BARS)


def layout_of(file: str, names: Sequence[str]) -> Layout:
    """The layout that a file's column names tell. Raises PriceFileError naming what is missing."""
    for layout in LAYOUTS:
        if set(layout.columns) <= set(names):
            return layout
    likeliest = max(LAYOUTS, key=lambda layout: len(set(layout.columns) & set(names)))
    missing = ", ".join(column for column in likeliest.columns if column not in names)
    known = "; ".join(f"{layout.name}: {', '.join(layout.columns)}" for layout in LAYOUTS)
    raise PriceFileError(file, f"the columns {missing} are missing ({known})")


@dataclass(frozen=True, slots=True)
class RowReader:
    """Turns rows of a file into quotes; every refusal names the file, the row and the column.

    `spread`: ticks between bid and ask laid around the prices of trade bars (0: bid = ask).
    """

    file: str
    layout: Layout
    scale: PriceScale
    path: BarPath = BarPath.CLOSE
    spread: int = 0

    def quotes(self, rows: Sequence[Sequence[Cell]], first_row: int, *, length_ms: int | None = None) -> Ticks:
        """The quotes of rows whose cells are in the order of `layout.columns`; `first_row` is the first one's number."""
        width = len(self.layout.bid)
        table = np.empty((len(rows), len(self.layout.columns)), dtype=np.int64)
        for index, row in enumerate(rows):
            table[index] = self._row(row, first_row + index)
        ts_ms, bid = table[:, 0].copy(), table[:, 1 : 1 + width]
        ask = bid if self.layout.ask == self.layout.bid else table[:, 1 + width :]
        if self.layout.is_bars:
            if self.layout is TRADE_BARS and self.spread:
                bid, ask = spread_around(bid, self.spread)
            return quotes_of_bars(ts_ms, bid, ask, self.path, length_ms=length_ms)
        return Ticks(ts_ms, bid[:, 0].copy(), ask[:, 0].copy())

    def _row(self, row: Sequence[Cell], number: int) -> list[int]:
        names = self.layout.columns
        values = [self._time(row[0], number)]
        for name, cell in zip(names[1:], row[1:], strict=True):
            if cell is None or cell == "":
                raise PriceFileError(self.file, "is empty", row=number, column=name)
            try:
                values.append(self.scale.ticks(cell.strip() if isinstance(cell, str) else cell))
            except PriceError as error:
                raise PriceFileError(self.file, str(error), row=number, column=name) from None
        self._check(values, number)
        return values

    def _time(self, cell: Cell, number: int) -> int:
        try:
            if cell is None or isinstance(cell, float) or (ts_ms := int(cell)) < 0:
                raise ValueError
        except (TypeError, ValueError):
            reason = f"{cell!r} is not a time in whole milliseconds since 1970"
            raise PriceFileError(self.file, reason, row=number, column=TIME) from None
        return ts_ms

    def _check(self, values: list[int], number: int) -> None:
        if self.layout.is_bars:
            for start in range(1, len(values), 4):
                self._check_bar(values[start : start + 4], self.layout.columns[start : start + 4], number)
        if self.layout.ask == self.layout.bid:
            return
        half = len(self.layout.bid)
        pairs = zip(values[1 : 1 + half], values[1 + half :], self.layout.ask, strict=True)
        for position, (bid, ask, name) in enumerate(pairs):
            # The extremes of the two sides come from different moments; only what is one moment can be compared.
            if ask < bid and (half == 1 or position in (0, 3)):
                raise PriceFileError(self.file, "the ask is below the bid", row=number, column=name)

    def _check_bar(self, bar: list[int], names: Sequence[str], number: int) -> None:
        open_, high, low, close = bar
        if high < max(open_, low, close):
            raise PriceFileError(self.file, "the high is below another price of its bar", row=number, column=names[1])
        if low > min(open_, close):
            raise PriceFileError(self.file, "the low is above another price of its bar", row=number, column=names[2])
