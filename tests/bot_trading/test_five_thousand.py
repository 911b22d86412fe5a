"""Mission Control and Bot Stats with 5,000 running bots: what a page, a second of the live stream and the kill switch cost.

The bounds are generous, so that they hold on a busy machine; what is measured is printed (``-s``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import text

from plugins.bot_trading.live import publish_marks, watch
from plugins.bot_trading.services.batches import batch_commands, begin_kill_switch, carry_out_safely
from plugins.bot_trading.services.marks import keep_extremes, marks
from plugins.bot_trading.services.mission import closing_of, overview
from plugins.bot_trading.services.stats import read_stats
from plugins.bot_trading.services.views import Wanted, list_bots
from plugins.bot_trading.services.watching import find_alerts
from plugins.bot_trading.settings import BotTradingSettings
from tenants.db import TenantSession, new_id
from tests.bot_trading.street import STRATEGIES, Street

D = Decimal
T = TypeVar("T")
BOTS = 5_000
ACCOUNTS = 50


@pytest.fixture
def crowd(street: Street) -> Street:
    """5,000 running grids on 50 accounts: copies of one that was launched."""
    street.show("100")
    model = street.launch()
    accounts = street.place.accounts("spot", ACCOUNTS, balance="1000000")
    ids = [new_id() for _ in range(BOTS)]
    values = {"model": model, "ids": ids, "accounts": [accounts[n % ACCOUNTS] for n in range(BOTS)]}
    with street.database.system() as session:
        for table, key in (
            ("bot_trading.bots", "id"),
            ("core.reactor_states", "id"),
            ("core.triggers", "subject_id"),
        ):
            own = {key: "c.id", "account_id": "c.account_id"}
            if table == "bot_trading.bots":
                # Each stands elsewhere, so that an order by P&L is one.
                own |= {"launch_key": "c.id::text", "inventory_realised": "(hashtext(c.id::text) % 300)"}
            schema, name = table.split(".")
            names = session.scalars(
                text(
                    "select column_name from information_schema.columns where table_schema = :schema and table_name = :name"
                ),
                {"schema": schema, "name": name},
            ).all()
            picked = ", ".join(own.get(column, f"m.{column}") for column in names)
            session.execute(
                text(
                    f"insert into {table} ({', '.join(names)}) select {picked} from {table} m,"  # noqa: S608 - names of columns
                    f" unnest(cast(:ids as uuid[]), cast(:accounts as uuid[])) as c(id, account_id) where m.{key} = :model"
                ),
                values,
            )
        session.execute(text("update core.accounts set reserved = 0"))
    with street.database.system() as session:
        session.connection().exec_driver_sql("analyze bot_trading.bots")
        session.connection().exec_driver_sql("analyze core.accounts")
    return street


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    took = time.perf_counter() - start
    print(f"\n{what}: {took * 1000:.0f} ms")  # noqa: T201 - the measurement
    assert took < seconds, what


def twice(street: Street, work: Callable[[TenantSession], T]) -> Callable[[], T]:
    """Do it once unmeasured, so that plans and pages are warm."""

    def go() -> T:
        with street.place.session() as session:
            return work(session)

    go()
    return go


def test_mission_control_is_smooth_with_5000_bots(crowd: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr("plugins.bot_trading.live.publish", lambda _session, topic, data: sent.append((topic, data)))
    monkeypatch.setattr("plugins.bot_trading.live.enqueue", lambda *_args, **_more: None)
    by_total = twice(
        crowd, lambda session: list_bots(session, Wanted(live=True, sort="total", descending=False, size=50))
    )
    with within(1.5, "a page of 50 by P&L"):
        rows = by_total().rows
    assert [row.total for row in rows] == sorted(row.total for row in rows)
    with crowd.place.session() as session:
        everything = marks(session)
    assert len(everything) == BOTS + 1
    assert rows[0].total == min(mark.total for mark in everything.values())
    found = twice(crowd, lambda session: list_bots(session, Wanted(live=True, status="running", losing=D(20), size=50)))
    with within(1.5, "a page of 50 losing 20 % or more"):
        assert found().total == sum(mark.share <= -20 for mark in everything.values()) > 0
    tiles = twice(crowd, overview)
    with within(1.5, "the tiles"):
        assert tiles().total == sum(mark.total for mark in everything.values())

    shown = [row.id for row in rows]
    with crowd.place.session() as session:
        watch(session, shown)
    second = twice(crowd, publish_marks)
    sent.clear()
    with within(1.0, "a second of the stream for a page of 50"):
        assert second()
    assert {UUID(bot["id"]) for bot in sent[0][1]["bots"]} == set(shown)


def test_statistics_estimates_and_alerts_of_5000_bots_are_read_at_once(crowd: Street) -> None:
    stats = twice(crowd, read_stats)
    with within(2, "Bot Stats"):
        assert stats().active == BOTS + 1
    with crowd.place.session() as session:
        ids = list(marks(session))
    with within(2, "the estimate of stopping all"):
        assert twice(crowd, lambda session: closing_of(session, ids))().bots == BOTS + 1
    look = twice(
        crowd, lambda session: find_alerts(session, BotTradingSettings(floating_loss_alert_percent=D("0.01")), set())
    )
    crowd.append("98")
    crowd.work(60)
    with within(3, "alerts"):
        assert len(look()) >= BOTS
    with within(5, "extremes"), crowd.place.session() as session:
        keep_extremes(session)


def test_the_kill_switch_halts_5000_bots_in_steps(crowd: Street) -> None:
    with within(5, "storing 5,001 commands"), crowd.place.session() as session:
        batch_id, _ = begin_kill_switch(session, actor="risk", key="now", note="a test")
    with within(15, "halting the first 500"):
        for _ in range(5):
            with crowd.place.session() as session:
                assert carry_out_safely(session, STRATEGIES, batch_commands(session, batch_id)) == []
    halted = crowd.rows("select count(*) from bot_trading.bots where status = 'halted'")
    assert halted[0][0] == 500
