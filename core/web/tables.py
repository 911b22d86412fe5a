"""Tables that the server sorts, filters and pages: what they are made of, and what the address bar says about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

__all__ = ["Action", "Column", "Empty", "Filter", "Table", "TableQuery"]

PAGE_SIZES = (25, 50, 100)
MAX_PAGE = 10_000


@dataclass(frozen=True)
class Action:
    """Something to do with a row or a page. ``dialog`` opens ``href`` in a dialog, which asks before anything happens."""

    label: str
    href: str
    icon: str = ""
    dialog: bool = False
    danger: bool = False
    primary: bool = False
    disabled: str = ""
    """Why it cannot be done now; empty when it can."""


@dataclass(frozen=True)
class Column:
    """A column. ``kind`` says how its values are written:

    ``text``, ``number``, ``money``, ``pnl`` (money with sign and colour), ``price``, ``volume``, ``percent``, ``change``
    (percent with sign and colour), ``time``, ``day``, ``ago``, ``status``, ``status_text`` (without its colour), ``side``,
    ``symbol``, ``origin``, ``flag``, ``code`` or ``custom`` (the page's own ``call`` block writes it).
    """

    key: str
    label: str
    kind: str = "text"
    sort: bool = False
    currency: str = ""
    """For money: the row's key that holds the currency, or a currency itself in capitals."""
    digits: str | int | None = None
    """For prices and numbers: digits, or the row's key that holds the tick or the digits."""
    href: Callable[[Any], str] | None = None
    sub: str = ""
    """The row's key of a second, quieter line in the same cell."""
    tag: str = ""
    """The row's key of a few words on a badge in the same cell; empty: no badge."""
    hint: str = ""
    wide: str = ""
    """Shown only from this width on: ``md``, ``lg`` or ``xl``; phones show every column that has none."""
    heading: bool = False
    """The cell that titles the row's card on a phone; by default the first."""

    @property
    def numeric(self) -> bool:
        """Whether values line up at the end of the cell."""
        return self.kind in {"number", "money", "pnl", "price", "volume", "percent", "change"}


@dataclass(frozen=True)
class Filter:
    """A control above the table: ``search``, ``select`` (with ``choices``) or ``date``."""

    key: str
    label: str
    kind: str = "select"
    choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class TableQuery:
    """What the reader asked of one table; everything comes from, and goes back to, the address."""

    page: int = 1
    size: int = PAGE_SIZES[0]
    sort: str = ""
    descending: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    @classmethod
    def read(
        cls,
        params: Mapping[str, Any],
        columns: Sequence[Column],
        filters: Sequence[Filter] = (),
        *,
        sort: str = "",
        prefix: str = "",
        size: int = PAGE_SIZES[0],
    ) -> TableQuery:
        """From a request's query parameters; anything unknown or out of range falls back to its default.

        ``sort`` is the default, ``-`` before the key for descending. ``prefix`` keeps two tables of one page apart.
        """
        wanted = str(params.get(prefix + "sort", "") or sort)
        key = wanted.lstrip("-")
        if key not in {c.key for c in columns if c.sort}:
            wanted, key = sort, sort.lstrip("-")
        chosen: dict[str, str] = {}
        for item in filters:
            value = str(params.get(prefix + item.key, "") or "").strip()[:120]
            if item.kind == "select" and value not in {choice for choice, _ in item.choices}:
                value = ""
            if item.kind == "date" and value and not _is_date(value):
                value = ""
            if value:
                chosen[item.key] = value
        asked = _integer(params.get(prefix + "size"), size)
        return cls(
            page=min(max(1, _integer(params.get(prefix + "page"), 1)), MAX_PAGE),
            size=asked if asked in PAGE_SIZES else size,
            sort=key,
            descending=wanted.startswith("-"),
            filters=chosen,
            prefix=prefix,
        )

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.size

    def get(self, key: str) -> str:
        """The value of a filter, or an empty text."""
        return self.filters.get(key, "")

    def params(self, **changes: Any) -> dict[str, str]:
        """The query parameters of this view with some of them changed; defaults are left out."""
        sort = ("-" if self.descending else "") + self.sort if self.sort else ""
        values: dict[str, Any] = {"sort": sort, "size": self.size, "page": self.page, **self.filters} | changes
        if values.get("page") == 1:
            values.pop("page")
        if values.get("size") == PAGE_SIZES[0]:
            values.pop("size")
        return {self.prefix + key: str(value) for key, value in values.items() if value not in ("", None)}


@dataclass(frozen=True)
class Empty:
    """What a table says when there is nothing: a sentence on why, and what to do about it."""

    title: str = "Nothing here yet"
    text: str = ""
    icon: str = "inbox"
    action: Action | None = None


@dataclass(frozen=True)
class Table:
    """One page of rows, ready to be drawn by ``ui.table``. Rows are mappings or objects, read by the columns' keys."""

    id: str
    columns: Sequence[Column]
    rows: Sequence[Any]
    query: TableQuery = TableQuery()
    total: int | None = None
    """Rows in all; none for a table that is never paged."""
    path: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)
    """Other query parameters of the page (its tab), kept by every link of the table."""
    filters: Sequence[Filter] = ()
    empty: Empty = Empty()
    actions: Callable[[Any], Sequence[Action]] | None = None
    select: str = ""
    """The row's key that a bulk action sends as ``ids``; empty: rows cannot be selected."""
    bulk: Sequence[Action] = ()
    row_id: Callable[[Any], str] | None = None
    """The element id of a row, for live updates of that row alone."""
    caption: str = ""
    footer: Mapping[str, str] | None = None
    """Totals by column key, already written."""
    export: str = ""
    """Address of the same rows as CSV."""

    @property
    def heading(self) -> str:
        """The key of the column that titles a row on a phone."""
        return next((c.key for c in self.columns if c.heading), self.columns[0].key if self.columns else "")

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-(self.total or 0) // self.query.size))

    @property
    def filtered(self) -> bool:
        """Whether a filter hides rows."""
        return bool(self.query.filters)

    def link(self, **changes: Any) -> str:
        """The address of this page with the table seen otherwise; leaving the page number starts again at the first."""
        params = dict(self.keep) | self.query.params(**({"page": 1} | changes))
        return self.path + ("?" + urlencode(params) if params else "?" if not self.path else "")

    def sort_link(self, column: Column) -> str:
        """Sort by the column, or turn its order around; numbers start with the largest."""
        if self.query.sort == column.key:
            return self.link(sort=column.key if self.query.descending else "-" + column.key)
        return self.link(sort=("-" if column.numeric or column.kind in {"time", "ago", "day"} else "") + column.key)

    def sorted(self, column: Column) -> str:
        """The value of ``aria-sort``."""
        if self.query.sort != column.key:
            return "none"
        return "descending" if self.query.descending else "ascending"

    def window(self) -> list[int]:
        """The page numbers to offer; 0 stands for a gap."""
        near = {1, self.pages, *range(self.query.page - 1, self.query.page + 2)}
        shown = sorted(n for n in near if 1 <= n <= self.pages)
        out: list[int] = []
        for number in shown:
            if out and number - out[-1] > 1:
                out.append(0)
            out.append(number)
        return out


def cell(row: Any, key: str) -> Any:
    """A row's value by key: an item of a mapping, else an attribute; a missing one is none."""
    if isinstance(row, Mapping):
        return row.get(key)
    return getattr(row, key, None)


def _integer(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
