"""The author's own tests. Installing the platform brings its pytest plugin, and with it the fixture ``workbench``:

the whole platform in one process, with two brokerages, a clock and a market that does what the test says.
"""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from core.sdk.testing.conformance import check_plugin
from core.sdk.testing.workbench import Brokerage, Workbench

KEY = "trade_journal"


def test_the_plugin_keeps_the_rules() -> None:
    check_plugin(KEY)


@pytest.fixture
def accounts(workbench: Workbench) -> dict[str, UUID]:
    """An account at each brokerage, one of which has the journal on."""
    workbench.market.quote("EURUSD", "1.10000", "1.10010")
    workbench.one.switch_on(KEY)
    return {"one": workbench.one.account(), "other": workbench.other.account()}


def counts(brokerage: Brokerage) -> dict[UUID, int]:
    with brokerage.session() as session:
        rows = session.execute(text("select account_id, fills from trade_journal.fill_counts"))
        return {row.account_id: row.fills for row in rows}


def owner_of(brokerage: Brokerage, account_id: UUID) -> UUID:
    with brokerage.session() as session:
        return session.execute(
            text("select customer_id from core.accounts where id = :id"), {"id": account_id}
        ).scalar_one()


def test_fills_are_counted_where_the_module_is_on_and_only_there(
    workbench: Workbench, accounts: dict[str, UUID]
) -> None:
    for _ in range(3):
        workbench.one.trade(accounts["one"], "buy", "0.10")
        workbench.other.trade(accounts["other"], "buy", "0.10")
    workbench.work()
    assert counts(workbench.one) == {accounts["one"]: 3}
    assert counts(workbench.other) == {}


def test_what_happened_while_it_was_off_is_counted_later(workbench: Workbench, accounts: dict[str, UUID]) -> None:
    workbench.one.trade(accounts["one"], "buy", "0.10")
    workbench.work()
    assert workbench.one.switch_off(KEY) == "off"
    workbench.one.trade(accounts["one"], "sell", "0.10")
    workbench.work()
    assert counts(workbench.one) == {accounts["one"]: 1}
    workbench.one.switch_on(KEY)
    workbench.work()
    assert counts(workbench.one) == {accounts["one"]: 2}


def test_a_customer_reads_and_writes_their_journal(workbench: Workbench, accounts: dict[str, UUID]) -> None:
    one, account = workbench.one, accounts["one"]
    one.trade(account, "buy", "0.10")
    workbench.work()
    with workbench.browse(one, owner_of(one, account)) as browser:
        assert "/trade-journal" in browser.get("/"), "the navigation has it"
        page = browser.get("/trade-journal")
        assert page.status == 200
        assert "100001" in page
        kept = browser.send("/trade-journal", account=str(account), text="Too early, again.")
        assert kept.status == 200
        assert "Too early, again." in kept
        one.set(KEY, longest_note=50)
        refused = browser.send("/trade-journal", account=str(account), text="x" * 51)
        assert refused.status == 422
        assert "At most 50 characters." in refused
    stranger = one.customer("Sam")
    with workbench.browse(one, stranger) as browser:
        assert "Too early, again." not in browser.get("/trade-journal")
        assert browser.send("/trade-journal", account=str(account), text="Not mine").status in (404, 422)
    with one.session() as session:
        assert session.scalar(text("select count(*) from trade_journal.notes")) == 1


def test_the_other_brokerage_has_no_such_pages(workbench: Workbench, accounts: dict[str, UUID]) -> None:
    other = workbench.other
    with workbench.browse(other, owner_of(other, accounts["other"])) as browser:
        assert "/trade-journal" not in browser.get("/")
        assert browser.get("/trade-journal").status == 404
    with workbench.browse(workbench.one) as owner, workbench.browse(other) as other_owner:
        assert owner.get("/admin/trade-journal").status == 200
        assert other_owner.get("/admin/trade-journal").status == 404
        workbench.one.switch_off(KEY)
        assert owner.get("/admin/trade-journal").status == 404, "on the very next request"


def test_old_notes_are_forgotten(workbench: Workbench, accounts: dict[str, UUID]) -> None:
    one, account = workbench.one, accounts["one"]
    one.set(KEY, keep_days=30)
    with one.session() as session:
        for days in (1, 29, 31, 400):
            session.execute(
                text(
                    "insert into trade_journal.notes (id, account_id, customer_id, text, written_at) values"
                    " (gen_random_uuid(), :account, :customer, cast(:days as text), now() - make_interval(days => :days))"
                ),
                {"account": account, "customer": owner_of(one, account), "days": days},
            )
    workbench.work()
    with one.session() as session:
        assert sorted(session.scalars(text("select text from trade_journal.notes"))) == ["1", "29"]
