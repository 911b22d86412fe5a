"""One page of a query: conditions, order and count, put together from parts that this package writes itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Row, text

from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["OWN", "Page", "Source", "Where", "page_of"]

T = TypeVar("T")

OWN: Final = "account_id = any(array(select id from core.accounts where customer_id = :customer))"
"""The accounts of one customer; read once for a statement, so that the accounts' own indexes serve."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of one page, and how many there are in all."""

    rows: Sequence[T]
    total: int


@dataclass
class Where:
    """Conditions with their values. Texts of conditions are constants of this package; values are always bound."""

    parts: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: str, **values: Any) -> Where:
        """One more condition, which all rows must meet."""
        self.parts.append(condition)
        self.values |= values
        return self

    def contains(self, value: str, *columns: str, otherwise: str = "") -> Where:
        """Whether one of the columns has the text in it, however it is written; or another condition holds."""
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions = [f"{column} ilike :contains" for column in columns] + ([otherwise] if otherwise else [])
        return self.add("(" + " or ".join(conditions) + ")", contains=f"%{escaped}%")

    @property
    def sql(self) -> str:
        """The clause."""
        return " where " + " and ".join(self.parts) if self.parts else ""


@dataclass(frozen=True)
class Source:
    """Where rows come from: a table, and tables that it leads to by one row each.

    A page is found, and all rows are counted, over the table and what conditions and order name of the others; only the
    rows of the page are joined with all. Joining ten thousand rows for the sake of twenty-five was most of a list's time.

    :ivar base: the table with its alias, such as ``core.orders o``; it has a column ``id``.
    :ivar joins: by alias, in order, each inner and on exactly one row; the aliases that it needs itself, and its SQL.
    """

    base: str
    joins: Mapping[str, tuple[tuple[str, ...], str]]

    @property
    def alias(self) -> str:
        """The table's own."""
        return self.base.split()[-1]

    @property
    def sql(self) -> str:
        """The table with all that it leads to."""
        return self._with(self.joins)

    def naming(self, *parts: str) -> str:
        """The table with those of the others that the given texts name."""
        wanted = {name for part in parts for name in _ALIAS.findall(part)}
        for name, (needs, _join) in reversed(list(self.joins.items())):
            if name in wanted:
                wanted.update(needs)
        return self._with(wanted)

    def _with(self, names: Collection[str]) -> str:
        return " ".join([f" from {self.base}", *(join for name, (_, join) in self.joins.items() if name in names)])


_ALIAS: Final = re.compile(r"\b([a-z]\w*)\.")


def page_of(
    session: TenantSession,
    select: str,
    source: Source | str,
    where: Where,
    query: TableQuery,
    *,
    sorts: Mapping[str, str],
    default: str,
    unique: str = "",
) -> tuple[Sequence[Row[Any]], int]:
    """The rows of the page that ``query`` asks for, and the count.

    :param source: for lists that stay short, the whole ``from`` clause as a text.
    :param sorts: the SQL of each sortable key; a key that is not there is sorted by ``default``.
    :param unique: a column that settles the order of equal rows, so that pages never overlap; a :class:`Source` has its own.
    """
    direction = "desc" if query.descending else "asc"
    chosen = sorts.get(query.sort)
    unique = unique if isinstance(source, str) else f"{source.alias}.id"
    # The identifier goes the way of the order before it, for then one index serves both.
    last = direction if chosen else "desc" if default.endswith("desc") else "asc"
    order = (f"{chosen} {direction} nulls last" if chosen else default) + f", {unique} {last}"
    bound = {**where.values, "limit": query.size, "offset": query.offset}
    if isinstance(source, str):
        counted = whole = source
        condition = f"{where.sql} order by {order} limit :limit offset :offset"
    else:
        counted, whole = source.naming(where.sql), source.sql
        found = (
            f"select {unique} {source.naming(where.sql, order)}{where.sql} order by {order} limit :limit offset :offset"
        )
        condition = f" where {unique} = any(array({found})) order by {order}"
    rows = session.execute(text(f"select {select} {whole}{condition}"), bound).all()
    if len(rows) < query.size and (rows or query.page == 1):
        return rows, query.offset + len(rows)
    total = session.execute(text(f"select count(*) {counted}{where.sql}"), where.values).scalar_one()
    return rows, int(total)
