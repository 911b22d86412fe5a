"""Figures kept as they arise: at each fill, whenever money moves, and closed each day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, text

from core.sdk.events import account_stream, read_events
from core.trading.services import deposit, pay, withdraw
from core.trading.services.funds import Payment
from plugins.copy_trading.services import observing
from plugins.copy_trading.services.figures import History, history_of
from plugins.copy_trading.services.master_lists import MasterQuery, page_of_masters
from tests.copy_trading.scene import Context, Scene

D = Decimal
DAY_MS = 86_400_000
MONDAY = 19_660 * DAY_MS
"""2023-10-30."""


def look(scene: Scene, master: UUID) -> None:
    with scene.place.session() as session:
        observing.look_at(session, [master])


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def history(scene: Scene, master: UUID) -> History:
    with scene.place.session() as session:
        return history_of(session, master)


def price(scene: Scene, bid: str, day: float) -> None:
    """EUR/USD without a spread, so many days after a Monday."""
    scene.place.quote("EURUSD", bid, bid, ts_ms=int(MONDAY + day * DAY_MS))


@pytest.fixture
def master(scene: Scene) -> UUID:
    """A master with 10,000, looked at for the first time on a Monday."""
    price(scene, "1.08500", 0)
    made = scene.master("10000")
    look(scene, made)
    return made


def test_a_look_knows_equity_with_floating_pnl_and_total_pnl(scene: Scene, master: UUID) -> None:
    scene.trade(scene.master_account(master), "buy", "1.00")
    price(scene, "1.08600", 0.1)
    look(scene, master)
    found = history(scene, master)
    assert found.standing is not None
    assert (found.standing.equity, found.standing.total_pnl) == (D(10_100), D(100))
    assert found.index[-1][1] == D("1.01")
    assert found.standing.day_leverage == pytest.approx(108_600 / 10_100, rel=1e-3)


def test_a_deposit_or_withdrawal_starts_a_new_sub_period_and_is_marked(scene: Scene, master: UUID) -> None:
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    price(scene, "1.08600", 0.1)
    look(scene, master)
    with scene.place.session() as session:
        deposit(session, account, D(5000), key="more")
    look(scene, master)
    with scene.place.session() as session:
        withdraw(session, account, D(100), key="less")
        pay(session, [Payment(account, D(40), "earned", "fee")])
    look(scene, master)
    price(scene, "1.08500", 0.2)
    look(scene, master)
    found = history(scene, master)
    assert [amount for _, amount in found.flows] == [D(4940)], "all within one moment of the feed"
    assert found.standing is not None
    assert found.standing.total_pnl == 0, "neither a deposit nor a fee that a master earns is a trader's gain"
    assert found.index[-1][1] == (D("1.01") * (1 - D(100) / 15_040)).quantize(D(1).scaleb(-18))


def test_the_same_event_twice_counts_once(scene: Scene, master: UUID) -> None:
    account = scene.master_account(master)
    opened = scene.trade(account, "buy", "1.00")
    price(scene, "1.08600", 0.1)
    scene.place.close(opened.fills[0].position_id, "0.50")
    scene.place.close(opened.fills[0].position_id)
    price(scene, "1.08700", 0.2)
    scene.place.close(scene.trade(account, "sell", "0.10").fills[0].position_id)
    with scene.place.session() as session:
        events = read_events(session, account_stream(account), after=0)
    for _ in range(2):
        with scene.place.session() as session:
            observing.on_events(Context(session, scene.place.tenant_id), events, 0)
    found = history(scene, master).trades
    assert (found.closed, found.won, found.gains, found.losses) == (2, 1, D(100), D(0))
    assert found.win_rate == 50, "a half-closed position is none, a break-even is no winner"


def test_what_was_traded_before_counts_once_the_customer_is_a_master(scene: Scene) -> None:
    account = scene.account("10000")
    scene.place.close(scene.trade(account, "buy", "1.00").fills[0].position_id)
    with scene.place.session() as session:
        from plugins.copy_trading.services import mastering

        made = mastering.grant(session, account_id=account, name="Mia", by="staff@example.com").id
    look(scene, made)
    assert history(scene, made).trades.closed == 1


def test_a_day_is_closed_by_the_first_look_of_a_later_one(scene: Scene, master: UUID) -> None:
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    for day, bid in ((0.5, "1.08600"), (1, "1.08700"), (1.5, "1.08400"), (2.2, "1.08500")):
        price(scene, bid, day)
        look(scene, master)
    with scene.place.session() as session:
        days = session.execute(
            text("select day, equity, high, low, fall, change, score from copy_trading.master_days order by day")
        ).all()
    assert [row.day for row in days] == [19_660, 19_661]
    assert [row.equity for row in days] == [D(10_100), D(9_900)]
    assert days[0].change == pytest.approx(0.01)
    assert days[1].change == pytest.approx(9_900 / 10_100 - 1)
    assert (days[1].high, days[1].low) == (D("1.02"), D("0.99"))
    assert days[1].fall == pytest.approx(1 - 0.99 / 1.02)
    assert all(1 <= row.score <= 10 for row in days)


def test_risk_score_is_provisional_under_30_days_and_none_under_10(scene: Scene, master: UUID) -> None:
    scene.trade(scene.master_account(master), "buy", "1.00")
    shown: dict[int, tuple[int, bool] | None] = {}
    for day in range(1, 33):
        price(scene, "1.08600" if day % 2 else "1.08500", day)
        look(scene, master)
        risk = history(scene, master).risk
        shown[day] = None if risk is None else (risk.score, risk.provisional)
    assert shown[9] is None
    assert shown[10] == (6, True), "leverage above 10 times: 6"
    assert shown[30] == (6, False)
    found = history(scene, master)
    assert found.facts is not None
    assert found.facts.leverage == pytest.approx(10.85, abs=0.01)
    assert found.facts.drawdown == pytest.approx(100 / 10_100)
    # One percent up and down by turns on working days: about 1 % × √252.
    assert found.facts.volatility == pytest.approx(0.16, abs=0.02)
    assert found.returns == 24, "working days that are over"


def test_round_the_clock_symbols_count_365_days_a_year(scene: Scene, master: UUID) -> None:
    scene.place.quote("BTCUSD", "30000", "30000", ts_ms=MONDAY + 1)
    assert history(scene, master).days_a_year == 252
    scene.trade(scene.master_account(master), "buy", "0.10", "BTCUSD")
    look(scene, master)
    assert history(scene, master).days_a_year == 365, "one such symbol is enough: equity may move on any day"


def test_months_are_partial_at_both_ends(scene: Scene, master: UUID) -> None:
    scene.trade(scene.master_account(master), "buy", "1.00")
    for day, bid in ((0.5, "1.08600"), (20, "1.08800"), (40, "1.08700"), (40.5, "1.08800")):
        price(scene, bid, day)
        look(scene, master)
    months = history(scene, master).months
    assert [(month.year, month.month, month.partial) for month in months] == [
        (2023, 10, True), (2023, 11, False), (2023, 12, True),
    ]  # fmt: skip
    assert [round(month.change, 4) for month in months] == [D(1), round((D(10_300) / 10_100 - 1) * 100, 4), D(0)]


def test_points_are_thinned_by_age_and_figures_do_not_depend_on_them(scene: Scene, master: UUID) -> None:
    scene.trade(scene.master_account(master), "buy", "1.00")
    for at in range(30):
        price(scene, f"1.08{500 + at}", at / 144)
        look(scene, master)
    before = history(scene, master)
    price(scene, "1.08529", 3)
    look(scene, master)
    with scene.place.session() as session:
        observing.thin_points(Context(session, scene.place.tenant_id), {})
    after = history(scene, master)
    assert len(after.points) < len(before.points) / 3
    assert after.index[-1][1] == before.index[-1][1]


def test_a_fill_between_the_reads_leaves_the_figures_to_the_next_look(
    scene: Scene, master: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trading never waits for figures, so an account may change while it is read; half of a change is never shown."""
    account, real = scene.master_account(master), observing.account_states

    def states(session: Any, ids: Any) -> Any:
        found = real(session, ids)
        scene.trade(account, "buy", "1.00")
        return found

    monkeypatch.setattr(observing, "account_states", states)
    with scene.place.session() as session:
        assert observing.look_at(session, [master]) == 0
    monkeypatch.undo()
    with scene.place.session() as session:
        assert observing.look_at(session, [master]) == 1


def test_the_job_looks_at_those_who_may_have_moved(scene: Scene, master: UUID) -> None:
    def seen_at() -> int:
        with scene.place.session() as session:
            observing.look_at_all(Context(session, scene.place.tenant_id), {})
        standing = history(scene, master).standing
        assert standing is not None
        return standing.at_ms

    price(scene, "1.08500", 0.1)
    assert seen_at() == MONDAY, "nothing is open and nothing was booked"
    opened = scene.trade(scene.master_account(master), "buy", "1.00")
    assert seen_at() == MONDAY + DAY_MS // 10
    price(scene, "1.08600", 0.2)
    assert seen_at() == MONDAY + DAY_MS // 5
    scene.place.close(opened.fills[0].position_id)
    seen_at()
    price(scene, "1.08500", 0.3)
    assert seen_at() == MONDAY + DAY_MS // 5
    price(scene, "1.08500", 1.1)
    assert seen_at() == MONDAY + 11 * DAY_MS // 10, "the day is over"


def test_a_list_of_masters_sends_the_same_statements_for_any_number(scene: Scene, master: UUID) -> None:
    def statements() -> int:
        with scene.place.session() as session, counted() as sent:
            page_of_masters(session, MasterQuery(sort="total_pnl"))
        return len(sent)

    alone = statements()
    for _ in range(3):
        scene.master()
    assert statements() == alone


def test_masters_are_sorted_by_pnl_in_one_currency_and_those_without_figures_come_last(scene: Scene) -> None:
    price(scene, "1.10000", 0)
    scene.place.account_type("euro", currency="EUR")
    dollars, euros, blank = scene.master(), scene.master("10000", "euro"), scene.master()
    for master, volume in ((dollars, "1.00"), (euros, "1.05")):
        scene.trade(scene.master_account(master), "buy", volume)
    price(scene, "1.11000", 0.1)
    with scene.place.session() as session:
        session.execute(text("delete from copy_trading.equity_points where master_id = :id"), {"id": blank})
        session.execute(text("delete from copy_trading.standings where master_id = :id"), {"id": blank})
        observing.look_at(session, [dollars, euros])
        rows = page_of_masters(session, MasterQuery(sort="total_pnl", descending=True)).rows
    assert [row.id for row in rows] == [euros, dollars, blank], "1,050 dollars are more than 1,000, though 946 euros"
    assert round(rows[0].total_pnl or D(0), 2) == round(D(1050) / D("1.11"), 2)
    assert rows[1].total_pnl == 1000
    assert rows[2].total_pnl is None


def test_a_curve_of_before_figures_were_kept_is_taken_in(scene: Scene) -> None:
    """Points without an index, as the first version of the tables had them: equity and deposits less withdrawals."""
    price(scene, "1.08500", 0)
    master = scene.master("10000")
    account = scene.master_account(master)
    with scene.place.session() as session:
        for table in ("equity_points", "standings"):
            session.execute(text(f"delete from copy_trading.{table}"))  # noqa: S608 - constants
        for day, equity, funded in ((0, 9_000, 9_000), (1, 9_900, 9_000), (2, 10_890, 9_000)):
            session.execute(
                text(
                    "insert into copy_trading.equity_points (master_id, at_ms, equity, funded, notional)"
                    " values (:id, :at, :equity, :funded, 0)"
                ),
                {"id": master, "at": MONDAY + day * DAY_MS, "equity": equity, "funded": funded},
            )
        # A thousand has been paid in since the last point, and the master has earned a fee before.
        pay(session, [Payment(account, D(890), "earned", "fee")])
    price(scene, "1.08500", 3)
    look(scene, master)
    found = history(scene, master)
    assert [round(value, 6) for _, value in found.index[:3]] == [D(1), D("1.1"), D("1.21")]
    assert found.index[-1][1] == (D("1.21") * (D(10_890) / D(11_890))).quantize(D(1).scaleb(-18))
    assert found.returns == 3
