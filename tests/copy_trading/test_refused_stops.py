"""A stop whose close is refused does not stay ``stopping`` in silence: alert, reason, and it is tried again with growing pauses."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.models import Symbol
from plugins.copy_trading.models import Master, Subscription
from plugins.copy_trading.rules.states import MasterStatus
from plugins.copy_trading.services import mastering
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.scanning import alerts, copied_orders, run_job
from tests.copy_trading.scene import Scene

D = Decimal


def step(scene: Scene, size: str) -> None:
    """With a step of 0.10 a close of 0.25 is refused."""
    scene.place.change(Symbol, (scene.place.tenant_id, scene.place.symbols["EURUSD"]), lot_step=D(size))


def copying(scene: Scene) -> tuple[UUID, UUID, UUID]:
    """A copy of 0.25: the master, the follower's account, the subscription."""
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    assert scene.held(follower) == D("0.25")
    return master, follower, subscription


def due(scene: Scene) -> None:
    """Let the pause before the next try be over."""
    with scene.place.session() as session:
        session.execute(
            text("update copy_trading.subscriptions set stop_retry_at = now() where stop_retry_at is not null")
        )


def pauses(scene: Scene, subscription: UUID) -> float:
    """Seconds from now to the next try."""
    with scene.place.session() as session:
        found = session.scalar(
            text("select extract(epoch from stop_retry_at - now()) from copy_trading.subscriptions where id = :id"),
            {"id": subscription},
        )
        return float(found or 0)


def test_it_says_why_tells_staff_and_closes_once_it_can(scene: Scene) -> None:
    _, follower, subscription = copying(scene)
    step(scene, "0.10")
    with scene.place.session() as session:
        stop(session, [subscription], "close_all")
    row = scene.subscription(subscription)
    assert (row.status, row.stop_error, row.stop_tries) == ("stopping", "off_step", 1)
    assert alerts(scene) == [("stop_refused", "critical", str(subscription))]
    run_job(scene, "finish_stops")
    assert copied_orders(scene, subscription) == 2, "it is not due yet"
    due(scene)
    run_job(scene, "finish_stops")
    row = scene.subscription(subscription)
    assert (row.status, row.stop_tries, copied_orders(scene, subscription)) == ("stopping", 2, 3)
    step(scene, "0.01")
    due(scene)
    run_job(scene, "finish_stops")
    row = scene.subscription(subscription)
    assert (row.status, row.stop_error, scene.held(follower)) == ("stopped", None, D(0))
    assert alerts(scene) == [], "the episode is over, so that the next is announced"
    with scene.place.session() as session:
        assert session.scalar(text("select count(*) from tenants.notifications where code = 'copy_ended'")) == 1
    scene.place.check_ledger()


def test_the_pauses_grow_to_an_hour(scene: Scene) -> None:
    _, _, subscription = copying(scene)
    step(scene, "0.10")
    with scene.place.session() as session:
        stop(session, [subscription], "close_all")
    seen = [pauses(scene, subscription)]
    for _ in range(10):
        due(scene)
        run_job(scene, "finish_stops")
        seen.append(pauses(scene, subscription))
    assert 5 < seen[0] <= 10
    assert 15 < seen[1] <= 20
    assert 3590 < seen[-1] <= 3600


def test_one_stop_that_cannot_be_tried_holds_no_other_back(scene: Scene) -> None:
    master, _, bad = copying(scene)
    other = scene.account("2500")
    good = scene.follow(master, other)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    step(scene, "0.10")
    with scene.place.session() as session:
        stop(session, [bad, good], "close_all")
    step(scene, "0.01")
    with scene.place.session() as session:
        session.execute(
            text("update core.positions set volume = 0.255, opened_volume = 0.255 where origin_id = :id"), {"id": bad}
        )
    due(scene)
    run_job(scene, "finish_stops")
    assert (scene.subscription(good).status, scene.held(other)) == ("stopped", D(0))
    assert scene.subscription(bad).status == "stopping"
    assert alerts(scene) == [("stop_refused", "critical", str(bad))]


def test_a_close_that_waits_for_the_market_is_not_sent_again(scene: Scene) -> None:
    _, follower, subscription = copying(scene)
    symbol = (scene.place.tenant_id, scene.place.symbols["EURUSD"])
    scene.place.change(Symbol, symbol, hours={"sat": [["00:00", "00:01"]]})
    with scene.place.session() as session:
        stop(session, [subscription], "close_all")
    assert (scene.subscription(subscription).status, scene.subscription(subscription).stop_error) == ("stopping", None)
    for _ in range(2):
        run_job(scene, "finish_stops")
    assert (copied_orders(scene, subscription), alerts(scene)) == (2, [])
    scene.place.change(Symbol, symbol, hours={})
    scene.place.cross("EURUSD", "1.08400", "1.08400")
    run_job(scene, "finish_stops")
    assert (scene.subscription(subscription).status, scene.held(follower)) == ("stopped", D(0))


def test_a_deactivation_that_closes_all_is_tried_again_too(scene: Scene) -> None:
    master, follower, subscription = copying(scene)
    step(scene, "0.10")
    with scene.place.session() as session:
        row = session.get_one(Master, (scene.place.tenant_id, master))
        mastering.set_status(session, row, MasterStatus.DEACTIVATED, choice="close_all")
    assert alerts(scene) == [("stop_refused", "critical", str(subscription))]
    step(scene, "0.01")
    due(scene)
    run_job(scene, "finish_stops")
    with scene.place.session() as session:
        assert session.get_one(Subscription, (scene.place.tenant_id, subscription)).status == "stopped"
    assert scene.held(follower) == 0
