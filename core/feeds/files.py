"""Reads price files, CSV or Parquet, in parts that fit in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final

from core.feeds.bars import BarPath, bar_length_ms
from core.feeds.columns import Cell, Layout, PriceFileError, RowReader, layout_of
from core.feeds.ticks import PriceScale, Ticks

ROWS_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class PriceFile:
    """A file of ticks or bars, read as quotes of one instrument.

    `tick`: the instrument's price tick. `rounding`: prices off the tick go to the nearest instead of being refused.
    `path`: how bars become quotes. `spread`: ticks laid around the prices of trade bars.
    """

    path: Path
    tick: Decimal
    bars: BarPath = BarPath.CLOSE
    rounding: bool = False
    spread: int = 0

    def layout(self) -> Layout:
        """What the file's rows are. Raises PriceFileError."""
        if self._is_parquet:
            return layout_of(self._name, self._parquet().schema_arrow.names)
        return layout_of(self._name, self._csv_header())

    def parts(self) -> Iterator[Ticks]:
        """The file's quotes in order, some thousand at a time. Raises PriceFileError at the first bad row.

        The length of bars is read from the first part and holds for the whole file.
        """
        layout = self.layout()
        reader = RowReader(self._name, layout, PriceScale(self.tick, self.rounding), self.bars, self.spread)
        rows_by_part = self._parquet_rows(layout) if self._is_parquet else self._csv_rows(layout)
        length_ms: int | None = None
        number = 1 if self._is_parquet else 2
        for rows in rows_by_part:
            if length_ms is None and layout.is_bars:
                length_ms = bar_length_ms(RowReader(self._name, layout, reader.scale).quotes(rows, number).ts_ms)
            yield reader.quotes(rows, number, length_ms=length_ms)
            number += len(rows)

    def quotes(self) -> Ticks:
        """All quotes of the file."""
        return Ticks.join(self.parts())

    @property
    def _name(self) -> str:
        return self.path.name

    @property
    def _is_parquet(self) -> bool:
        return self.path.suffix.lower() in (".parquet", ".pq")

    def _csv_header(self) -> list[str]:
        with self._open_csv() as lines:
            return [name.strip() for name in next(csv.reader(lines), [])]

    def _open_csv(self) -> Any:
        try:
            # The mark that some spreadsheets put before the first name is not part of it.
            return self.path.open(newline="", encoding="utf-8-sig")
        except OSError as error:
            raise PriceFileError(self._name, f"cannot be opened: {error.strerror}") from error

    def _csv_rows(self, layout: Layout) -> Iterator[list[Sequence[Cell]]]:
        header = self._csv_header()
        places = [header.index(name) for name in layout.columns]
        with self._open_csv() as lines:
            rows = csv.reader(lines)
            next(rows)
            number = 2
            while part := list(islice(rows, ROWS_AT_ONCE)):
                count = len(part)
                while part and not part[-1]:
                    part.pop()  # empty lines at the end of a file are no rows
                for offset, row in enumerate(part):
                    if len(row) != len(header):
                        reason = f"has {len(row)} cells where the first line names {len(header)}"
                        raise PriceFileError(self._name, reason, row=number + offset)
                yield [[row[place] for place in places] for row in part]
                number += count

    def _parquet(self) -> Any:
        try:
            pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        except ImportError as error:
            remedy = "Parquet files need pyarrow: install the optional dependencies called demo"
            raise PriceFileError(self._name, remedy) from error
        try:
            return parquet.ParquetFile(self.path)
        except (OSError, pa.ArrowInvalid) as error:
            raise PriceFileError(self._name, f"cannot be opened: {error}") from error

    def _parquet_rows(self, layout: Layout) -> Iterator[list[Sequence[Cell]]]:
        file = self._parquet()
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(layout.columns)):
            columns = [batch.column(name).to_pylist() for name in layout.columns]
            yield [list(row) for row in zip(*columns, strict=True)]
