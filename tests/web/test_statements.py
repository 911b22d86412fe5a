"""Statements: periods that meet, parts that add up, the same rows on the page and in the file; each customer their own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from core.trading.services import close_positions, correct, deposit, withdraw
from core.trading.types import Origin
from core.web.reading.statements import statement_of
from core.web.statements import period_of
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]


def _trade_and_pay(world: World) -> Any:
    """A closed position, payments each way, and a day of the past for what came first."""
    ann = world.north.customers["ann"]
    assert ann.account is not None
    with world.platform.database.tenant(world.north.tenant_id) as session:
        close_positions(
            session, [(world.north.ids["position_id"], None, "statement")], origin=Origin(), reason="manual"
        )
    with world.platform.database.tenant(world.north.tenant_id) as session:
        deposit(session, ann.account, Decimal("500.25"), key="s1", actor="test", note="Second deposit")
        withdraw(session, ann.account, Decimal("100"), key="s2", actor="test", note="Paid out")
        correct(session, ann.account, Decimal("-0.25"), key="s3", actor="test", note="Rounding")
    return ann.account


@pytest.mark.parametrize(
    ("asked", "zone", "first", "last", "since"),
    [
        (("2026-02", "", ""), "UTC", date(2026, 2, 1), date(2026, 2, 28), "2026-02-01T00:00:00+00:00"),
        (("2024-02", "", ""), "Asia/Tokyo", date(2024, 2, 1), date(2024, 2, 29), "2024-01-31T15:00:00+00:00"),
        (
            ("", "2026-03-28", "2026-03-29"),
            "Europe/Berlin",
            date(2026, 3, 28),
            date(2026, 3, 29),
            "2026-03-27T23:00:00+00:00",
        ),
        (("", "2026-03-29", "2026-03-28"), "UTC", date(2026, 3, 28), date(2026, 3, 29), "2026-03-28T00:00:00+00:00"),
        (("nonsense", "tomorrow", ""), "UTC", None, None, None),
    ],
    ids=["month", "leap-year-in-tokyo", "the-day-clocks-change", "turned-around", "unreadable-is-this-month"],
)
def test_periods(
    asked: tuple[str, str, str], zone: str, first: date | None, last: date | None, since: str | None
) -> None:
    found = period_of(*asked, zone)
    if first is None or since is None:
        today = datetime.now(UTC).date()
        assert (found.first, found.last.month) == (today.replace(day=1), today.month)
        return
    assert (found.first, found.last) == (first, last)
    assert found.since == datetime.fromisoformat(since)
    if zone == "Europe/Berlin":
        assert found.until - found.since == timedelta(hours=47), "one of the two days has 23 hours"


def test_statements_of_following_periods_meet_and_add_up(world: World) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        session.execute(text("update core.account_types set commission_kind = 'per_lot', commission = 7"))
    account = _trade_and_pay(world)
    with world.platform.database.tenant(world.north.tenant_id) as session:
        moments = (
            session.execute(
                text("select distinct booked_at from core.ledger_entries where account_id = :id order by 1"),
                {"id": account},
            )
            .scalars()
            .all()
        )
        assert len(moments) >= 3
        early, late = moments[0] - timedelta(days=1), moments[-1] + timedelta(seconds=1)
        whole = statement_of(session, account, early, late)
        balance = session.execute(
            text("select balance from core.accounts where id = :id"), {"id": account}
        ).scalar_one()
        assert (whole.opening, whole.closing) == (0, balance)
        assert whole.adds_up
        parts = dict(whole.parts)
        charged, earned = session.execute(
            text("select sum(commission), sum(profit) from core.fills where account_id = :id"), {"id": account}
        ).one()
        assert charged > 0
        assert (whole.commission, whole.profit) == (-charged, earned)
        assert (parts["deposit"], parts["withdrawal"], parts["correction"]) == (
            Decimal("10500.25"), Decimal("-100"), Decimal("-0.25"),
        )  # fmt: skip
        for moment in moments:
            # Wherever the cut is, the one ends as the other begins.
            before, after = statement_of(session, account, early, moment), statement_of(session, account, moment, late)
            assert before.closing == after.opening
            assert before.change + after.change == whole.change
            assert before.adds_up
            assert after.adds_up


def test_the_page_and_the_file_say_the_same(world: World, browser: Fresh) -> None:
    account = _trade_and_pay(world)
    me = browser(world.north).sign_in("ann")
    page = me.get("/statements").text
    for words in ("Opening balance", "Deposits", "Withdrawals", "Corrections", "Closing balance", "Second deposit"):
        assert words in page, words
    answer = me.get(f"/statements/ledger.csv?account={account}")
    assert answer.headers["content-disposition"].startswith('attachment; filename="ledger-')
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (rows[0]["Entry"], rows[-1]["Entry"]) == ("Opening balance", "Closing balance")
    total = Decimal(rows[0]["Balance"]) + sum(Decimal(row["Amount"].lstrip("'")) for row in rows[1:-1])
    assert total == Decimal(rows[-1]["Balance"])
    deals = list(csv.DictReader(io.StringIO(me.get(f"/statements/deals.csv?account={account}").text)))
    assert [row["Effect"] for row in deals] == ["open", "close"]
    assert "Profit" in me.get(f"/statements?tab=deals&account={account}").text
    empty = me.get(f"/statements?account={account}&from=2020-01-01&to=2020-01-31").text
    assert "Nothing was booked" in empty


def test_everybody_reads_their_own_and_staff_any(world: World, browser: Fresh) -> None:
    account = world.north.customers["ann"].account
    ben = browser(world.north).sign_in("ben")
    assert ben.get(f"/statements?account={account}").status_code == 404
    assert ben.get(f"/statements/ledger.csv?account={account}").status_code == 404
    assert ben.get("/statements/everything.csv").status_code == 404
    assert "You need an account first" in browser(world.north).sign_in("new").get("/statements").text
    support = browser(world.north).sign_in("support")
    page = support.get(f"/admin/accounts/{account}/statement").text
    assert "Opening deposit" in page
    assert "Ann Trader" in page
    assert support.get(f"/admin/accounts/{account}/statement/deals.csv").status_code == 200
    assert support.get(f"/admin/accounts/{world.south.ids['account_id']}/statement").status_code == 404
