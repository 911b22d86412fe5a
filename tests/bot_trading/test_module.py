"""The module's switch, its jobs and its handler, as the platform runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.runtime import load_runtime
from core.sdk import Job
from core.sdk.alerts import raise_alert, settle_alert
from core.trading.services import close_positions
from plugins.bot_trading.jobs import BotJobs
from plugins.bot_trading.services.commands import store_command
from plugins.bot_trading.services.leaving import enter, leave, measure
from plugins.bot_trading.services.marks import marks
from plugins.bot_trading.services.stats import read_stats
from plugins.bot_trading.settings import BotTradingSettings
from tenants.db import TenantSession
from tests.bot_trading.street import STRATEGIES, Street

D = Decimal


@dataclass
class Context:
    """A job's context over a session of the test."""

    session: TenantSession
    alerts: list[tuple[str, str | None]] = field(default_factory=list)
    settled: list[tuple[str, str | None]] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    module_state: str = "on"
    done: tuple[int, int] = (0, 0)

    @property
    def tenant_id(self) -> UUID:
        return self.session.tenant_id

    def settings(self) -> BotTradingSettings:
        return BotTradingSettings()

    def commit(self) -> None:
        self.session.commit()

    def enqueue(self, job: str, payload: Mapping[str, Any], *, delay_s: float = 0) -> None:
        self.queued.append(job)

    def progress(self, done: int, total: int, *, result: Mapping[str, Any] | None = None) -> None:
        self.done = (done, total)

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        raise AssertionError("pages are told through the session")

    def alert(self, code: str, message: str, *, subject: str | None = None, **more: Any) -> None:
        self.alerts.append((code, subject))
        raise_alert(self.session, "bot_trading", code, message, subject=subject, **more)

    def settle(self, code: str, subject: str | None = None) -> None:
        self.settled.append((code, subject))
        settle_alert(self.session, "bot_trading", code, subject)


@pytest.fixture
def at_100(street: Street) -> Street:
    street.show("100")
    return street


def jobs_of(name: str) -> Job:
    """A job of the module by its name."""
    return next(job for job in BotJobs(STRATEGIES).jobs() if job.name == name)


def run(street: Street, name: str) -> Context:
    """One run of a job."""
    job = jobs_of(name)
    with street.place.session() as session:
        context = Context(session)
        job.run(context, {})  # type: ignore[arg-type]  # what a job is given, for tests
        return context


def five_bots(street: Street) -> list[UUID]:
    """Three running bots and two paused ones, each on an account of its own."""
    bots = [street.launch(account) for account in street.place.accounts("spot", 5, balance="1000")]
    for bot_id in bots[3:]:
        street.command(bot_id, "pause")
    return bots


def test_the_module_loads_by_the_same_door_as_anybodys() -> None:
    runtime = load_runtime()
    assert [item.reason for item in runtime.rejected] == []
    plugin = runtime.get("bot_trading")
    assert plugin is not None
    labels = [(entry.section, entry.label) for entry in plugin.navigation if entry.area == "admin"]
    assert labels == [("Trading", "Bot Stats"), ("Trading", "Bot Mission Control")]


def test_module_off_with_keep_halts_three_running_and_two_paused_bots_and_on_again_none_starts(at_100: Street) -> None:
    bots = five_bots(at_100)
    with at_100.place.session() as session:
        before = measure(session)
        assert {item.label: item.count for item in before.items} == {
            "Running bots": 3,
            "Paused bots": 2,
            "Open positions of bots": 5,
        }
        assert [choice.key for choice in before.choices] == ["keep", "close"]
        leave(session, STRATEGIES, "keep")
    at_100.switch("draining")
    assert [at_100.bot(bot_id).status for bot_id in bots] == ["halted"] * 5
    assert all(at_100.resting(bot_id, "buy") == [] for bot_id in bots)
    assert all(len(at_100.resting(bot_id, "sell")) == 5 for bot_id in bots)
    at_100.show("94", "102")
    # No buy at 94; the sells at 102 are honoured, since they reduce.
    assert {tuple(side for side, _, _ in at_100.fills(bot_id)) for bot_id in bots} == {("buy", "sell")}
    with at_100.place.session() as session:
        assert measure(session).remaining == 5
        enter(session)
    at_100.switch("on")
    assert [at_100.bot(bot_id).status for bot_id in bots] == ["paused"] * 5
    at_100.show("94")
    assert {len(at_100.fills(bot_id)) for bot_id in bots} == {2}
    # Only its own resume starts a bot; what the customer had paused needs the customer's.
    at_100.show("101")
    assert at_100.command(bots[0], "resume", "customer").status == "done"
    assert at_100.bot(bots[0]).status == "running"
    assert at_100.command(bots[4], "resume", "admin").result == "still_held"


def test_module_off_with_close_stops_every_bot_through_stored_commands(at_100: Street) -> None:
    bots = five_bots(at_100)
    with at_100.place.session() as session:
        leave(session, STRATEGIES, "close")
    at_100.switch("draining")
    assert {at_100.bot(bot_id).status for bot_id in bots} == {"halted"}
    run(at_100, "commands")
    assert {(bot.status, bot.base) for bot in map(at_100.bot, bots)} == {("stopped", D(0))}
    with at_100.place.session() as session:
        assert measure(session).remaining == 0


def test_a_command_whose_process_died_is_finished_by_any_worker(at_100: Street) -> None:
    bot_id = at_100.launch()
    with at_100.place.session() as session:
        store_command(session, bot_id, "stop_close", reason="customer", actor="ann@example.com", key="k")
    assert at_100.bot(bot_id).status == "running"
    run(at_100, "commands")
    assert (at_100.bot(bot_id).status, at_100.bot(bot_id).base) == ("stopped", 0)
    fills = len(at_100.fills(bot_id))
    run(at_100, "commands")
    assert len(at_100.fills(bot_id)) == fills


def test_a_command_that_fails_is_told_and_does_not_hold_the_others(at_100: Street) -> None:
    first, second = (at_100.launch(account) for account in at_100.place.accounts("spot", 2, balance="1000"))
    with at_100.place.session() as session:
        for bot_id in (first, second):
            store_command(session, bot_id, "pause", reason="admin", actor="staff", key="k")
    with at_100.database.system() as session:
        session.execute(text("update core.reactor_states set state = '{}' where id = :id"), {"id": first})
    context = run(at_100, "commands")
    assert context.alerts == [("command_failed", f"bot:{first}")]
    assert at_100.bot(second).status == "paused"
    assert at_100.rows("select status from bot_trading.commands where bot_id = :id", id=first)[0][0] == "stored"


def test_decisions_that_need_a_person_raise_one_alert(at_100: Street) -> None:
    at_100.place.account_type("called", leverage=D(1), margin_call_level=D(99), stop_out_level=D(0))
    (account,) = at_100.place.accounts("called", balance="1000")
    bot_id = at_100.launch(account)
    with at_100.database.system() as session:
        session.execute(text("update core.accounts set balance = 300 where id = :id"), {"id": account})
    at_100.show("95")
    assert run(at_100, "watch").alerts[0] == ("blocked", f"bot:{bot_id}")
    assert "blocked" not in [code for code, _ in run(at_100, "watch").alerts]


def test_a_large_floating_loss_raises_an_alert(at_100: Street) -> None:
    bot_id = at_100.launch(lower="50", upper="150")
    at_100.append("60")
    at_100.work()
    assert ("large_floating_loss", f"bot:{bot_id}") in run(at_100, "watch").alerts
    assert at_100.bot(bot_id).drawdown > D("0.2")


def test_stats_add_up_over_strategies_bots_and_the_aggregate(at_100: Street) -> None:
    bots = five_bots(at_100)
    at_100.show("96", "101")
    at_100.command(bots[0], "stop_keep")
    at_100.command(bots[1], "stop_close")
    at_100.show("99")
    with at_100.place.session() as session:
        stats, each = read_stats(session), marks(session, bots)
    assert (stats.active, stats.historical) == (3, 2)
    assert sum(sums.total for sums in stats.by_strategy) == sum(sums.total for sums in stats.by_currency)
    assert sum(mark.total for mark in each.values()) == stats.by_currency[0].total
    assert stats.by_currency[0].cycles == sum(at_100.bot(bot_id).cycles for bot_id in bots)


def test_marks_move_with_the_quote_though_the_bot_was_not_touched(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.append("101")
    at_100.work()
    with at_100.place.session() as session:
        mark = marks(session)[bot_id]
    assert mark.total == D("5.149") - D("0.5149")
    assert at_100.total(bot_id) == -D("0.5149")


def test_positions_of_a_bot_that_was_stopped_with_keep_are_the_customers_own(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "stop_keep")
    position = at_100.rows("select id from core.positions")[0][0]
    with at_100.place.session() as session:
        close_positions(session, [(position, None, "mine")])
    assert at_100.hear() == 0
    assert at_100.bot(bot_id).base == D("5.149")
