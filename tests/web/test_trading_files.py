"""Accounts, positions and orders as files: every row under the filters, raw decimals, UTC."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from tests.web.world import Brokerage, Browser, World


def test_lists_of_trading_are_files_under_their_filters(world: World, browser: Callable[[Brokerage], Browser]) -> None:
    owner = browser(world.north).sign_in("owner")

    def rows(path: str) -> list[dict[str, str]]:
        answer = owner.get(path)
        assert answer.headers["content-type"].startswith("text/csv"), path
        return list(csv.DictReader(io.StringIO(answer.text)))

    accounts = rows("/admin/accounts.csv?search=ann")
    assert [(row["Balance"], row["currency"], row["Status"]) for row in accounts] == [
        ("10000.000000000000", "USD", "active")
    ]
    assert len(rows("/admin/accounts.csv")) == 2
    assert [row["Symbol"] for row in rows("/admin/positions.csv?side=buy")] == ["EURUSD"]
    assert rows("/admin/positions.csv?side=sell") == []
    assert len(rows("/admin/orders.csv")) == 2
    assert len(rows("/admin/orders.csv?status=open")) == 1
    assert 'href="/admin/orders.csv?status=open"' in owner.get("/admin/orders?status=open&page=1").text
    assert browser(world.north).get("/admin/orders.csv").status_code == 303
