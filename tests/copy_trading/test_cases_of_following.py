"""Who may follow, stop and pause, and what is taken over: rows of the table of cases, through the database."""

from __future__ import annotations

from decimal import Decimal

import pytest

from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.states import MasterStatus
from plugins.copy_trading.services import mastering
from plugins.copy_trading.services.errors import NotFoundError, RefusedError
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.scene import Scene

D = Decimal


def volumes(scene: Scene, account_id: object) -> list[tuple[str, D]]:
    return [(side, volume) for side, volume, status in scene.orders(account_id) if status == "filled"]  # type: ignore[arg-type]


def test_stop_copying_closes_all_or_keeps_and_is_idempotent(scene: Scene) -> None:
    master = scene.master()
    one, other = scene.account("2500"), scene.account("2500")
    closing, keeping = scene.follow(master, one), scene.follow(master, other)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    with scene.place.session() as session:
        assert stop(session, [closing], "close_all") == 1
        assert stop(session, [closing], "close_all") == 0
        assert stop(session, [keeping], "keep") == 1
    assert (scene.held(one), scene.held(other)) == (0, D("0.25"))
    assert [scene.subscription(each).status for each in (closing, keeping)] == ["stopped", "stopped"]
    scene.trade(account, "sell", "1.00", position_id=position)
    scene.copy(master)
    assert scene.held(other) == D("0.25"), "kept positions are detached"
    assert scene.links(keeping)[0].state == "detached"


def test_a_master_can_be_left_by_all_at_once(scene: Scene) -> None:
    master = scene.master()
    accounts = [scene.account("2500") for _ in range(3)]
    for each in accounts:
        scene.follow(master, each)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    with scene.place.session() as session:
        row = mastering.get(session, master, lock=True)
        with pytest.raises(RefusedError):
            mastering.set_status(session, row, MasterStatus.DEACTIVATED)
        assert mastering.set_status(session, row, MasterStatus.DEACTIVATED, choice="close_all", reason="risk") == 3
    assert [scene.held(each) for each in accounts] == [0, 0, 0]


def test_a_paused_master_opens_nothing_and_closes_are_mirrored(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    with scene.place.session() as session:
        mastering.set_status(session, mastering.get(session, master), MasterStatus.PAUSED)
    scene.trade(account, "buy", "1.00")
    scene.trade(account, "sell", "1.00", position_id=position)
    scene.copy(master)
    assert scene.held(follower) == 0
    assert [skip.reason for skip in scene.skips(subscription)] == ["master_not_active"]
    with pytest.raises(RefusedError):
        scene.follow(master, scene.account("2500"))


def test_no_one_follows_themselves_or_through_a_chain(scene: Scene) -> None:
    one, other = scene.master(), scene.master()
    scene.follow(other, scene.master_account(one))
    with pytest.raises(RefusedError):
        scene.follow(one, scene.master_account(other))
    with pytest.raises(RefusedError):
        scene.follow(one, scene.master_account(one))


def test_caps_private_masters_and_double_follows_are_refused(scene: Scene) -> None:
    master, first = scene.master(), scene.account("2500")
    with scene.place.session() as session:
        row = session.get_one(Master, (scene.place.tenant_id, master))
        row.follower_cap = 1
    scene.follow(master, first)
    with pytest.raises(RefusedError):
        scene.follow(master, first)
    with pytest.raises(RefusedError, match="as many followers"):
        scene.follow(master, scene.account("2500"))
    with scene.place.session() as session:
        session.get_one(Master, (scene.place.tenant_id, master)).public = False
    with pytest.raises(NotFoundError):
        scene.follow(master, scene.account("2500"))


@pytest.mark.parametrize(
    ("choice", "price", "expected"),
    [
        ("ignore", "1.08500", "0"),
        ("all", "1.09500", "0.50"),
        ("if_not_worse", "1.09500", "0"),
        ("if_not_worse", "1.08600", "0.50"),
        ("if_not_worse", "1.08000", "0.50"),
    ],
)
def test_existing_positions_are_taken_over_as_the_follower_chose(
    scene: Scene, choice: str, price: str, expected: str
) -> None:
    master, follower = scene.master("10000"), scene.account("2500")
    account = scene.master_account(master)
    first = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.trade(account, "buy", "1.00")
    scene.place.quote("EURUSD", price, price)
    equity = scene.own(account).balance + 200_000 * (D(price) - D("1.085"))
    subscription = scene.follow(master, follower, existing_positions=choice, copy_ratio=equity / D(10_000))
    assert scene.held(follower) == D(expected)
    assert len(scene.skips(subscription)) == (2 if choice != "ignore" and expected == "0" else 0)
    scene.trade(account, "sell", "1.00", position_id=first)
    scene.copy(master)
    assert scene.held(follower) == D(expected) / 2, "closes of what was taken over are mirrored"


def test_high_leverage_blocks_opens_where_the_tenant_says_so(scene: Scene) -> None:
    scene.place.account_type("wide", leverage=Decimal(500))
    master, follower = scene.master("10000", "wide"), scene.account("2500", "wide")
    subscription = scene.follow(master, follower)
    scene.trade(follower, "buy", "0.50")  # 54,250 on 2,500: 21.7 times
    scene.settings = scene.settings.model_copy(update={"high_blocks_opens": True})
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    [skip] = scene.skips(subscription)
    assert (skip.reason, skip.found, skip.needed) == (
        "account_not_eligible",
        "leverage:21.7:high",
        "below_leverage:20",
    )
