"""Orders at a venue that is somebody else's: late, silent, in parts, twice, and through crashes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.jobs.models import Alert
from core.trading.models import Fill, Symbol
from core.trading.services import cancel_orders
from core.venues import Venue, VenueAnswer, VenueFill, VenueOrder
from core.venues.delivery import deliver
from core.venues.reports import book_answer
from tests.trading.market import MarketPlace

Step = Callable[["Counterparty", VenueOrder], VenueAnswer]


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Counterparty:
    """A venue that follows a script, and remembers what it really did with each order."""

    script: list[Step] = field(default_factory=list)
    patience_s: float = 5.0
    submitted: list[str] = field(default_factory=list)
    book: dict[str, VenueAnswer] = field(default_factory=dict)
    silent: bool = False

    def submit(self, order: VenueOrder) -> VenueAnswer:
        self.submitted.append(order.client_id)
        return self.script.pop(0)(self, order)

    def look_up(self, client_id: str) -> VenueAnswer | None:
        if self.silent:
            raise TimeoutError
        return self.book.get(client_id)

    def cancel(self, client_id: str) -> VenueAnswer:
        known = self.book[client_id]
        self.book[client_id] = VenueAnswer("cancelled", known.fills, known.ref)
        return self.book[client_id]


def filled(*fills: tuple[str, str, str]) -> VenueAnswer:
    return VenueAnswer("filled", tuple(VenueFill(key, Decimal(volume), Decimal(price)) for key, volume, price in fills))


def answers(answer: VenueAnswer) -> Step:
    def step(venue: Counterparty, order: VenueOrder) -> VenueAnswer:
        venue.book[order.client_id] = answer
        return answer

    return step


def fills_and_says_nothing(answer: VenueAnswer) -> Step:
    def step(venue: Counterparty, order: VenueOrder) -> VenueAnswer:
        venue.book[order.client_id] = answer
        raise TimeoutError

    return step


def fills_and_the_process_dies(answer: VenueAnswer) -> Step:
    def step(venue: Counterparty, order: VenueOrder) -> VenueAnswer:
        venue.book[order.client_id] = answer
        raise Crash

    return step


def loses_it(_venue: Counterparty, _order: VenueOrder) -> VenueAnswer:
    raise TimeoutError


@pytest.fixture
def venue(market: MarketPlace) -> Counterparty:
    market.change(Symbol, (market.tenant_id, market.symbols["EURUSD"]), venue="test.counterparty")
    return Counterparty()


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


def send(market: MarketPlace, venue: Counterparty, clock: Clock | None = None) -> int:
    venues: dict[str, Venue] = {"test.counterparty": venue}
    return deliver(market.database, market.tenant_id, venues, now_ms=clock or Clock())


def fills(market: MarketPlace) -> list[tuple[str, Decimal, Decimal]]:
    with market.session() as session:
        rows = session.execute(select(Fill.venue_fill_id, Fill.volume, Fill.price).order_by(Fill.fill_no)).all()
        return [(row[0], row[1], row[2]) for row in rows]


def test_an_order_is_stored_and_its_margin_set_aside_before_it_is_sent(
    market: MarketPlace, venue: Counterparty
) -> None:
    (account,) = market.accounts("standard")
    placed = market.place(account, "buy", "1.00")
    assert placed.status == "pending"
    assert market.account(account).reserved == Decimal(1100)
    assert venue.submitted == []
    venue.script = [answers(filled(("a", "1.00", "1.10010")))]
    assert send(market, venue) == 1
    row, after = market.stored(placed.order_id), market.account(account)
    assert (row.status, row.average_price) == ("filled", Decimal("1.1001"))
    assert (after.reserved, after.margin) == (Decimal(0), Decimal("1100.1"))
    assert send(market, venue) == 0
    market.check_ledger()


def test_a_silent_venue_leaves_the_order_unknown_until_it_is_looked_up(
    market: MarketPlace, venue: Counterparty
) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "0.10").order_id
    venue.script, venue.silent = [fills_and_says_nothing(filled(("a", "0.10", "1.10000")))], True
    send(market, venue)
    assert market.stored(order).status == "unknown"
    send(market, venue)
    assert market.stored(order).status == "unknown"
    venue.silent = False
    send(market, venue)
    assert market.stored(order).status == "filled"
    assert len(venue.submitted) == 1
    assert fills(market) == [("a", Decimal("0.1"), Decimal("1.1"))]


def test_a_crash_between_the_venues_fill_and_its_booking(market: MarketPlace, venue: Counterparty) -> None:
    """crash between a venue's fill and its booking | after restart one fill row"""
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "0.10").order_id
    venue.script = [fills_and_the_process_dies(filled(("a", "0.10", "1.10000")))]
    with pytest.raises(Crash):
        send(market, venue)
    assert market.stored(order).status == "unknown"
    for _ in range(3):
        send(market, venue)
    assert venue.submitted == [order.hex]
    assert fills(market) == [("a", Decimal("0.1"), Decimal("1.1"))]
    assert len(market.positions(account)) == 1
    market.check_ledger()


def test_an_order_that_the_venue_never_received_is_given_up_after_its_patience(
    market: MarketPlace, venue: Counterparty
) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "0.10").order_id
    clock = Clock()
    venue.script = [loses_it]
    send(market, venue, clock)
    send(market, venue, clock)
    assert market.stored(order).status == "unknown"
    clock.ms += 5_000
    send(market, venue, clock)
    assert market.stored(order).status == "unknown"
    send(market, venue, clock)
    row = market.stored(order)
    assert (row.status, row.reason) == ("rejected", "not_received")
    assert market.account(account).reserved == 0
    assert len(venue.submitted) == 1
    # It had only been slow: the venue's fill is a fact, and a person hears of it.
    with market.session() as session:
        book_answer(session, order, filled(("a", "0.10", "1.10000")))
    assert len(market.positions(account)) == 1
    with market.session() as session:
        assert session.scalars(select(Alert.code)).all() == ["late_fill"]
    market.check_ledger()


def test_partial_fills_are_booked_once_each_whoever_brings_them(market: MarketPlace, venue: Counterparty) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "1.00").order_id
    one = VenueFill("a", Decimal("0.30"), Decimal("1.1000"))
    two = VenueFill("b", Decimal("0.70"), Decimal("1.1010"))
    venue.script = [answers(VenueAnswer("partial", (one,), "V-1"))]
    send(market, venue)
    row = market.stored(order)
    assert (row.status, row.filled, row.venue_ref) == ("resting", Decimal("0.3"), "V-1")
    assert market.account(account).reserved == Decimal(770)
    for answer in (
        VenueAnswer("partial", (one,)),
        VenueAnswer("filled", (one, two)),
        VenueAnswer("partial", (one,)),
        VenueAnswer("filled", (two, one)),
    ):
        with market.session() as session:
            book_answer(session, order, answer)
    row = market.stored(order)
    assert (row.status, row.filled, row.average_price) == ("filled", Decimal(1), Decimal("1.1007"))
    assert [fill[0] for fill in fills(market)] == ["a", "b"]
    assert market.account(account).reserved == 0
    market.check_ledger()


def test_a_rejection_frees_what_was_set_aside(market: MarketPlace, venue: Counterparty) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "1.00").order_id
    venue.script = [answers(VenueAnswer("rejected", reason="no_liquidity"))]
    send(market, venue)
    row = market.stored(order)
    assert (row.status, row.reason) == ("rejected", "no_liquidity")
    assert market.account(account).reserved == 0


def test_a_cancel_ends_an_order_only_when_the_venue_says_so(market: MarketPlace, venue: Counterparty) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "1.00", kind="limit", price="1.09000").order_id
    one = VenueFill("a", Decimal("0.40"), Decimal("1.0900"))
    venue.script = [answers(VenueAnswer("accepted"))]
    send(market, venue)
    market.cross("EURUSD", "1.08000", "1.08010")
    assert market.stored(order).status == "resting"
    venue.book[order.hex] = VenueAnswer("partial", (one,))
    with market.session() as session:
        assert cancel_orders(session, [order])[0].status == "resting"
    send(market, venue)
    row = market.stored(order)
    assert (row.status, row.filled) == ("partial", Decimal("0.4"))
    assert market.account(account).reserved == 0
    market.check_ledger()


def test_an_order_not_sent_yet_is_cancelled_at_once(market: MarketPlace, venue: Counterparty) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "1.00").order_id
    with market.session() as session:
        assert cancel_orders(session, [order])[0].status == "cancelled"
    assert send(market, venue) == 0
    assert venue.submitted == []


def test_a_stop_loss_goes_to_the_venue_once(market: MarketPlace, venue: Counterparty) -> None:
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10", stop_loss="1.09000")
    venue.script = [answers(filled(("a", "0.10", "1.10000"))), loses_it]
    send(market, venue)
    market.cross("EURUSD", "1.08900", "1.08910")
    market.cross("EURUSD", "1.08800", "1.08810")
    send(market, venue)
    assert len(venue.submitted) == 2
    (held,) = market.positions(account, opened=True)
    close = venue.submitted[1]
    venue.book[close] = filled(("x", "0.10", "1.08790"))
    send(market, venue)
    (held,) = market.positions(account)
    assert (held.close_reason, held.realised) == ("stop_loss", Decimal(-121))


def test_a_venue_that_is_not_loaded_leaves_its_orders_alone(market: MarketPlace, venue: Counterparty) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "buy", "0.10").order_id
    assert deliver(market.database, market.tenant_id, {}) == 0
    assert market.stored(order).status == "pending"
    assert isinstance(venue, Venue)
