"""Deteriorating masters raise alerts: risk score up by 2 or to 8+, drawdown past the tenant's limit, a losing streak, leverage
past its limit, and the master moving money in or out. Each settles when it is over, and the second episode is news again.
"""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.trading.services import deposit, withdraw
from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import MasterStatus, Pause
from plugins.copy_trading.services import following, mastering, watching
from plugins.copy_trading.services.observing import look_at
from tests.copy_trading.scanning import alerts, run_job
from tests.copy_trading.scene import Scene

D = Decimal
QUIET: dict[str, Any] = {
    "name": "Mia", "currency": "USD", "score": 4, "days": 40, "losing": 0, "equity": D(10_000), "notional": D(0),
    "drawdown": D(0), "leverage": D(0), "score_before": D(4), "moved": D(0),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"score": 5}, []),
        ({"score": 6}, ["master_risk"]),
        ({"score": 8, "score_before": D(8)}, ["master_risk"]),
        ({"score": 8, "score_before": None}, ["master_risk"]),
        ({"score": 8, "days": 9}, []),
        ({"score": None, "score_before": None, "days": None, "losing": None, "equity": None, "drawdown": None}, []),
        ({"drawdown": D("24.99")}, []),
        ({"drawdown": D(25)}, ["master_drawdown"]),
        ({"losing": 5}, []),
        ({"losing": 6}, ["master_losing"]),
        ({"notional": D(1), "leverage": D("19.9")}, []),
        ({"notional": D(200_000), "leverage": D(20)}, ["master_leverage"]),
        ({"notional": D(1), "leverage": None, "equity": D(-5)}, ["master_leverage"]),
        ({"moved": D(999)}, []),
        ({"moved": D(1000)}, ["master_money"]),
        ({"moved": D(-1000)}, ["master_money"]),
    ],
)
def test_where_each_alert_begins(change: dict[str, Any], codes: list[str]) -> None:
    row: Any = SimpleNamespace(**{**QUIET, **change})
    assert list(watching.findings(row, row.moved, CopyTradingSettings())) == codes


def watch(scene: Scene, master: UUID) -> list[tuple[str, str, str | None]]:
    """Look at the master's figures, then watch; the open alerts."""
    with scene.place.session() as session:
        look_at(session, [master])
    run_job(scene, "watch_masters")
    return alerts(scene)


def told(scene: Scene, code: str) -> int:
    """How many notifications of a kind people have."""
    with scene.place.session() as session:
        return (
            session.scalar(text("select count(*) from tenants.notifications where code = :code"), {"code": code}) or 0
        )


def test_a_drawdown_is_told_once_settles_and_is_told_again(scene: Scene) -> None:
    master = scene.master()
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    assert watch(scene, master) == []
    for _episode in range(2):
        scene.place.quote("EURUSD", "1.05900", "1.05900")
        assert watch(scene, master) == [("master_drawdown", "warning", str(master))]
        assert watch(scene, master) == [("master_drawdown", "warning", str(master))]
        scene.place.quote("EURUSD", "1.08500", "1.08500")
        assert watch(scene, master) == []
    with scene.place.session() as session:
        assert session.scalar(text("select count(*) from core.alerts where code = 'master_drawdown'")) == 2


def test_a_losing_streak_ends_with_the_next_winner(scene: Scene) -> None:
    master = scene.master()
    account = scene.master_account(master)
    watch(scene, master)
    for _ in range(6):
        scene.place.quote("EURUSD", "1.08500", "1.08500")
        position = scene.trade(account, "buy", "0.10").fills[0].position_id
        scene.place.quote("EURUSD", "1.08400", "1.08400")
        scene.place.close(position)
    assert watch(scene, master) == [("master_losing", "warning", str(master))]
    position = scene.trade(account, "buy", "0.10").fills[0].position_id
    scene.place.quote("EURUSD", "1.08500", "1.08500")
    scene.place.close(position)
    assert watch(scene, master) == []


def test_leverage_past_the_limit(scene: Scene) -> None:
    master = scene.master()
    watch(scene, master)
    position = scene.trade(scene.master_account(master), "buy", "2.00").fills[0].position_id
    assert watch(scene, master) == [("master_leverage", "warning", str(master))]
    scene.place.close(position, "1.50")
    assert watch(scene, master) == []


def test_a_score_that_rises_by_two_within_a_week_or_reaches_eight(scene: Scene) -> None:
    master = scene.master()
    watch(scene, master)
    with scene.place.session() as session:
        session.execute(text("update copy_trading.standings set first_day = day - 40, score = 5"))
        session.execute(
            text(
                "insert into copy_trading.master_days (master_id, day, equity, funded, index, high, low, fall, leverage,"
                " change, score) select s.master_id, s.day - n, 1, 1, 1, 1, 1, 0, 0, 0, 3"
                " from copy_trading.standings s, generate_series(8, 14) n"
            )
        )
    run_job(scene, "watch_masters")
    assert alerts(scene) == [("master_risk", "warning", str(master))]
    with scene.place.session() as session:
        session.execute(text("update copy_trading.standings set score = 4"))
    run_job(scene, "watch_masters")
    assert alerts(scene) == []
    with scene.place.session() as session:
        session.execute(text("update copy_trading.standings set score = 8"))
    run_job(scene, "watch_masters")
    assert alerts(scene) == [("master_risk", "critical", str(master))]


@pytest.mark.parametrize("way", [deposit, withdraw])
def test_money_in_or_out_is_told_to_staff_and_followers_for_the_copies_change(
    scene: Scene, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = scene.master()
    scene.follow(master, scene.account("2500"))
    assert watch(scene, master) == [], "the first deposit opens the account"
    with scene.place.session() as session:
        way(session, scene.master_account(master), D(2000), key="more")
    for _ in range(2):
        assert watch(scene, master) == [("master_money", "warning", str(master))]
    assert told(scene, "master_money") == 1
    monkeypatch.setattr(watching, "MONEY_HOURS", 0)
    assert watch(scene, master) == [], "the next day it is no news"


def test_followers_are_told_what_others_have_done_to_their_copies(scene: Scene) -> None:
    master = scene.master()
    subscription = scene.follow(master, scene.account("2500"))
    with scene.place.session() as session:
        following.pause(session, [subscription], Pause.FOLLOWER)
    assert told(scene, "copy_paused") == 0, "who has done it knows"
    with scene.place.session() as session:
        following.pause(session, [subscription], Pause.ADMIN)
        following.pause(session, [subscription], Pause.ADMIN)
    assert told(scene, "copy_paused") == 1
    with scene.place.session() as session:
        row = session.get_one(Master, (scene.place.tenant_id, master))
        mastering.set_status(session, row, MasterStatus.PAUSED)
    assert told(scene, "master_paused") == 2, "the master and the follower"
    assert (told(scene, "follow_started"), told(scene, "new_follower")) == (1, 1)


def test_who_falls_below_the_minimum_equity_is_told_once_an_episode(scene: Scene) -> None:
    master = scene.master()
    follower = scene.account("480")
    scene.follow(master, follower, minimum_equity=D(500), max_open_trades=100)
    account = scene.master_account(master)
    for _ in range(2):
        scene.trade(account, "buy", "0.30")
        scene.copy(master)
    assert told(scene, "below_minimum_equity") == 1
    with scene.place.session() as session:
        deposit(session, follower, D(100), key="more")
    scene.trade(account, "buy", "0.30")
    scene.copy(master)
    assert scene.held(follower) > 0
    with scene.place.session() as session:
        withdraw(session, follower, D(100), key="less")
    scene.trade(account, "buy", "0.30")
    scene.copy(master)
    assert told(scene, "below_minimum_equity") == 2
