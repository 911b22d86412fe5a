"""What staff are told of bots: large floating losses and unusual activity, once for each episode.

Domain page, "Bot Stats and Mission Control": alerts for large floating loss (percent of the capital, by tenant) and unusual
activity (orders a minute, cycles an hour, reject rate, idle with a reason).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from plugins.bot_trading.services.watching import open_alerts, watch_bots
from plugins.bot_trading.settings import BotTradingSettings
from tests.bot_trading.street import Street
from tests.bot_trading.test_module import Context

D = Decimal


@pytest.fixture
def at_100(street: Street) -> Street:
    street.show("100")
    return street


def look(street: Street, **settings: Any) -> Context:
    """One look at all bots."""
    with street.place.session() as session:
        context = Context(session)
        watch_bots(session, BotTradingSettings(**settings), context)
        return context


def raised(context: Context) -> list[str]:
    return [code for code, _ in context.alerts]


def settled(context: Context) -> list[str]:
    return [code for code, _ in context.settled]


def shift(street: Street, table: str, column: str, by: str) -> None:
    """Let something have happened earlier."""
    with street.database.system() as session:
        session.execute(text(f"update {table} set {column} = {column} - interval '{by}'"))  # noqa: S608 - names of columns


def test_a_large_floating_loss_is_told_once_and_settles_when_it_is_a_tenth_smaller(at_100: Street) -> None:
    at_100.launch(lower="50", upper="150")

    def at(price: str) -> Context:
        at_100.append(price)
        at_100.work()
        return look(at_100, floating_loss_alert_percent=D(10))

    assert raised(at("90")) == []
    low = at("75")
    assert raised(low) == ["large_floating_loss"]
    with at_100.place.session() as session:
        (alert, bot_id), *others = open_alerts(session)[0]
    assert others == []
    assert "has a floating loss of" in alert.text
    assert bot_id == at_100.rows("select id from bot_trading.bots")[0][0]
    again = at("74")
    assert (raised(again), settled(again)) == ([], [])
    over = at("95")
    assert (raised(over), settled(over)) == ([], ["large_floating_loss"])
    assert raised(at("75")) == ["large_floating_loss"]


def test_many_orders_a_minute_are_told_and_settle(at_100: Street) -> None:
    at_100.launch()
    at_100.show("90")
    assert raised(look(at_100, orders_per_minute_alert=6)) == []
    assert raised(look(at_100, orders_per_minute_alert=5)) == ["many_orders"]
    shift(at_100, "core.orders", "placed_at", "2 minutes")
    assert settled(look(at_100, orders_per_minute_alert=5)) == ["many_orders"]


def test_many_rejected_orders_are_told_and_a_few_orders_say_nothing(at_100: Street) -> None:
    at_100.launch()
    at_100.show("94")
    with at_100.database.system() as session:
        session.execute(text("update core.orders set status = 'rejected' where side = 'buy' and price = 98"))
    assert raised(look(at_100, reject_rate_alert_percent=D(10))) == []  # four orders
    at_100.show("90")
    assert raised(look(at_100, reject_rate_alert_percent=D(10))) == ["many_rejects"]
    shift(at_100, "core.orders", "placed_at", "61 minutes")
    assert settled(look(at_100, reject_rate_alert_percent=D(10))) == ["many_rejects"]


def test_many_cycles_an_hour_are_told_and_settle(at_100: Street) -> None:
    bot_id = at_100.launch()
    assert raised(look(at_100, cycles_per_hour_alert=3)) == []
    for _ in range(4):
        at_100.show("98", "100.01")
    assert at_100.bot(bot_id).cycles == 4
    assert raised(look(at_100, cycles_per_hour_alert=3)) == ["many_cycles"]
    shift(at_100, "bot_trading.paces", "counted_at", "31 minutes")
    assert settled(look(at_100, cycles_per_hour_alert=3)) == []  # they ended within the last hour still
    shift(at_100, "bot_trading.paces", "counted_at", "31 minutes")
    assert settled(look(at_100, cycles_per_hour_alert=3)) == ["many_cycles"]


def test_a_bot_that_waits_with_a_reason_for_long_is_told_and_one_that_merely_rests_is_not(at_100: Street) -> None:
    resting, waiting = at_100.launch(investment="300"), at_100.launch(investment="300")
    with at_100.database.system() as session:
        session.execute(
            text(
                """update bot_trading.bots set last_code = 'waits', last_facts = '{"reason": "spread"}' where id = :id"""
            ),
            {"id": waiting},
        )
    assert raised(look(at_100)) == []
    shift(at_100, "bot_trading.decisions", "at", "2 hours")
    context = look(at_100)
    assert context.alerts == [("idle", f"bot:{waiting}")]
    assert resting != waiting
    at_100.command(waiting, "stop_close")
    assert settled(look(at_100)) == ["idle"]


def test_what_a_strategy_had_told_settles_when_nothing_waits_or_the_bot_has_ended(at_100: Street) -> None:
    bot_id = at_100.launch()
    with at_100.place.session() as session:
        Context(session).alert("blocked", "An order waits", subject=f"bot:{bot_id}")
    with at_100.database.system() as session:
        session.execute(text("update bot_trading.bots set blocked = 1"))
    assert settled(look(at_100)) == []
    with at_100.database.system() as session:
        session.execute(text("update bot_trading.bots set blocked = 0"))
    assert settled(look(at_100)) == ["blocked"]


def test_a_command_that_fails_is_open_until_it_is_carried_out(at_100: Street) -> None:
    bot_id: UUID = at_100.launch()
    with at_100.database.system() as session:
        session.execute(
            text(
                "insert into bot_trading.commands (tenant_id, id, bot_id, command, reason, actor, key, detail) values"
                """ (:tenant, gen_random_uuid(), :bot, 'pause', 'admin', 'staff', 'k', '{"error": "odd"}')"""
            ),
            {"tenant": at_100.place.tenant_id, "bot": bot_id},
        )
    assert raised(look(at_100)) == ["command_failed"]
    with at_100.database.system() as session:
        session.execute(text("update bot_trading.commands set status = 'done'"))
    assert settled(look(at_100)) == ["command_failed"]
