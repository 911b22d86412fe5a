"""The copy stop-loss: percent of the equity at the start; reached, everything copied is closed and the copy stops for good.

The follower of these tests starts with 2,500, copies 0.25 lot at 1.08500 and stops at a loss of 20 %: at 2,000, 1.06500.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.runtime.states import may_run
from core.trading.models import Symbol
from plugins.copy_trading.replication.orders import closing_orders
from plugins.copy_trading.rules.states import By
from plugins.copy_trading.services import following, leaving, stopping
from tenants.models import ProductConfig
from tests.copy_trading.scanning import JOBS, alerts, copied_orders, run_job, scan, silence
from tests.copy_trading.scene import Scene

D = Decimal
REACHED = "1.06500"


def copied(scene: Scene, master: UUID, **choices: Any) -> tuple[UUID, UUID]:
    """A follower with the stop-loss, before the master trades: account and subscription."""
    follower = scene.account("2500")
    return follower, scene.follow(master, follower, **{"stop_loss_percent": D(20), **choices})


def open_copy(scene: Scene, **choices: Any) -> tuple[UUID, UUID, UUID, UUID]:
    """A copy of 0.25: the master, its position, the follower's account, its subscription."""
    master = scene.master()
    follower, subscription = copied(scene, master, **choices)
    position = scene.trade(scene.master_account(master), "buy", "1.00").fills[0].position_id
    scene.copy(master)
    assert scene.held(follower) == D("0.25")
    return master, position, follower, subscription


def quote(scene: Scene, price: str, code: str = "EURUSD") -> None:
    scene.place.quote(code, price, price)


@pytest.mark.parametrize(
    ("price", "equity", "stops"),
    [("1.06501", "2000.25", False), ("1.06500", "2000", True), ("1.06499", "1999.75", True)],
)
def test_the_stop_is_reached_exactly_at_its_equity_and_not_just_above(
    scene: Scene, price: str, equity: str, stops: bool
) -> None:
    *_, follower, subscription = open_copy(scene)
    quote(scene, price)
    scan(scene)
    row = scene.subscription(subscription)
    if stops:
        assert (row.status, row.stop_choice, scene.held(follower)) == ("stopped", "close_all", D(0))
        assert row.stopped_at is not None
        assert scene.own(follower).balance == D(equity)
    else:
        assert (row.status, scene.held(follower)) == ("active", D("0.25"))
        assert copied_orders(scene, subscription) == 1


def test_the_percent_is_of_the_equity_at_the_start_not_of_the_balance(scene: Scene) -> None:
    """A floating loss of 500 that was there before counts as nothing lost by copying."""
    follower = scene.account("2500")
    scene.trade(follower, "buy", "0.25")
    quote(scene, REACHED)
    subscription = scene.follow(scene.master(), follower, stop_loss_percent=D(20))
    quote(scene, "1.04901")  # 1,600.25 of 2,000 at the start
    scan(scene)
    assert scene.subscription(subscription).status == "active"
    quote(scene, "1.04900")
    scan(scene)
    assert scene.subscription(subscription).status == "stopped"
    assert scene.held(follower) == D("0.25"), "what the customer bought by hand stays theirs"


def test_everything_copied_is_closed_and_nothing_else(scene: Scene) -> None:
    quote(scene, "1.25000", "GBPUSD")
    master, _, follower, subscription = open_copy(scene)
    careless = scene.account("2500")
    other = scene.follow(master, careless)
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    scene.trade(account, "sell", "0.40", "GBPUSD")
    scene.copy(master)
    scene.trade(follower, "buy", "0.02")
    before = scene.held(careless)
    quote(scene, "1.07400")
    scan(scene)
    [left] = scene.place.positions(follower, opened=True)
    assert (left.volume, left.origin) == (D("0.02"), "manual")
    assert {link.state for link in scene.links(subscription)} == {"closed"}
    assert len(scene.links(subscription)) == 3
    assert {(link.target, link.held) for link in scene.links(subscription)} == {(D(0), D(0))}
    assert (scene.subscription(other).status, scene.held(careless)) == ("active", before)
    scene.place.check_ledger()


def test_it_is_for_good(scene: Scene) -> None:
    master, position, follower, subscription = open_copy(scene)
    quote(scene, REACHED)
    scan(scene)
    quote(scene, "1.08500")
    with scene.place.session() as session:
        for by in By:
            assert following.resume_copying(session, [subscription], by) == {}
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    scene.trade(account, "sell", "1.00", position_id=position)
    scene.copy(master)
    scan(scene)
    assert (scene.subscription(subscription).status, scene.held(follower)) == ("stopped", D(0))
    assert copied_orders(scene, subscription) == 2


def test_scanning_again_also_at_once_on_two_workers_closes_once(scene: Scene) -> None:
    *_, follower, subscription = open_copy(scene)
    quote(scene, REACHED)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(scan, scene) for _ in range(2)]:
            done.result(30)
    stopped_at = scene.subscription(subscription).stopped_at
    scan(scene)
    assert copied_orders(scene, subscription) == 2
    assert scene.own(follower).balance == D(2000)
    assert scene.subscription(subscription).stopped_at == stopped_at
    scene.place.check_ledger()


def test_it_works_while_the_module_drains(scene: Scene) -> None:
    *_, follower, subscription = open_copy(scene)
    scene.place.change(ProductConfig, (scene.place.tenant_id, "copy_trading"), state="draining")
    scene.module_state = "draining"
    with scene.place.session() as session:
        leaving.leave(session, "wind_down")
    assert scene.subscription(subscription).status == "paused"
    assert may_run("draining", reduces=JOBS["risk_scan"].reduces)
    assert may_run("draining", reduces=JOBS["finish_stops"].reduces)
    quote(scene, REACHED)
    scan(scene)
    assert (scene.subscription(subscription).status, scene.held(follower)) == ("stopped", D(0))


def test_in_a_closed_market_it_closes_when_the_market_opens(scene: Scene) -> None:
    *_, follower, subscription = open_copy(scene)
    quote(scene, REACHED)
    symbol = (scene.place.tenant_id, scene.place.symbols["EURUSD"])
    scene.place.change(Symbol, symbol, status="disabled", hours={"sat": [["00:00", "00:01"]]})
    scan(scene)
    run_job(scene, "finish_stops")
    assert (scene.subscription(subscription).status, scene.held(follower)) == ("stopping", D("0.25"))
    scan(scene)
    assert copied_orders(scene, subscription) == 2, "the close that waits is enough"
    scene.place.change(Symbol, symbol, hours={})
    scene.place.cross("EURUSD", "1.06400", "1.06400")
    assert scene.held(follower) == 0
    run_job(scene, "finish_stops")
    assert scene.subscription(subscription).status == "stopped"


def test_the_stop_goes_before_the_pause_for_a_follower_in_need_of_both(scene: Scene) -> None:
    *_, subscription = open_copy(scene)
    scene.settings = scene.settings.model_copy(update={"critical_pauses": True, "critical_level": D(2000)})
    quote(scene, REACHED)
    scan(scene)
    row = scene.subscription(subscription)
    assert (row.status, row.reasons, alerts(scene)) == ("stopped", 0, [])


def test_no_stop_is_decided_while_the_equity_cannot_be_told(scene: Scene) -> None:
    """A gain that has no price at the moment is not lost: equity 2,375, of which 500 float on a symbol without a quote."""
    quote(scene, "1.25000", "GBPUSD")
    *_, follower, subscription = open_copy(scene)
    scene.trade(follower, "buy", "0.10", "GBPUSD")
    quote(scene, "1.30000", "GBPUSD")
    quote(scene, "1.06000")
    scan(scene)
    assert scene.subscription(subscription).status == "active"
    silence(scene.place, "GBPUSD")
    scan(scene)
    assert scene.subscription(subscription).status == "active"
    quote(scene, "1.26000", "GBPUSD")
    scan(scene)
    assert scene.subscription(subscription).status == "stopped"


def test_a_follower_that_cannot_be_booked_holds_no_others_stop_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = scene.master()
    bad_account, bad = copied(scene, master)
    accounts = [bad_account, *(copied(scene, master)[0] for _ in range(2))]
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    quote(scene, REACHED)

    def fails(tenant_id: UUID, link: Any, *rest: Any) -> Any:
        if link.subscription_id == bad:
            raise ArithmeticError("a figure that is too large")
        return closing_orders(tenant_id, link, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(stopping, "closing_orders", fails)
        for _ in range(2):
            scan(scene)
    assert [scene.held(each) for each in accounts] == [D("0.25"), 0, 0]
    assert alerts(scene) == [("stop_loss_failed", "critical", str(bad))]
    scan(scene)
    assert (scene.subscription(bad).status, scene.held(bad_account)) == ("stopped", D(0))


def test_a_refused_close_is_told_and_tried_again_instead_of_leaving_a_position_behind(scene: Scene) -> None:
    *_, follower, subscription = open_copy(scene)
    quote(scene, REACHED)
    symbol = (scene.place.tenant_id, scene.place.symbols["EURUSD"])
    scene.place.change(Symbol, symbol, lot_step=D("0.10"))  # 0.25 is no multiple of it
    for _ in range(2):
        scan(scene)
    assert (scene.subscription(subscription).status, scene.held(follower)) == ("active", D("0.25"))
    assert alerts(scene) == [("stop_loss_failed", "critical", str(subscription))]
    scene.place.change(Symbol, symbol, lot_step=D("0.01"))
    scan(scene)
    assert (scene.subscription(subscription).status, scene.held(follower)) == ("stopped", D(0))


def test_one_refused_close_does_not_keep_the_others_open(scene: Scene) -> None:
    quote(scene, "1.25000", "GBPUSD")
    master, _, follower, subscription = open_copy(scene)
    scene.trade(scene.master_account(master), "buy", "0.40", "GBPUSD")
    scene.copy(master)
    symbol = (scene.place.tenant_id, scene.place.symbols["EURUSD"])
    scene.place.change(Symbol, symbol, lot_step=D("0.10"))
    quote(scene, REACHED)
    for _ in range(2):
        scan(scene)
    [left] = scene.place.positions(follower, opened=True)
    assert (left.symbol_id, left.volume) == (scene.place.symbols["EURUSD"], D("0.25"))
    assert scene.subscription(subscription).status == "stopping"
    assert alerts(scene) == [("stop_loss_failed", "critical", str(subscription))]
