"""One page of a query: conditions, order and count, put together from parts that this package writes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, text

from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["Page", "Where", "page_of"]

T = TypeVar("T")


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


def page_of(
    session: TenantSession,
    select: str,
    source: str,
    where: Where,
    query: TableQuery,
    *,
    sorts: Mapping[str, str],
    default: str,
    unique: str,
) -> tuple[Sequence[Row[Any]], int]:
    """The rows of the page that ``query`` asks for, and the count.

    :param sorts: the SQL of each sortable key; a key that is not there is sorted by ``default``.
    :param unique: a column that settles the order of equal rows, so that pages never overlap.
    """
    direction = "desc" if query.descending else "asc"
    chosen = sorts.get(query.sort)
    order = f"{chosen} {direction} nulls last" if chosen else default
    bound = {**where.values, "limit": query.size, "offset": query.offset}
    rows = session.execute(
        text(f"select {select} {source}{where.sql} order by {order}, {unique} limit :limit offset :offset"),
        bound,
    ).all()
    if len(rows) < query.size and (rows or query.page == 1):
        return rows, query.offset + len(rows)
    total = session.execute(text(f"select count(*) {source}{where.sql}"), where.values).scalar_one()
    return rows, int(total)
