"""Rows of the domain page's table of cases through the database: real orders, fills and positions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import text

from core.trading.services import deposit
from plugins.copy_trading.models import Subscription
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.states import By, Pause
from plugins.copy_trading.services import following
from tests.copy_trading.scene import Scene

D = Decimal


def volumes(scene: Scene, account_id: object) -> list[tuple[str, D]]:
    return [(side, volume) for side, volume, status in scene.orders(account_id) if status == "filled"]  # type: ignore[arg-type]


def test_equities_10000_and_2500_buy_1_copies_0_25(scene: Scene) -> None:
    master, follower = scene.master("10000"), scene.account("2500")
    subscription = scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    assert volumes(scene, follower) == [("buy", D("0.25"))]
    [link] = scene.links(subscription)
    assert (link.target, link.held, link.state, len(link.position_ids)) == (D("0.25"), D("0.25"), "live", 1)
    scene.place.check_ledger()


def test_raw_0_019_becomes_0_01_and_raw_0_004_is_skipped_below_min_lot(scene: Scene) -> None:
    master, big, small = scene.master("10000"), scene.account("1900"), scene.account("400")
    scene.follow(master, big)
    skipping, rounding = (
        scene.follow(master, small),
        scene.follow(master, scene.account("400"), below_minimum_lot="round_up"),
    )
    scene.trade(scene.master_account(master), "buy", "0.10")
    scene.copy(master)
    assert scene.held(big) == D("0.01")
    for subscription in (skipping, rounding):
        [skip] = scene.skips(subscription)
        assert (skip.reason, skip.found, skip.needed) == ("below_min_lot", "0.004", "0.01")
        assert (skip.setting, skip.setting_value) == ("copy_ratio", "2.5")


def test_the_same_master_fill_twice_is_one_order_and_the_second_run_writes_nothing(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    before = (scene.orders(follower), scene.own(follower).balance, scene.links(subscription)[0].target)
    for handler in ("opens", "closes", "opens"):
        scene.run(handler, master, again=True)
    assert (scene.orders(follower), scene.own(follower).balance, scene.links(subscription)[0].target) == before


def test_the_same_master_fill_at_once_on_two_workers_is_one_order(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.trade(scene.master_account(master), "buy", "0.40")
    start = Barrier(4)

    def work(handler: str) -> None:
        start.wait()
        scene.run(handler, master, again=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, ("opens", "opens", "closes", "opens")))
    assert sorted(volumes(scene, follower)) == [("buy", D("0.10")), ("buy", D("0.25"))]


@pytest.mark.parametrize(
    ("start", "balance", "steps", "expected"),
    [
        ("1.00", "100", ("0.25", "0.25", "0.50"), ["0", "0.01", "0"]),
        ("1.00", "1000", ("0.33", "0.33", "0.34"), ["0.03", "0.04", "0.03"]),
    ],
    ids=["follower_0_01_closes_nothing_0_01_nothing", "follower_0_10_closes_0_03_0_04_0_03_no_dust"],
)
def test_closes_in_parts(scene: Scene, start: str, balance: str, steps: tuple[str, ...], expected: list[str]) -> None:
    master, follower = scene.master(), scene.account(balance)
    scene.follow(master, follower)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", start).fills[0].position_id
    scene.copy(master)
    held = scene.held(follower)
    closed = []
    for step in steps:
        scene.trade(account, "sell", step, position_id=position)
        scene.copy(master)
        closed.append(held - scene.held(follower))
        held = scene.held(follower)
    assert closed == [D(one) for one in expected]
    assert held == 0


def test_netting_flip_closes_0_25_then_opens_short_0_12(scene: Scene) -> None:
    master, follower = scene.master(type_name="netting"), scene.account("2500", "netting")
    scene.follow(master, follower)
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    scene.trade(account, "sell", "1.50")
    scene.copy(master)
    assert volumes(scene, follower) == [("buy", D("0.25")), ("sell", D("0.25")), ("sell", D("0.12"))]
    assert scene.held(follower) == D("-0.12")


def test_joined_while_master_long_1_then_add_and_close_all_is_nothing_at_all(scene: Scene) -> None:
    master, follower = scene.master(type_name="netting"), scene.account("2500", "netting")
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    subscription = scene.follow(master, follower)
    scene.trade(account, "buy", "0.50")
    scene.trade(account, "sell", "1.50")
    scene.copy(master)
    assert scene.orders(follower) == []
    assert scene.skips(subscription) == []


def test_minimum_equity_500_at_480_skips_opens_and_mirrors_closes_and_passes_at_510_and_at_500(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("500")
    subscription = scene.follow(master, follower, minimum_equity=D(500))
    account = scene.master_account(master)
    first = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    assert scene.held(follower) == D("0.05"), "exactly 500.00 passes"
    scene.place.quote("EURUSD", "1.08100", "1.08100")  # 0.05 lot × 40 pips: −20
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    [skip] = scene.skips(subscription)
    assert (skip.reason, skip.found, skip.needed) == ("below_minimum_equity", "480", "500")
    scene.trade(account, "sell", "1.00", position_id=first)
    scene.copy(master)
    assert scene.held(follower) == 0
    with scene.place.session() as session:
        deposit(session, follower, D(30), key="top-up")
    scene.trade(account, "buy", "2.00")
    scene.copy(master)
    assert scene.held(follower) > 0, "at 510 the next open is copied"


def test_max_open_trades_3(scene: Scene) -> None:
    master, follower = scene.master("10000"), scene.account("5000")
    subscription = scene.follow(master, follower, max_open_trades=3)
    account = scene.master_account(master)
    positions = []
    for _ in range(4):
        positions.append(scene.trade(account, "buy", "0.10").fills[0].position_id)
        scene.copy(master)
    assert scene.held(follower) == D("0.15")
    [skip] = scene.skips(subscription)
    assert (skip.reason, skip.found, skip.needed, skip.setting_value) == ("max_open_trades", "3", "3", "4")
    scene.trade(account, "sell", "0.10", position_id=positions[0])
    scene.copy(master)
    scene.trade(account, "buy", "0.10")
    scene.copy(master)
    assert scene.held(follower) == D("0.15"), "#1 mirrored, the fifth copied"
    scene.trade(account, "sell", "0.10", position_id=positions[3])
    scene.copy(master)
    assert scene.held(follower) == D("0.15"), "the fourth's later close is a no-op"


def test_max_open_trades_lets_an_add_through(scene: Scene) -> None:
    master, follower = scene.master(type_name="netting"), scene.account("5000", "netting")
    scene.follow(master, follower, max_open_trades=1)
    for _ in range(2):
        scene.trade(scene.master_account(master), "buy", "0.10")
        scene.copy(master)
    assert scene.held(follower) == D("0.10")


def test_master_buys_at_1_08500_limit_1_08608_is_sent_at_1_08600_and_skipped_at_1_08620(scene: Scene) -> None:
    master, follower, late = scene.master(), scene.account("2500"), scene.account("2500")
    scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.place.quote("EURUSD", "1.08600", "1.08600")
    scene.copy(master)
    with scene.place.session() as session:
        row = session.execute(
            text("select kind, price, average_price from core.orders where account_id = :id"), {"id": follower}
        ).one()
    assert tuple(row) == ("ioc", D("1.08608"), D("1.086"))
    subscription = scene.follow(master, late)
    scene.place.quote("EURUSD", "1.08500", "1.08500")
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.place.quote("EURUSD", "1.08620", "1.08620")
    scene.copy(master)
    [skip] = scene.skips(subscription)
    assert (skip.reason, skip.needed, skip.setting, skip.setting_value) == (
        "slippage_exceeded",
        "0.1",
        "slippage_tolerance",
        "0.1106",
    )


def test_master_closes_2_percent_away_is_executed_at_market(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    scene.follow(master, follower)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    scene.trade(account, "sell", "1.00", position_id=position)
    scene.place.quote("EURUSD", "1.06330", "1.06330")
    scene.copy(master)
    assert scene.held(follower) == 0
    assert scene.own(follower).balance == D(2500) - D("542.50")


def test_paused_follower_is_closed_and_new_opens_are_neither_copied_nor_back_filled(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    with scene.place.session() as session:
        assert following.pause(session, [subscription], Pause.FOLLOWER) == 1
    scene.trade(account, "sell", "1.00", position_id=position)
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    assert scene.held(follower) == 0
    with scene.place.session() as session:
        following.resume_copying(session, [subscription], By.FOLLOWER)
    scene.copy(master)
    assert scene.held(follower) == 0
    assert [skip.reason for skip in scene.skips(subscription)] == ["subscription_not_active"]
    scene.trade(account, "buy", "0.40")
    scene.copy(master)
    assert scene.held(follower) == D("0.10")


def test_paused_by_admin_and_by_follower_stays_paused_when_the_follower_resumes(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    with scene.place.session() as session:
        following.pause(session, [subscription], Pause.ADMIN)
        following.pause(session, [subscription], Pause.FOLLOWER)
        following.resume_copying(session, [subscription], By.FOLLOWER)
    assert (scene.subscription(subscription).status, scene.subscription(subscription).reasons) == (
        "paused",
        int(Pause.ADMIN),
    )
    with scene.place.session() as session:
        following.resume_copying(session, [subscription], By.ADMIN)
    assert scene.subscription(subscription).status == "active"


def test_master_eur_10000_follower_usd_2700_at_1_08_copies_0_25(scene: Scene) -> None:
    scene.place.account_type("euro", currency="EUR")
    scene.place.quote("EURUSD", "1.08000", "1.08000")
    master, follower = scene.master("10000", "euro"), scene.account("2700")
    scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    assert scene.held(follower) == D("0.25")


def test_master_deposits_10000_with_a_position_open_then_buys_1_copies_0_10(scene: Scene) -> None:
    master, follower = scene.master("10000"), scene.account("2000")
    scene.follow(master, follower)
    account = scene.master_account(master)
    scene.trade(account, "buy", "0.10")
    scene.copy(master)
    with scene.place.session() as session:
        deposit(session, account, D(10000), key="more")
    before = scene.orders(follower)
    scene.copy(master)
    assert scene.orders(follower) == before, "no order at the deposit"
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    assert scene.orders(follower)[-1][:2] == ("buy", D("0.10"))


def test_opens_at_k_0_25_closes_0_90_adds_at_k_2_5_closes_0_10_of_1_10(scene: Scene) -> None:
    scene.place.account_type("wide", mode="netting", leverage=Decimal(1000))
    master, follower = scene.master("10000", "wide"), scene.account("2500", "wide")
    subscription = scene.follow(master, follower)
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    assert scene.held(follower) == D("0.25")
    scene.trade(account, "sell", "0.90")
    scene.copy(master)
    assert (scene.held(follower), scene.links(subscription)[0].target) == (D("0.02"), D("0.025"))
    with scene.place.session() as session:
        row = session.get_one(Subscription, (scene.place.tenant_id, subscription))
        following.change(session, scene.settings, row, Choices(copy_ratio=D(10)))
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    assert (scene.held(follower), scene.links(subscription)[0].target) == (D("2.52"), D("2.525"))
    scene.trade(account, "sell", "0.10")
    scene.copy(master)
    assert scene.held(follower) == D("2.30")
    assert str(scene.links(subscription)[0].target).startswith("2.295454")


def test_a_follower_who_closes_by_hand_is_never_put_back(scene: Scene) -> None:
    master, follower = scene.master(type_name="netting"), scene.account("2500", "netting")
    subscription = scene.follow(master, follower)
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    scene.trade(follower, "sell", "0.25")
    scene.trade(account, "buy", "1.00")
    scene.copy(master)
    assert scene.held(follower) == 0
    assert scene.links(subscription)[0].state == "left"


def test_an_open_handled_after_its_close_finds_nothing_left_to_open(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.trade(account, "sell", "1.00", position_id=position)
    half = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.trade(account, "sell", "0.50", position_id=half)
    scene.run("closes", master)
    scene.run("opens", master, limit=1)
    scene.run("opens", master)
    assert [skip.reason for skip in scene.skips(subscription)] == ["master_closed"]
    assert volumes(scene, follower) == [("buy", D("0.12"))]
    assert scene.links(subscription)[0].target == D("0.125")
