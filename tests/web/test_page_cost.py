"""Lists stay cheap however many rows are behind them: found over one table, joined for the page alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import Runtime
from core.web.bench.measuring import measure
from core.web.reading import list_accounts, list_ledger, list_orders, list_positions
from core.web.reading.sql import Source
from core.web.tables import TableQuery

ROWS = 2_000


@pytest.fixture(scope="module")
def platform(servers_for_tests: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with servers_for_tests.fresh_database() as name:
        settings = servers_for_tests.settings(tmp_path_factory.mktemp("cost"), name)
        prepare(settings, Runtime())
        with build_platform(settings, Runtime()) as built:
            yield built


def test_each_list_is_measured_beside_the_floor_of_the_same_run(platform: Platform) -> None:
    """How much it costs is for ``tradeyard bench pages`` to say: a machine that does other things would decide it here."""
    result = measure(platform, ROWS, 2)
    document = result.document()
    assert len(result.pages) > 15
    assert all(page.size > 1_000 for page in result.pages)
    assert document["to_floor"].keys() >= {"/admin/accounts", "/admin/orders", "/admin/customers"}
    assert all(ratio > 0 for ratio in document["to_floor"].values())


def test_pages_never_overlap_and_count_all(platform: Platform) -> None:
    """After the measurement its brokerage is still there, with equal times among its rows."""
    tenant = next(iter(platform.snapshot.current.tenants))
    lists: dict[str, Any] = {
        "accounts": list_accounts,
        "orders": list_orders,
        "positions": list_positions,
        "ledger": list_ledger,
    }
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    with platform.database.tenant(tenant) as session:
        event.listen(session.get_bind(), "before_cursor_execute", note)
        for name, read in lists.items():
            first, second = read(session, TableQuery(size=50)), read(session, TableQuery(page=2, size=50))
            ids = [row.id for row in (*first.rows, *second.rows)]
            assert len(set(ids)) == 100, name
            assert first.total >= ROWS, name
            assert first.total == second.total, name
            last = read(session, TableQuery(page=first.total // 50 + 1, size=50))
            assert len(last.rows) == first.total % 50, name
        event.remove(session.get_bind(), "before_cursor_execute", note)
    counted = [statement for statement in statements if "count(*)" in statement]
    assert counted
    assert not [statement for statement in counted if " join " in statement]


def test_only_what_is_named_is_joined() -> None:
    source = Source(
        "core.orders o", {"a": ((), "join accounts a"), "s": ((), "join symbols s"), "c": (("a",), "join c")}
    )
    assert source.naming(" where o.status = :status") == " from core.orders o"
    assert source.naming("s.code") == " from core.orders o join symbols s"
    assert source.naming("c.name ilike :text") == " from core.orders o join accounts a join c"
    assert source.sql == " from core.orders o join accounts a join symbols s join c"
