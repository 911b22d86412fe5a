"""Copies at a venue elsewhere: what is under way counts as held, arrives late, in part or never, and is never sent again."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from core.trading.models import Symbol
from core.venues.delivery import deliver
from core.venues.port import VenueAnswer
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.scanning import run_job
from tests.copy_trading.scene import Scene
from tests.trading.test_venues import Counterparty, answers, filled

D = Decimal


@pytest.fixture
def venue(scene: Scene) -> Counterparty:
    """GBP/USD is copied as EUR/USD, and EUR/USD is traded elsewhere."""
    scene.place.quote("GBPUSD", "1.08500", "1.08500")
    place = scene.place
    place.change(Symbol, (place.tenant_id, place.symbols["EURUSD"]), venue="elsewhere.prime")
    return Counterparty()


def carry(scene: Scene, venue: Counterparty) -> None:
    """Let the venue answer, and the module take in what has arrived."""
    for _ in range(3):
        deliver(scene.place.database, scene.place.tenant_id, {"elsewhere.prime": venue}, now_ms=lambda: 1_000_000)
        run_job(scene, "take_arrivals")


def copied(scene: Scene) -> tuple[UUID, UUID, UUID, UUID]:
    """A copy of 0.25 that has just been sent: the master's account, the position, the follower's account, the copy."""
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower, symbol_map={"GBPUSD": "EURUSD"}, max_open_trades=1)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00", "GBPUSD").fills[0].position_id
    scene.copy(master)
    assert scene.orders(follower) == [("buy", D("0.25"), "pending")]
    [link] = scene.links(subscription)
    assert (link.held, link.state, link.position_ids) == (D("0.25"), "live", [])
    return master, position, follower, subscription


def test_an_open_that_arrives_late_is_its_links(scene: Scene, venue: Counterparty) -> None:
    master, position, follower, subscription = copied(scene)
    venue.script = [answers(filled(("1", "0.25", "1.08500")))]
    carry(scene, venue)
    [link] = scene.links(subscription)
    assert (link.held, len(link.position_ids), link.flying) == (D("0.25"), 1, [])
    venue.script = [answers(filled(("2", "0.25", "1.08500")))]
    scene.trade(scene.master_account(master), "sell", "1.00", "GBPUSD", position_id=position)
    scene.copy(master)
    carry(scene, venue)
    assert (scene.held(follower), scene.links(subscription)[0].state) == (D(0), "closed")
    assert len(venue.submitted) == 2


def test_the_master_closes_while_the_open_is_under_way(scene: Scene, venue: Counterparty) -> None:
    """Half is closed at once by the master and the rest later: what arrives is brought to where it should be, no more."""
    master, position, follower, subscription = copied(scene)
    account = scene.master_account(master)
    scene.trade(account, "sell", "0.60", "GBPUSD", position_id=position)
    scene.copy(master)
    assert scene.links(subscription)[0].state == "live", "not seen as closed by the follower's own hand"
    venue.script = [
        answers(filled(("1", "0.25", "1.08500"))),
        answers(filled(("2", "0.15", "1.08500"))),
        answers(filled(("3", "0.10", "1.08500"))),
    ]
    carry(scene, venue)
    assert (scene.held(follower), scene.links(subscription)[0].held) == (D("0.10"), D("0.10"))
    scene.trade(account, "sell", "0.40", "GBPUSD", position_id=position)
    scene.copy(master)
    carry(scene, venue)
    assert (scene.held(follower), scene.links(subscription)[0].state, len(venue.submitted)) == (D(0), "closed", 3)


def test_the_master_is_flat_before_anything_has_arrived(scene: Scene, venue: Counterparty) -> None:
    master, position, follower, subscription = copied(scene)
    scene.trade(scene.master_account(master), "sell", "1.00", "GBPUSD", position_id=position)
    scene.copy(master)
    assert scene.links(subscription)[0].state == "live"
    venue.script = [answers(filled(("1", "0.25", "1.08500"))), answers(filled(("2", "0.25", "1.08500")))]
    carry(scene, venue)
    assert (scene.held(follower), scene.links(subscription)[0].state) == (D(0), "closed")
    carry(scene, venue)
    assert len(venue.submitted) == 2, "an order is never sent blindly again"


def test_what_the_venue_leaves_unfilled_is_never_chased(scene: Scene, venue: Counterparty) -> None:
    master, position, follower, subscription = copied(scene)
    venue.script = [answers(VenueAnswer("cancelled", filled(("1", "0.10", "1.08500")).fills))]
    carry(scene, venue)
    [link] = scene.links(subscription)
    assert (link.held, link.target, scene.held(follower)) == (D("0.10"), D("0.10"), D("0.10"))
    venue.script = [answers(filled(("2", "0.05", "1.08500")))]
    scene.trade(scene.master_account(master), "sell", "0.50", "GBPUSD", position_id=position)
    scene.copy(master)
    carry(scene, venue)
    assert scene.held(follower) == D("0.05")


def test_an_open_of_which_nothing_was_filled_leaves_no_link(scene: Scene, venue: Counterparty) -> None:
    _, _, follower, subscription = copied(scene)
    venue.script = [answers(VenueAnswer("rejected", reason="closed"))]
    carry(scene, venue)
    assert (scene.held(follower), scene.links(subscription)[0].state) == (D(0), "closed")


def test_a_slot_is_taken_while_the_open_is_under_way(scene: Scene, venue: Counterparty) -> None:
    master, _, follower, subscription = copied(scene)
    scene.trade(scene.master_account(master), "buy", "1.00", "GBPUSD")
    scene.copy(master)
    assert [skip.reason for skip in scene.skips(subscription)] == ["max_open_trades"]
    assert len(scene.orders(follower)) == 1


def test_a_stop_waits_for_what_is_under_way_and_closes_it(scene: Scene, venue: Counterparty) -> None:
    _, _, follower, subscription = copied(scene)
    with scene.place.session() as session:
        stop(session, [subscription], "close_all")
    run_job(scene, "finish_stops")
    assert scene.subscription(subscription).status == "stopping"
    venue.script = [answers(filled(("1", "0.25", "1.08500"))), answers(filled(("2", "0.25", "1.08500")))]
    carry(scene, venue)
    run_job(scene, "finish_stops")
    carry(scene, venue)
    run_job(scene, "finish_stops")
    assert (scene.subscription(subscription).status, scene.held(follower)) == ("stopped", D(0))
