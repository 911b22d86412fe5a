"""What the address says about a table."""

from __future__ import annotations

from core.web.tables import Column, Filter, Table, TableQuery

COLUMNS = (Column("name", "Name", sort=True), Column("profit", "P&L", "pnl", sort=True), Column("note", "Note"))
FILTERS = (
    Filter("search", "Search", "search"),
    Filter("side", "Side", "select", (("buy", "Buy"),)),
    Filter("since", "From", "date"),
)


def test_unknown_values_fall_back() -> None:
    query = TableQuery.read(
        {"sort": "-note", "page": "minus", "size": "7", "side": "sideways", "since": "yesterday", "search": "  ann "},
        COLUMNS, FILTERS, sort="-profit",
    )  # fmt: skip
    assert (query.page, query.size, query.sort, query.descending) == (1, 25, "profit", True)
    assert dict(query.filters) == {"search": "ann"}


def test_links_keep_everything_but_what_they_change() -> None:
    query = TableQuery.read({"sort": "name", "page": "3", "side": "buy"}, COLUMNS, FILTERS)
    table = Table("t", COLUMNS, [], query, 130, "/things", {"tab": "open"}, FILTERS)
    assert table.link(page=4) == "/things?tab=open&sort=name&page=4&side=buy"
    assert table.sort_link(COLUMNS[0]) == "/things?tab=open&sort=-name&side=buy"
    assert table.sort_link(COLUMNS[1]) == "/things?tab=open&sort=-profit&side=buy"  # numbers begin with the largest
    assert table.sorted(COLUMNS[0]) == "ascending"
    assert (table.pages, table.window()) == (6, [1, 2, 3, 4, 0, 6])


def test_two_tables_of_a_page_do_not_meet() -> None:
    params = {"a_page": "2", "b_page": "5", "a_sort": "-name"}
    one, other = (TableQuery.read(params, COLUMNS, prefix=prefix) for prefix in ("a_", "b_"))
    assert (one.page, one.descending, other.page, other.sort) == (2, True, 5, "")
    assert one.params(page=3) == {"a_sort": "-name", "a_page": "3"}
