"""A mock subscription takes every decision a live one takes and keeps its own P&L, but never sends an order."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.sdk.trading import account_states
from plugins.copy_trading.models import MockPosition, Subscription
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.states import Pause
from plugins.copy_trading.services import following, leaving, mocking
from plugins.copy_trading.services.errors import RefusedError
from plugins.copy_trading.services.mocking import MockFigures
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.scanning import scan, silence
from tests.copy_trading.scene import Scene

D = Decimal


def on_paper(scene: Scene, master: UUID, account: UUID, *, paper: Decimal | None = None, **choices: Any) -> UUID:
    """Follow on paper; the subscription's id."""
    with scene.place.session() as session:
        return mocking.start(
            session, scene.settings, customer_id=scene.customer_of(account), account_id=account, master_id=master,
            choices=Choices(**choices), paper=paper,
        ).id  # fmt: skip


def figures(scene: Scene, subscription: UUID) -> MockFigures:
    with scene.place.session() as session:
        return mocking.figures(session, [subscription])[subscription]


def held(scene: Scene, subscription: UUID) -> Decimal:
    """Lots open on paper, long positive."""
    with scene.place.session() as session:
        rows = session.query(MockPosition).filter_by(subscription_id=subscription, closed_ts_ms=None)
        return sum((row.volume if row.side == "buy" else -row.volume for row in rows), D(0))


def test_it_keeps_its_own_money_and_sends_no_order(scene: Scene) -> None:
    """With a mark-up of 1 pip, half on each side, and 7 a lot: 0.25 lot bought at 1.08505 and sold at 1.09505."""
    scene.place.account_type("dear", markup=D(1), commission_kind="per_lot", commission=D(7))
    master = scene.master()
    account = scene.account("2500", "dear")
    copy = on_paper(scene, master, account)
    position = scene.trade(scene.master_account(master), "buy", "1.00").fills[0].position_id
    scene.copy(master)
    now = figures(scene, copy)
    assert (now.balance, now.positions, now.margin) == (D("2498.25"), 1, D("271.2625"))
    assert now.equity == D("2498.25") - D("2.50"), "the spread is against the copy"
    scene.place.quote("EURUSD", "1.09510", "1.09510")
    scene.trade(scene.master_account(master), "sell", "1.00", position_id=position)
    scene.copy(master)
    now = figures(scene, copy)
    assert (now.balance, now.pnl, now.positions) == (D("2500") - D("3.50") + D("250.00"), D("246.50"), 0)
    assert scene.orders(account) == []
    assert scene.own(account).balance == D(2500)
    with scene.place.session() as session:
        [line] = mocking.positions(session, copy)
    assert (line.symbol, line.side, line.opened_volume, line.open_price, line.close_price, line.pnl) == (
        "EURUSD", "buy", D("0.25"), D("1.08505"), D("1.09505"), D("246.50"),
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["hedging", "netting"])
@pytest.mark.parametrize("seed", range(3))
def test_it_decides_as_a_live_copy_does(scene: Scene, seed: int, mode: str) -> None:
    """The same money, the same settings, the same history: positions, money and skip records are the same."""
    random = Random(seed)
    scene.place.account_type(
        "same", mode=mode, leverage=D(30), markup=D("0.3"), commission_kind="per_lot", commission=D(7)
    )
    master = scene.master("20000", "same")
    account, twin = scene.account("3000", "same"), scene.account("3000", "same")
    choices: dict[str, Any] = {"max_open_trades": 2, "minimum_equity": D(2950), "maximum_lot": D("0.4")}
    live, paper = scene.follow(master, account, **choices), on_paper(scene, master, twin, **choices)
    for _ in range(25):
        held_now = scene.place.positions(scene.master_account(master), opened=True)
        price = f"{1.08 + random.randint(0, 100) / 10_000:.5f}"
        scene.place.quote("EURUSD", price, price)
        if held_now and random.random() < 0.5:
            scene.place.close(held_now[0].id, f"{min(held_now[0].volume, D(random.randint(1, 100)) / 100):.2f}")
        else:
            scene.place.place(
                scene.master_account(master), random.choice(["buy", "sell"]), f"{random.randint(1, 90) / 100:.2f}"
            )
        if random.random() < 0.7:
            scene.copy(master)
    scene.copy(master)
    now = figures(scene, paper)
    with scene.place.session() as session:
        state = account_states(session, [account])[account]
    assert held(scene, paper) == scene.held(account)
    assert (now.balance, now.equity, now.margin) == (state.balance, state.equity, state.margin)
    assert [(one.fill_no, one.reason, one.found, one.needed) for one in scene.skips(paper)] == [
        (one.fill_no, one.reason, one.found, one.needed) for one in scene.skips(live)
    ]
    assert [(one.target, one.held, one.state) for one in scene.links(paper)] == [
        (one.target, one.held, one.state) for one in scene.links(live)
    ]
    assert scene.skips(live), "some gate has held"
    assert scene.orders(twin) == []


def test_the_same_fill_twice_is_one_fill_on_paper(scene: Scene) -> None:
    master = scene.master()
    copy = on_paper(scene, master, scene.account("2500"))
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    scene.run("opens", master, again=True)
    assert held(scene, copy) == D("0.25")


def test_it_is_no_follower_and_no_asset_under_copy(scene: Scene) -> None:
    master = scene.master()
    with scene.place.session() as session:
        session.execute(text("update copy_trading.masters set follower_cap = 1"))
    account = scene.account("2500")
    on_paper(scene, master, account)
    with scene.place.session() as session:
        assert leaving.measure(session).items[0].count == 0
    scene.follow(master, account)
    with pytest.raises(RefusedError) as refused:
        scene.follow(master, scene.account("2500"))
    assert refused.value.code == "cap_reached"
    on_paper(scene, master, scene.account("2500"))


def test_it_may_stand_beside_the_live_copy_but_only_once(scene: Scene) -> None:
    master, account = scene.master(), scene.account("2500")
    on_paper(scene, master, account)
    with pytest.raises(RefusedError) as refused:
        on_paper(scene, master, account)
    assert refused.value.code == "already_following"


def test_pause_and_stop_hold_on_paper_too(scene: Scene) -> None:
    master = scene.master()
    copy = on_paper(scene, master, scene.account("2500"))
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    with scene.place.session() as session:
        following.pause(session, [copy], Pause.FOLLOWER)
    scene.trade(account, "buy", "0.50")
    scene.trade(account, "sell", "0.50", position_id=position)
    scene.copy(master)
    assert held(scene, copy) == D("0.12"), "closes follow, the open does not"
    scene.place.quote("EURUSD", "1.09500", "1.09500")
    with scene.place.session() as session:
        assert stop(session, [copy], "close_all") == 1
        assert stop(session, [copy], "close_all") == 0
    assert held(scene, copy) == 0
    assert figures(scene, copy).pnl == D("0.12") * 1000
    assert scene.subscription(copy).status == "stopped"


def test_its_stop_loss_is_reached_on_its_own_money(scene: Scene) -> None:
    master = scene.master()
    copy = on_paper(scene, master, scene.account("9000"), paper=D(2500), stop_loss_percent=D(20))
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    scene.place.quote("EURUSD", "1.06501", "1.06501")
    scan(scene)
    assert scene.subscription(copy).status == "active"
    scene.place.quote("EURUSD", "1.06500", "1.06500")
    scan(scene)
    assert (scene.subscription(copy).status, held(scene, copy)) == ("stopped", D(0))
    assert figures(scene, copy).pnl == D(-500)


def test_the_masters_open_positions_are_taken_over_on_paper(scene: Scene) -> None:
    master = scene.master()
    scene.trade(scene.master_account(master), "buy", "1.00")
    copy = on_paper(scene, master, scene.account("2500"), existing_positions="all")
    assert held(scene, copy) == D("0.25")


def test_going_live_is_a_follow_with_the_same_settings(scene: Scene) -> None:
    master, account = scene.master(), scene.account("2500")
    copy = on_paper(scene, master, account, copy_ratio=D(2), max_open_trades=3, below_minimum_lot="round_up")
    scene.trade(scene.master_account(master), "buy", "0.10")
    scene.copy(master)
    with scene.place.session() as session, pytest.raises(RefusedError) as refused:
        row = session.get_one(Subscription, (scene.place.tenant_id, copy))
        mocking.convert(session, scene.settings, row, confirmed=False)
    assert refused.value.code == "not_confirmed"
    with scene.place.session() as session:
        row = session.get_one(Subscription, (scene.place.tenant_id, copy))
        live = mocking.convert(session, scene.settings, row, confirmed=True).id
    made = scene.subscription(live)
    assert (made.mock, made.copy_ratio, made.max_open_trades, made.round_up) == (False, D(2), 3, True)
    assert scene.subscription(copy).status == "stopped"
    assert scene.held(account) == 0, "what was open on paper is not taken over"
    scene.trade(scene.master_account(master), "buy", "0.10")
    scene.copy(master)
    assert scene.held(account) == D("0.05")


def test_a_paper_copy_that_cannot_be_booked_is_parked_alone(scene: Scene) -> None:
    """Without a quote nothing can be closed on paper: the copy waits and is retried, the live one goes on."""
    scene.place.quote("GBPUSD", "1.25000", "1.25000")
    master = scene.master()
    copy = on_paper(scene, master, scene.account("2500"), symbol_map={"EURUSD": "GBPUSD"}, slippage_tolerance=None,
                    existing_positions="ignore")  # fmt: skip
    live = scene.account("2500")
    scene.follow(master, live)
    scene.settings = scene.settings.model_copy(update={"slippage_fx": D(100)})
    position = scene.trade(scene.master_account(master), "buy", "1.00").fills[0].position_id
    scene.copy(master)
    assert (held(scene, copy), scene.held(live)) == (D("0.25"), D("0.25"))
    silence(scene.place, "GBPUSD")
    scene.trade(scene.master_account(master), "sell", "1.00", position_id=position)
    scene.copy(master)
    assert (held(scene, copy), scene.held(live)) == (D("0.25"), D(0))
    assert scene.alerts == [("copy_parked", str(copy))]
    scene.place.quote("GBPUSD", "1.25000", "1.25000")
    scene.retry()
    assert held(scene, copy) == 0
