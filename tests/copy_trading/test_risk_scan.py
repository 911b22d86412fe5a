"""Over-leveraged followers: the bands, one alert for each, and the pause where the tenant wants it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from plugins.copy_trading.rules.states import By, Pause
from plugins.copy_trading.services import following
from plugins.copy_trading.services.lists import followers
from tests.copy_trading.scanning import alerts, scan, silence
from tests.copy_trading.scene import Scene

D = Decimal
CRITICAL = "1.08399"
"""The price at which the follower of :func:`on_the_brink` has 54,249 on a margin of 54,250."""


def on_the_brink(scene: Scene) -> tuple[UUID, UUID, UUID, UUID]:
    """A copy of 1.00 on little more than its margin: the master, its position, the follower's account, its subscription."""
    scene.place.account_type("half", leverage=D(2))
    master, follower = scene.master("54350"), scene.account("54350", "half")
    subscription = scene.follow(master, follower)
    position = scene.trade(scene.master_account(master), "buy", "1.00").fills[0].position_id
    scene.copy(master)
    assert scene.held(follower) == D("1.00")
    return master, position, follower, subscription


def pausing(scene: Scene, **values: object) -> None:
    scene.settings = scene.settings.model_copy(update={"critical_pauses": True, **values})


@pytest.mark.parametrize(
    ("balance", "leverage", "price", "warning"),
    [
        ("10850.01", 500, "1.08500", None),
        ("10850.00", 500, "1.08500", "warning"),  # leverage of 10
        ("5425.01", 500, "1.08500", "warning"),
        ("5425.00", 500, "1.08500", "high"),  # leverage of 20
        ("108500.00", 2, "1.08500", None),  # margin level of 200 %
        ("108499.99", 2, "1.08500", "warning"),
        ("81375.00", 2, "1.08500", "warning"),  # 150 %
        ("81374.99", 2, "1.08500", "high"),
        ("54350.00", 2, "1.08400", "high"),  # 100 %
        ("54350.00", 2, "1.08399", "critical"),
        ("2500.00", 100, "1.06000", "critical"),  # no equity left
    ],
)
def test_a_follower_is_warned_about_by_leverage_and_margin_level(
    scene: Scene, balance: str, leverage: int, price: str, warning: str | None
) -> None:
    scene.place.account_type("of its own", leverage=D(leverage))
    follower = scene.account(balance, "of its own")
    subscription = scene.follow(scene.master(), follower)
    scene.trade(follower, "buy", "1.00")
    scene.place.quote("EURUSD", price, price)
    with scene.place.session() as session:
        [line] = followers(session, scene.settings.leverage_limits, ids=[subscription])
    assert line.warning == warning
    scan(scene)
    expected = [("over_leveraged", "critical", str(subscription))] if warning == "critical" else []
    assert alerts(scene) == expected, "staff is called for what is critical, the rest is in the list"


def test_the_tenants_own_limit_is_what_counts(scene: Scene) -> None:
    *_, subscription = on_the_brink(scene)
    scan(scene)
    assert alerts(scene) == []
    scene.settings = scene.settings.model_copy(update={"critical_level": D(101)})
    scan(scene)
    assert alerts(scene) == [("over_leveraged", "critical", str(subscription))]


def test_one_alert_for_a_follower_and_not_one_for_each_scan(scene: Scene) -> None:
    master, _, _, first = on_the_brink(scene)
    other = scene.account("54350", "half")
    second = scene.follow(master, other)
    scene.place.quote("EURUSD", CRITICAL, CRITICAL)
    for _ in range(3):
        scan(scene)
    assert alerts(scene) == [("over_leveraged", "critical", str(first))]
    scene.place.quote("EURUSD", "1.08500", "1.08500")
    scene.trade(other, "buy", "1.00")
    scene.place.quote("EURUSD", CRITICAL, CRITICAL)
    for _ in range(2):
        scan(scene)
    assert {subject for *_, subject in alerts(scene)} == {str(first), str(second)}
    assert len(alerts(scene)) == 2


def test_a_critical_follower_goes_on_copying_unless_the_tenant_wants_the_pause(scene: Scene) -> None:
    *_, subscription = on_the_brink(scene)
    scene.place.quote("EURUSD", CRITICAL, CRITICAL)
    scan(scene)
    row = scene.subscription(subscription)
    assert (row.status, row.reasons) == ("active", 0)
    pausing(scene)
    scan(scene)
    row = scene.subscription(subscription)
    assert (row.status, Pause(row.reasons)) == ("paused", Pause.RISK)
    assert len(alerts(scene)) == 1


def test_what_is_only_high_is_not_paused(scene: Scene) -> None:
    *_, subscription = on_the_brink(scene)
    pausing(scene)
    scene.place.quote("EURUSD", "1.08400", "1.08400")
    scan(scene)
    assert scene.subscription(subscription).status == "active"


def test_a_follower_cannot_lift_the_pause_and_staff_can(scene: Scene) -> None:
    *_, subscription = on_the_brink(scene)
    pausing(scene)
    scene.place.quote("EURUSD", CRITICAL, CRITICAL)
    with scene.place.session() as session:
        following.pause(session, [subscription], Pause.FOLLOWER)
    scan(scene)
    with scene.place.session() as session:
        assert following.resume_copying(session, [subscription], By.FOLLOWER) == {subscription: Pause.RISK}
    assert scene.subscription(subscription).status == "paused"
    scene.place.quote("EURUSD", "1.08500", "1.08500")
    scan(scene)
    assert scene.subscription(subscription).status == "paused", "better prices alone resume nothing"
    with scene.place.session() as session:
        assert following.resume_copying(session, [subscription], By.ADMIN) == {subscription: Pause(0)}
    scan(scene)
    assert scene.subscription(subscription).status == "active"
    scene.place.quote("EURUSD", CRITICAL, CRITICAL)
    scan(scene)
    assert Pause(scene.subscription(subscription).reasons) == Pause.RISK


def test_closes_go_on_under_the_pause_and_opens_do_not(scene: Scene) -> None:
    master, position, follower, subscription = on_the_brink(scene)
    pausing(scene)
    scene.place.quote("EURUSD", CRITICAL, CRITICAL)
    scan(scene)
    account = scene.master_account(master)
    scene.trade(account, "buy", "0.10")
    scene.trade(account, "sell", "0.40", position_id=position)
    scene.copy(master)
    assert scene.held(follower) == D("0.60")
    assert [skip.reason for skip in scene.skips(subscription)] == ["subscription_not_active"]
    scene.trade(account, "sell", "0.60", position_id=position)
    scene.copy(master)
    assert scene.held(follower) == 0


def test_a_position_without_a_price_is_no_reason_to_pause(scene: Scene) -> None:
    """Its gain is what keeps the account sound; without a price nothing is known, and nothing is decided."""
    *_, follower, subscription = on_the_brink(scene)
    scene.place.quote("GBPUSD", "1.25000", "1.25000")
    scene.place.quote("EURUSD", "1.09500", "1.09500")
    scene.trade(follower, "buy", "0.01", "GBPUSD")
    scene.place.quote("GBPUSD", "3.25000", "3.25000")
    scene.place.quote("EURUSD", "1.07500", "1.07500")
    pausing(scene)
    scan(scene)
    assert scene.subscription(subscription).status == "active"
    silence(scene.place, "GBPUSD")
    scan(scene)
    assert (scene.subscription(subscription).status, alerts(scene)) == ("active", [])
