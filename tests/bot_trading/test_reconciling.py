"""The reconciler: each cell always with exactly one order, each position with its bot; mended by the stored policy or told.

Domain page, "Life of a bot" and "Spot Grid" 2.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.sdk.events import account_stream, read_events
from core.trading.services import close_positions
from plugins.bot_trading.jobs import BotJobs
from plugins.bot_trading.services.proving import prove
from plugins.bot_trading.services.reconciling import bots_to_look_at, last_report, look_at
from tests.bot_trading.street import STRATEGIES, Street
from tests.bot_trading.test_module import Context, run

D = Decimal


@pytest.fixture
def at_100(street: Street) -> Street:
    street.show("100")
    return street


def wrong(street: Street, bot_id: UUID) -> list[str]:
    with street.place.session() as session:
        return sorted(one.code for one in prove(session, STRATEGIES, [bot_id]))


def reconcile(street: Street, *, mend: bool = True) -> tuple[int, int]:
    with street.place.session() as session:
        return look_at(session, STRATEGIES, bots_to_look_at(session), mend=mend)


def spoil(street: Street, statement: str, **values: Any) -> None:
    with street.database.system() as session:
        session.execute(text(statement), values)


def alerts(street: Street) -> int:
    found = street.rows("select count(*) from core.alerts where code = 'mismatch' and closed_at is null")
    return int(found[0][0])


def test_bots_in_every_state_are_what_they_have_to_be(at_100: Street) -> None:
    bots = [at_100.launch(account) for account in at_100.place.accounts("spot", 5, balance="1000")]
    waiting = at_100.launch(trigger_price="90")
    at_100.command(bots[1], "pause")
    at_100.command(bots[2], "stop_keep")
    at_100.command(bots[3], "stop_close")
    at_100.command(bots[4], "wind_down")
    at_100.show("95", "103")
    for bot_id in (*bots, waiting):
        assert wrong(at_100, bot_id) == []
    assert reconcile(at_100) == (0, 0)
    assert at_100.rows("select 1 from bot_trading.findings") == []


def test_a_running_grid_has_exactly_one_order_for_each_cell_at_every_price(at_100: Street) -> None:
    bot_id = at_100.launch()
    for price in ("98", "93", "101", "89.5", "111", "100"):
        at_100.show(price)
        orders = at_100.orders(bot_id)
        assert sorted(int(order.label) for order in orders) == list(range(1, 11))
        assert wrong(at_100, bot_id) == []


@pytest.mark.parametrize(
    "statement",
    [
        "delete from core.triggers where subject_id = :id",
        "update core.triggers set ask_le = ask_le - 500, armed = true where subject_id = :id",
    ],
)
def test_an_order_that_nobody_watches_is_watched_again_and_fills(at_100: Street, statement: str) -> None:
    bot_id = at_100.launch()
    at_100.work()
    spoil(at_100, statement, id=bot_id)
    assert wrong(at_100, bot_id) == ["trigger_differs"]
    assert reconcile(at_100) == (1, 1)
    assert wrong(at_100, bot_id) == []
    at_100.show("97")
    assert len(at_100.fills(bot_id)) == 2
    assert at_100.rows("select code, mended from bot_trading.findings") == [("trigger_differs", True)]
    entries = at_100.rows(
        "select actor_kind, object_id from tenants.audit_entries where action = 'bot_trading.bot.mend'"
    )
    assert entries == [("system", str(bot_id))]
    assert "mended" in at_100.decisions(bot_id)
    assert alerts(at_100) == 0


def test_a_row_and_a_reservation_that_differ_are_written_again_from_the_state(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("97")
    before = at_100.bot(bot_id)
    reserved = at_100.place.account(at_100.account_id).reserved
    spoil(at_100, "update bot_trading.bots set cash = 1, fills = 77 where id = :id", id=bot_id)
    spoil(at_100, "update core.reservations set amount = amount - 100 where owner_id = :id", id=bot_id)
    spoil(at_100, "update core.accounts set reserved = reserved - 100 where id = :id", id=at_100.account_id)
    assert wrong(at_100, bot_id) == ["figures_differ", "reservation_differs"]
    assert reconcile(at_100) == (2, 2)
    after = at_100.bot(bot_id)
    assert (after.cash, after.fills) == (before.cash, before.fills)
    assert at_100.place.account(at_100.account_id).reserved == reserved


def test_a_close_by_hand_that_was_not_noticed_is_taken_from_the_fills_and_no_counter_order_follows(
    at_100: Street,
) -> None:
    bot_id = at_100.launch()
    at_100.show("97")
    position = at_100.rows("select id from core.positions where volume < 2")[0][0]
    with at_100.place.session() as session:
        close_positions(session, [(position, None, "by-hand")])
    # The handler has not heard of it.
    assert wrong(at_100, bot_id) == ["position_smaller"]
    assert reconcile(at_100) == (1, 1)
    assert at_100.bot(bot_id).base == D("5.149")
    assert "closed_by_hand" in at_100.decisions(bot_id)
    assert len(at_100.fills(bot_id)) == 2
    assert at_100.hear() == 0
    at_100.show("101")
    assert [side for side, _, _ in at_100.fills(bot_id)] == ["buy", "buy"]


@pytest.mark.parametrize("stop", ["close", "keep"])
def test_what_filled_after_a_bot_had_ended_is_closed_or_handed_over_as_its_stop_says(at_100: Street, stop: str) -> None:
    bot_id = at_100.launch()
    # As a venue's late answer would leave it: the bot has ended, its position is open and its own.
    spoil(at_100, "update bot_trading.bots set status = 'stopped', stop = :stop where id = :id", id=bot_id, stop=stop)
    spoil(at_100, "update core.reactor_states set active = false where id = :id", id=bot_id)
    assert wrong(at_100, bot_id) == ["late_open"]
    assert reconcile(at_100) == (1, 1)
    (row,) = at_100.rows("select origin, closed_ts_ms is null as open, released_by from core.positions")
    assert (row.origin, row.open) == (("bot", False) if stop == "close" else ("manual", True))
    assert reconcile(at_100) == (0, 0)


def test_a_late_fill_of_a_venue_is_settled_as_soon_as_it_is_heard_of(at_100: Street) -> None:
    bot_id = at_100.launch()
    spoil(at_100, "update bot_trading.bots set status = 'stopped', stop = 'close' where id = :id", id=bot_id)
    spoil(at_100, "update core.reactor_states set active = false where id = :id", id=bot_id)
    handler = BotJobs(STRATEGIES).subscriptions()[0]
    for _ in range(2):
        with at_100.place.session() as session:
            events = read_events(session, account_stream(at_100.account_id), after=0)
            handler.handle(Context(session), events, 0)  # type: ignore[arg-type]  # what a handler is given, for tests
    rows = at_100.rows("select closed_ts_ms is null as open from core.positions")
    assert [row.open for row in rows] == [False]
    assert [side for side, _, _ in at_100.fills(bot_id)] == ["buy", "sell"]


def test_what_needs_a_person_is_told_once_and_settles_when_it_is_over(at_100: Street) -> None:
    bot_id = at_100.launch()
    position = at_100.rows("select id, volume from core.positions")[0]
    spoil(at_100, "update core.positions set volume = volume + 1 where id = :id", id=position.id)
    assert wrong(at_100, bot_id) == ["position_larger"]
    assert (reconcile(at_100), reconcile(at_100)) == ((1, 0), (1, 0))
    assert alerts(at_100) == 1
    with at_100.place.session() as session:
        report = last_report(session)
    assert (report.open, [finding.code for finding in report.findings]) == (1, ["position_larger"])
    spoil(at_100, "update core.positions set volume = :volume where id = :id", id=position.id, volume=position.volume)
    assert reconcile(at_100) == (0, 0)
    assert alerts(at_100) == 0
    assert at_100.rows("select count(*) from bot_trading.findings where settled_at is null")[0][0] == 0


def test_without_leave_to_mend_everything_is_told_and_nothing_is_changed(at_100: Street) -> None:
    bot_id = at_100.launch()
    spoil(at_100, "update bot_trading.bots set fills = 77 where id = :id", id=bot_id)
    assert reconcile(at_100, mend=False) == (1, 0)
    assert (at_100.bot(bot_id).fills, alerts(at_100)) == (77, 1)


def test_a_state_that_cannot_be_read_is_told_and_harms_no_other_bot(at_100: Street) -> None:
    first, second = (at_100.launch(account) for account in at_100.place.accounts("spot", 2, balance="1000"))
    spoil(at_100, "update core.reactor_states set state = '{}' where id = :id", id=first)
    before = at_100.bot(second).fills
    spoil(at_100, "update bot_trading.bots set fills = 77 where id = :id", id=second)
    assert reconcile(at_100) == (2, 1)
    assert at_100.bot(second).fills == before


def test_the_job_looks_at_all_bots_and_keeps_its_run(at_100: Street) -> None:
    at_100.launch()
    run(at_100, "reconcile")
    (row,) = at_100.rows(
        "select bots, found, mended, finished_at is not null as finished from bot_trading.reconciliations"
    )
    assert tuple(row) == (1, 0, 0, True)
