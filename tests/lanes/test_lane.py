"""A lane over PostgreSQL: what fires, when, and what it leaves behind."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pytest
from sqlalchemy import text

from core.lanes import lease
from core.lanes.crossing import Work, Worked
from core.lanes.lease import FencedError, Lease
from core.lanes.progress import progress
from core.lanes.reactor import Triggers
from core.lanes.subjects import NewState, change_subjects
from core.lanes.workers import LaneWorkers
from core.runtime.alarm import OverBudgetError
from tenants.db import TenantSession, new_id
from tests.lanes.conftest import Street
from tests.lanes.reactors import Breaks, ladder

LOT = Decimal("0.01")


def test_a_subject_fires_at_its_own_price_and_again_at_the_next(street: Street) -> None:
    street.append(("1.1000", "1.1001"))
    lane = street.lane()
    street.run(lane)
    bot = street.ladder("0.0010", "1.1000")
    street.append(("1.0995", "1.0996"), ("1.0989", "1.0990"), ("1.0985", "1.0986"), ("1.1000", "1.1001"))
    street.run(lane)
    assert street.fills() == [
        (1, "buy", LOT, Decimal("1.0990"), 0, 3),
        (2, "sell", LOT, Decimal("1.1000"), Decimal("1.0"), 5),
    ]
    assert street.state(bot)["count"] == 1
    street.place.check_ledger()


def test_a_quote_does_not_fire_what_it_has_caused(street: Street) -> None:
    """A gap through two levels fills one; the next level waits for the next quote, were it the same price."""
    lane = street.lane()
    street.ladder("0.0010", "1.1000")
    street.append(("1.0979", "1.0980"))
    street.run(lane)
    assert [fill[3] for fill in street.fills()] == [Decimal("1.0990")]
    street.append(("1.0979", "1.0980"))
    street.run(lane)
    assert [fill[3] for fill in street.fills()] == [Decimal("1.0990"), Decimal("1.0980")]


def test_quotes_before_its_start_never_fire_a_subject(street: Street) -> None:
    lane = street.lane()
    street.append(("1.0900", "1.0901"), ("1.1000", "1.1001"))
    street.run(lane)
    street.ladder("0.0010", "1.1000")
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    assert street.fills() == []


def test_a_late_subject_is_caught_up_with_the_same_result(street: Street) -> None:
    """The lane was ahead of what others could see when the subject came: it goes over the quotes in between."""
    lane = street.lane()
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    bot = street.ladder("0.0010", "1.1000")
    street.append(("1.0989", "1.0990"), ("1.1000", "1.1001"), ("1.1000", "1.1001"))
    # As if the row had become visible only after the lane had passed quotes 2 to 4.
    with street.database.system() as session:
        session.execute(text("update core.triggers set armed = true"))
    street.run(lane)
    assert street.fills() == []
    with street.database.system() as session:
        session.execute(text("update core.triggers set armed = false"))
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    assert [(fill[1], fill[3], fill[5]) for fill in street.fills()] == [
        ("buy", Decimal("1.0990"), 2),
        ("sell", Decimal("1.1000"), 3),
    ]
    assert street.rows("select armed, since_seq from core.triggers where subject_id = :id", id=bot) == [(True, 3)]


def test_core_subjects_fire_without_any_plugin(street: Street) -> None:
    """A limit order rests, fills at its price, and the position's stop closes at the quote, however far it gapped."""
    lane = street.lane()
    street.runtime.found = None
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    placed = street.place.place(street.account_id, "buy", "0.10", kind="limit", price="1.0990", stop_loss="1.0950")
    assert placed.status == "resting"
    street.append(("1.0992", "1.0993"), ("1.0988", "1.0989"), ("1.0930", "1.0931"))
    street.run(lane)
    assert [(fill[1], fill[3], fill[5]) for fill in street.fills()] == [
        ("buy", Decimal("1.0990"), 3),
        ("sell", Decimal("1.0930"), 4),
    ]
    assert street.rows("select count(*) from core.triggers") == [(0,)]
    street.place.check_ledger()


def test_a_change_committed_just_before_a_crossing_wins(street: Street) -> None:
    """The lane's book still has the old level; the row says that it is gone, and the row is right."""
    lane = street.lane()
    street.append(("1.1000", "1.1001"))
    bot = street.ladder("0.0010", "1.1000")
    street.run(lane)
    street.append(("1.0989", "1.0990"))

    scanner = lane._scanner
    assert scanner
    market = scanner.markets[street.place.instruments["EURUSD"]]
    market.newest = 2
    with street.place.session() as session:
        new = NewState(bot, {**street.state(bot), "low": "1.0000"}, Triggers(ask_le=Decimal("1.0000")))
        change_subjects(session, [new])
    # No look for new subjects in between: this is the moment after it.
    scanner.work(market, time.monotonic() + 5)
    assert market.seq == 2
    assert street.fills() == []
    street.append(("1.0989", "1.0990"))
    street.run(lane)
    assert street.fills() == []


def test_a_lane_is_taken_over_where_the_last_owner_stopped(street: Street) -> None:
    first = street.lane("first")
    street.append(("1.1000", "1.1001"))
    street.ladder("0.0010", "1.1000")
    street.append(("1.0989", "1.0990"))
    street.run(first)
    first.release()
    street.append(("1.1000", "1.1001"), ("1.0989", "1.0990"))
    street.run(street.lane("second"))
    assert [(fill[1], fill[3], fill[5]) for fill in street.fills()] == [
        ("buy", Decimal("1.0990"), 2),
        ("sell", Decimal("1.1000"), 3),
        ("buy", Decimal("1.0990"), 4),
    ]


def test_an_owner_that_died_between_quote_and_booking_lost_nothing(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quote is there for all to see, what it causes is not: the next owner books it, once."""
    first = street.lane("first")
    street.append(("1.1000", "1.1001"))
    street.ladder("0.0010", "1.1000")
    street.run(first)
    street.append(("1.0989", "1.0990"))
    scanner = first._scanner
    assert scanner
    market = scanner.markets[street.place.instruments["EURUSD"]]
    market.newest = 2

    class Killed(BaseException):
        pass

    def die(*_args: object, **_options: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("core.lanes.scan.Crossing.run", die)
        scanner.work(market, time.monotonic() + 5)
    assert street.rows("select seq from core.quotes") == [(2,)]
    first.release()
    for owner in ("second", "third"):
        lane = street.lane(owner)
        street.run(lane)
        lane.release()
        assert [(fill[1], fill[5]) for fill in street.fills()] == [("buy", 2)]


def test_only_one_process_has_a_lane(street: Street) -> None:
    first, second = street.lane("first"), street.lane("second")
    assert first.run(0.1)
    assert not second.run(0.1)
    first.release()
    assert second.run(0.1)


def test_a_silent_owner_loses_the_lane_and_can_write_no_more(street: Street) -> None:
    """The owner lives and holds its lock, but its heartbeat is old: another takes the lane, and its writes are refused."""
    first, second = street.lane("first"), street.lane("second")
    street.append(("1.1000", "1.1001"))
    street.ladder("0.0010", "1.1000")
    street.run(first)
    assert not second.run(0.1)
    with street.database.system() as session:
        session.execute(
            text("update core.lanes set heartbeat_at = now() - make_interval(secs => :s)"), {"s": lease.EXPIRY_S + 1}
        )
    street.append(("1.0989", "1.0990"))
    street.run(second)
    scanner = first._scanner
    assert scanner
    market = scanner.markets[street.place.instruments["EURUSD"]]
    market.newest = 2
    with pytest.raises(FencedError):
        scanner.work(market, time.monotonic() + 5)
    assert len(street.fills()) == 1
    assert not first.run(0.1)
    assert second.run(0.1)


def test_a_transaction_under_way_holds_the_lane_until_it_ends(street: Street) -> None:
    """A take-over waits for what its last owner is just writing; whatever comes after is refused."""
    first = Lease(street.database, 7, "first")
    assert first.acquire()
    second = Lease(street.database, 7, "second")
    taken = threading.Event()

    def take() -> None:
        second.acquire()
        taken.set()

    with street.database.tenant(street.place.tenant_id) as session:
        first.fence(session)
        assert first._lock
        first._lock.invalidate()  # as when the connection that holds the lock breaks
        thread = threading.Thread(target=take)
        thread.start()
        assert not taken.wait(0.3)
    thread.join(5)
    assert taken.is_set()
    with pytest.raises(FencedError), street.database.tenant(street.place.tenant_id) as session:
        first.fence(session)
    with pytest.raises(FencedError):
        first.renew()
    first.release()
    second.release()


def test_one_bad_subject_is_parked_alone_and_the_others_go_on(street: Street) -> None:
    street.append(("1.1000", "1.1001"))
    bots = [street.ladder("0.0010", "1.1000") for _ in range(9)]
    bad = bots[4]
    street.runtime.found = Breaks(bad={bad})
    street.append(("1.0989", "1.0990"))
    lane = street.lane()
    street.run(lane)
    assert len(street.fills()) == 8
    assert street.state(bad)["count"] == 0
    ((kind, subject, seq, error),) = street.rows("select kind, subject_id, seq, error from core.parked_subjects")
    assert (kind, subject, seq) == ("reactor", bad, 2)
    assert f"cannot answer for {bad}" in error
    ((severity, message),) = street.rows("select severity, message from core.alerts")
    assert severity == "warning"
    assert "ladder of probe failed" in message
    # It rests: neither the next quote nor the next owner asks it again.
    street.append(("1.0979", "1.0980"))
    lane.release()
    street.run(street.lane("second"))
    assert len(street.fills()) == 16
    assert len(street.rows("select 1 from core.parked_subjects")) == 1
    street.place.check_ledger()


class FailsFor(LaneWorkers):
    """Workers whose core work fails for one tenant."""

    def core(self) -> Work:
        def work(session: TenantSession, *_args: object, **_options: object) -> Worked:
            raise ZeroDivisionError(f"nothing works for {session.tenant_id}")

        return work


def test_another_tenants_trouble_is_not_mine(street: Street) -> None:
    """Two brokerages on one instrument: what fails at one is parked there, the other's fill is booked."""
    other, order = new_id(), new_id()
    with street.database.system() as session:
        session.execute(
            text("insert into tenants.tenants (id, key, name) values (:id, 'south', 'South')"), {"id": other}
        )
        session.execute(
            text(
                "insert into core.triggers (tenant_id, kind, subject_id, instrument_id, account_id, ask_le, since_seq)"
                " values (:tenant, 'order', :subject, :instrument, :subject, 109900, 0)"
            ),
            {"tenant": other, "subject": order, "instrument": street.place.instruments["EURUSD"]},
        )
    street.ladder("0.0010", "1.1000")
    street.append(("1.0989", "1.0990"))
    street.run(street.lane(workers=FailsFor(street.runtime)))
    assert len(street.fills()) == 1
    assert street.rows("select tenant_id, subject_id from core.parked_subjects") == [(other, order)]
    assert street.rows("select tenant_id, severity from core.alerts") == [(other, "critical")]


@pytest.mark.parametrize("how_many", [1, 5])
def test_a_reactor_that_hangs_is_interrupted_and_named(
    street: Street, monkeypatch: pytest.MonkeyPatch, how_many: int
) -> None:
    monkeypatch.setattr("core.lanes.reacting.BUDGET_S", 0.2)
    street.append(("1.1000", "1.1001"))
    bots = [street.ladder("0.0010", "1.1000") for _ in range(how_many + 1)]
    stop = street.place.place  # the core's own order waits beside them
    street.run(street.lane())
    stop(street.account_id, "buy", "0.10", kind="limit", price="1.0990")
    street.runtime.found = Breaks(slow=set(bots[:how_many]))
    street.append(("1.0989", "1.0990"))
    started = time.monotonic()
    street.run(street.lanes[-1], turns=10)
    assert time.monotonic() - started < 5
    assert Decimal("0.10") in [fill[2] for fill in street.fills()]
    errors = street.rows("select error from core.parked_subjects")
    assert errors
    assert all(OverBudgetError.__name__ in error for (error,) in errors)


@pytest.mark.parametrize(("state", "fills"), [("draining", 1), ("off", 1), ("halted", 0)])
def test_a_module_that_is_not_on_only_reduces_and_halted_not_even_that(street: Street, state: str, fills: int) -> None:
    lane = street.lane()
    street.append(("1.1000", "1.1001"))
    street.ladder("0.0010", "1.1000")
    street.append(("1.0989", "1.0990"))
    street.run(lane)
    assert len(street.fills()) == 1
    street.switch(state)
    street.append(("1.0979", "1.0980"), ("1.1000", "1.1001"))
    street.run(lane)
    assert [fill[1] for fill in street.fills()] == ["buy", "sell"][: 1 + fills]


def test_a_halted_module_sleeps_and_takes_part_again_from_now_on(street: Street) -> None:
    """Asleep it costs no quote a thing; awake it answers new quotes, never those it slept through."""
    lane = street.lane()
    street.append(("1.1000", "1.1001"))
    bot = street.ladder("0.0010", "1.1000")
    street.run(lane)
    street.switch("halted")
    street.append(("1.0989", "1.0990"), ("1.0979", "1.0980"), ("1.1000", "1.1001"))
    street.run(lane)
    scanner = lane._scanner
    assert scanner
    assert len(scanner.markets[street.place.instruments["EURUSD"]].waiting) == 0
    scanner.note_cursors()
    with street.database.system() as session:
        assert progress(session, street.place.instruments["EURUSD"]).done == 4, "nobody waits for who sleeps"
    street.switch("on")
    time.sleep(1.1)
    lane.run(0.3)
    assert street.fills() == []
    street.append(("1.0989", "1.0990"))
    street.run(lane)
    assert [(fill[1], fill[5]) for fill in street.fills()] == [("buy", 5)]
    assert street.state(bot)["count"] == 1


def test_a_plugin_that_is_not_installed_here_sleeps(street: Street) -> None:
    lane = street.lane()
    street.ladder("0.0010", "1.1000")
    street.runtime.found = None
    street.append(("1.0989", "1.0990"), ("1.0979", "1.0980"))
    street.run(lane)
    assert street.fills() == []
    assert street.rows("select count(*) from core.parked_subjects") == [(0,)]


def test_a_row_that_is_being_changed_is_left_for_the_next_look(street: Street) -> None:
    """The lane never waits for a row that somebody else holds, and never arms a version that is going away."""
    lane = street.lane()
    street.append(("1.1000", "1.1001"))
    bot = street.ladder("0.0010", "1.1000")
    with street.place.session() as session:
        session.execute(text("select 1 from core.triggers where subject_id = :id for update"), {"id": bot})
        street.run(lane)
        assert street.rows("select armed from core.triggers where subject_id = :id", id=bot) == [(False,)]
    street.append(("1.0989", "1.0990"))
    street.run(lane)
    assert len(street.fills()) == 1


def test_losing_redis_loses_no_quote(street: Street) -> None:
    """Nothing was ever sent through Redis in these tests; and with the server's content gone the lane reads the table."""
    lane = street.lane()
    street.ladder("0.0010", "1.1000")
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    street.redis.flushall()
    street.append(("1.0989", "1.0990"))
    street.run(lane)
    assert len(street.fills()) == 1


def test_state_and_trigger_of_a_ladder_agree(street: Street) -> None:
    _state, triggers = ladder("0.0010", "1.1000")
    bot = street.ladder("0.0010", "1.1000")
    assert triggers.ask_le == Decimal("1.0990")
    assert street.rows("select ask_le, bid_ge from core.triggers where subject_id = :id", id=bot) == [(109900, None)]
