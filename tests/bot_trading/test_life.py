"""The life of a bot: commands, pauses that stack, stops, the module's switch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from core.trading.services import close_positions, correct, deposit
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import launch
from plugins.bot_trading.services.retrying import retry_blocked, waiting_bots
from tenants.db import new_id
from tests.bot_trading.street import STRATEGIES, Street

D = Decimal


@pytest.fixture
def at_100(street: Street) -> Street:
    street.show("100")
    return street


def codes(error: pytest.ExceptionInfo[BotRefusedError]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


# --- launching ---------------------------------------------------------------------------------------------------


def test_of_two_launches_at_once_against_the_same_money_one_is_accepted(at_100: Street) -> None:
    wishes = [at_100.wish(), at_100.wish()]

    def go(wish: object) -> str:
        try:
            with at_100.place.session() as session:
                launch(session, STRATEGIES, at_100.limits, wish)  # type: ignore[arg-type]
        except BotRefusedError as refused:
            return refused.first.code
        return "accepted"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(go, wishes))
    assert outcomes == ["accepted", "insufficient_funds"]
    assert len(at_100.rows("select id from bot_trading.bots")) == 1


def test_the_same_launch_again_gives_the_first_bot(at_100: Street) -> None:
    wish = at_100.wish()
    ids = set()
    for _ in range(2):
        with at_100.place.session() as session:
            ids.add(launch(session, STRATEGIES, at_100.limits, wish).id)
    assert len(ids) == 1
    assert len(at_100.fills(ids.pop())) == 1


def test_a_launch_that_is_refused_says_everything_that_is_wrong_and_keeps_nothing(at_100: Street) -> None:
    at_100.limits.capital_per_bot = D(900)
    with pytest.raises(BotRefusedError) as refused:
        at_100.launch(investment="1200", stop_loss_price="95")
    assert codes(refused) == ["stop_loss_inside_grid", "insufficient_funds", "capital_above_limit"]
    assert refused.value.refusals[1].facts["short"] == "200"
    assert at_100.rows("select id from bot_trading.bots") == []
    assert at_100.place.account(at_100.account_id).reserved == 0


def test_limits_of_the_tenant_bound_bots_levels_and_losses(at_100: Street) -> None:
    at_100.limits.max_levels, at_100.limits.max_loss_percent = 8, D(10)
    with pytest.raises(BotRefusedError) as refused:
        at_100.launch()
    assert codes(refused) == ["too_many_levels", "loss_above_limit"]
    at_100.limits.max_levels, at_100.limits.max_loss_percent, at_100.limits.bots_per_customer = 200, None, 1
    at_100.launch(investment="400")
    with pytest.raises(BotRefusedError) as refused:
        at_100.launch(investment="400")
    assert codes(refused) == ["too_many_bots"]


def test_a_strategy_that_is_not_allowed_to_the_customer_is_refused(at_100: Street) -> None:
    at_100.limits.strategies = []
    with pytest.raises(BotRefusedError) as refused:
        at_100.launch()
    assert codes(refused) == ["strategy_not_allowed"]


def test_somebody_elses_account_is_not_found(at_100: Street) -> None:
    wish = replace(at_100.wish(), customer_id=new_id())
    with pytest.raises(BotRefusedError) as refused, at_100.place.session() as session:
        launch(session, STRATEGIES, at_100.limits, wish)
    assert codes(refused) == ["account_not_found"]


def test_a_netting_account_has_one_owner_of_a_symbol(at_100: Street) -> None:
    at_100.place.account_type("net", mode="netting", leverage=D(1))
    (account,) = at_100.place.accounts("net", balance="5000")
    at_100.launch(account)
    with pytest.raises(BotRefusedError) as refused:
        at_100.launch(account)
    assert codes(refused) == ["symbol_owned"]


def test_a_netting_account_runs_the_same_grid(at_100: Street) -> None:
    at_100.place.account_type("net", mode="netting", leverage=D(1), commission_kind="percent", commission=D("0.1"))
    (account,) = at_100.place.accounts("net", balance="5000")
    bot_id = at_100.launch(account)
    at_100.show("93", "101")
    assert at_100.total(bot_id).quantize(D("0.000001")) == D("10.213556")
    at_100.place.check_ledger()


def test_a_trigger_price_starts_the_bot_in_the_lane(at_100: Street) -> None:
    bot_id = at_100.launch(trigger_price="97")
    assert (at_100.bot(bot_id).status, at_100.fills(bot_id)) == ("waiting_trigger", [])
    assert at_100.place.account(at_100.account_id).reserved == 1000
    at_100.show("97.5", "96.9")
    assert at_100.bot(bot_id).status == "running"
    assert at_100.fills(bot_id)[0][2] == D("96.9")


# --- pause and resume --------------------------------------------------------------------------------------------


def test_a_pause_just_before_a_crossing_wins(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.work()
    at_100.append("97")
    at_100.command(bot_id, "pause")
    at_100.work()
    assert (at_100.bot(bot_id).status, len(at_100.fills(bot_id))) == ("paused", 1)
    assert at_100.resting(bot_id, "buy") == []


def test_a_paused_bot_still_sells(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "pause")
    at_100.show("90", "104")
    assert [(side, price) for side, _, price in at_100.fills(bot_id)] == [("buy", 100), ("sell", 102), ("sell", 104)]


def test_a_resume_shows_what_would_execute_at_once_and_needs_a_confirmation(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "pause")
    at_100.show("95")
    first = at_100.command(bot_id, "resume")
    assert (first.status, first.result, first.detail["orders"]) == ("refused", "confirmation_needed", "2")
    assert at_100.bot(bot_id).status == "paused"
    second = at_100.command(bot_id, "resume", detail={"confirmed": True})
    assert (second.status, at_100.bot(bot_id).status) == ("done", "running")
    assert [(side, price) for side, _, price in at_100.fills(bot_id)[1:]] == [("buy", 95), ("buy", 95)]
    assert len(at_100.orders(bot_id)) == 10


def test_reasons_of_pauses_stack_and_a_customer_cannot_lift_an_admins(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "pause", "customer")
    at_100.command(bot_id, "pause", "admin")
    answer = at_100.command(bot_id, "resume", "customer")
    assert (answer.result, answer.detail["held"], at_100.bot(bot_id).status) == ("still_held", "admin", "paused")
    at_100.command(bot_id, "resume", "admin")
    assert at_100.bot(bot_id).status == "running"


def test_an_admins_resume_leaves_the_customers_own_pause(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "pause", "customer")
    answer = at_100.command(bot_id, "resume", "admin")
    assert (answer.result, at_100.bot(bot_id).status) == ("still_held", "paused")


def test_resume_only_from_paused(at_100: Street) -> None:
    bot_id = at_100.launch()
    assert at_100.command(bot_id, "resume").result == "not_paused"


# --- stop --------------------------------------------------------------------------------------------------------


def test_stop_and_close_all_sells_each_position_at_the_market(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("95")
    at_100.command(bot_id, "stop_close")
    bot, account = at_100.bot(bot_id), at_100.place.account(at_100.account_id)
    assert (bot.status, bot.stop, bot.base, bot.last_floating) == ("stopped", "close", 0, 0)
    assert [price for side, _, price in at_100.fills(bot_id) if side == "sell"] == [95, 95, 95]
    assert (account.margin, account.reserved, account.balance) == (0, 0, 1000 + at_100.total(bot_id))
    at_100.show("90", "110")
    assert len(at_100.fills(bot_id)) == 6


def test_stop_and_keep_leaves_the_positions_and_frees_the_money(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "stop_keep")
    bot = at_100.bot(bot_id)
    assert (bot.status, bot.stop, bot.base) == ("stopped", "keep", D("5.149"))
    assert at_100.place.account(at_100.account_id).reserved == 0
    at_100.show("110")
    assert len(at_100.fills(bot_id)) == 1


def test_a_second_different_stop_is_refused_with_the_first_and_the_same_is_the_first(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "stop_keep")
    other = at_100.command(bot_id, "stop_close")
    assert (other.status, other.result, other.detail["stop"]) == ("refused", "stopped_otherwise", "keep")
    assert at_100.command(bot_id, "stop_keep").status == "done"
    assert at_100.command(bot_id, "pause").result == "stopped"


def test_stop_beats_pause(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "pause", "admin")
    at_100.command(bot_id, "stop_close")
    assert at_100.bot(bot_id).status == "stopped"


def test_wind_down_leaves_by_its_own_sells_and_stops_itself(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "wind_down")
    assert at_100.bot(bot_id).status == "stopping"
    at_100.show("95", "105")
    assert at_100.bot(bot_id).base == 3 * D("1.0298")
    at_100.show("111")
    bot = at_100.bot(bot_id)
    assert (bot.status, bot.end_reason, bot.base) == ("stopped", "wound_down", 0)
    assert at_100.place.account(at_100.account_id).reserved == 0


def test_a_stop_loss_in_the_lane_closes_everything_on_the_quote(at_100: Street) -> None:
    bot_id = at_100.launch(stop_loss_price="89")
    at_100.show("88", "87.5")
    bot = at_100.bot(bot_id)
    assert (bot.status, bot.end_reason, bot.base) == ("stopped", "stop_loss", 0)
    account = at_100.place.account(at_100.account_id)
    assert (account.margin, account.reserved, account.balance) == (0, 0, 1000 + at_100.total(bot_id))


def test_a_command_sent_twice_acts_once(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.command(bot_id, "pause", key="once")
    at_100.command(bot_id, "resume")
    again = at_100.command(bot_id, "pause", key="once")
    assert (again.status, at_100.bot(bot_id).status) == ("done", "running")


# --- what others do ----------------------------------------------------------------------------------------------


def test_a_position_closed_by_hand_is_noticed_and_no_counter_order_follows(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("97")
    position = at_100.rows("select id from core.positions where volume < 2")[0][0]
    with at_100.place.session() as session:
        close_positions(session, [(position, None, "by-hand")])
    assert at_100.hear() == 1
    assert at_100.hear() == 0
    assert at_100.decisions(bot_id)[-1] == "closed_by_hand"
    at_100.show("101")
    assert [side for side, _, _ in at_100.fills(bot_id)] == ["buy", "buy"]
    bot = at_100.bot(bot_id)
    assert bot.base == D("5.149")
    assert at_100.place.account(at_100.account_id).balance == 1000 + bot.cycle_profit + bot.inventory_realised - D(
        "0.5149"
    )


def test_a_part_closed_by_hand_just_before_the_bots_own_sell(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("97")
    position = at_100.rows("select id from core.positions where volume < 2")[0][0]
    with at_100.place.session() as session:
        close_positions(session, [(position, D("0.5"), "by-hand")])
    at_100.append("100")
    at_100.work()
    at_100.hear()
    bot, account = at_100.bot(bot_id), at_100.place.account(at_100.account_id)
    assert bot.base == D("5.149")
    assert account.balance == 1000 + bot.cycle_profit + bot.inventory_realised - D("0.5149")
    assert at_100.rows("select sum(volume) from core.positions")[0][0] == bot.base


def test_missing_money_blocks_the_cell_and_it_is_tried_again_by_itself(at_100: Street) -> None:
    at_100.place.account_type("called", leverage=D(1), margin_call_level=D(50), stop_out_level=D(0))
    (account,) = at_100.place.accounts("called", balance="1000")
    bot_id = at_100.launch(account)
    with at_100.place.session() as session:
        correct(session, account, D(-800), key="less", actor="staff", note="a test")
    at_100.show("97")
    assert (at_100.bot(bot_id).blocked, at_100.bot(bot_id).status) == (1, "running")
    assert at_100.decisions(bot_id)[-1] == "blocked"
    at_100.show("95.9")
    assert at_100.bot(bot_id).blocked == 2
    with at_100.place.session() as session:
        assert retry_blocked(session, STRATEGIES, bot_id)
    assert at_100.bot(bot_id).blocked == 2
    with at_100.place.session() as session:
        deposit(session, account, D(800), key="back")
    with at_100.place.session() as session:
        assert waiting_bots(session) == [bot_id]
        assert retry_blocked(session, STRATEGIES, bot_id)
    assert at_100.bot(bot_id).blocked == 0
    assert at_100.fills(bot_id)[1:] == [("buy", D("1.0309"), D("95.9")), ("buy", D("1.0309"), D("95.9"))]
    assert len(at_100.orders(bot_id)) == 10


# --- the module's switch -----------------------------------------------------------------------------------------


def test_in_the_lane_a_bot_of_a_module_that_is_off_opens_nothing_and_still_sells(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.switch("draining")
    at_100.show("97", "102")
    assert [(side, price) for side, _, price in at_100.fills(bot_id)] == [("buy", 100), ("sell", 102)]
    assert at_100.bot(bot_id).status == "halted"
