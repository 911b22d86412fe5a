"""Lists as files for spreadsheets and programs: CSV with raw numbers, times in UTC, every row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from litestar.response import Response

from core.web.tables import Column, cell

__all__ = ["csv_response", "csv_text"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Sequence[Column], rows: Iterable[Any]) -> str:
    """The rows as CSV (RFC 4180) under the columns' labels in the reader's language.

    A column of money whose currency is a key of the row is followed by a column of its own for the currency, once for
    each key. Decimals are written with a point and without grouping, times as RFC 3339 in UTC; a text that a spreadsheet
    would take for a formula gets an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    keys: list[tuple[str, str]] = []
    for column in columns:
        keys.append((column.key, str(column.label)))
        for extra in (column.currency if not column.currency.isupper() else "", column.sub):
            if extra and extra not in {key for key, _ in keys} and extra not in {other.key for other in columns}:
                keys.append((extra, extra))
    writer.writerow([label for _, label in keys])
    for row in rows:
        writer.writerow([_plain(cell(row, key)) for key, _ in keys])
    return out.getvalue()


def csv_response(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> Response[str]:
    """The rows as a download named ``<name>-<date>.csv``."""
    file = f"{name}-{datetime.now(UTC):%Y-%m-%d}.csv"
    return Response(
        csv_text(columns, rows),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{file}"'},
    )


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | UUID):
        return str(value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value.value if isinstance(value, Enum) else value)
    return "'" + text if text.startswith(_FORMULA) else text
