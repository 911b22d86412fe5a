"""Bulk actions and the kill switch: stored first, one meaning with single commands, carried out in steps, told as they are.

Domain page, "Life of a bot": bulk actions and a tenant-wide kill switch show progress and never depend on metrics.
"""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import event, text

from plugins.bot_trading.services.batches import batch_commands, batch_state, begin_batch, begin_kill_switch, unfinished
from plugins.bot_trading.services.commands import CommandName, carry_out_many, store_command
from plugins.bot_trading.services.mission import closing_of
from tests.bot_trading.street import STRATEGIES, Street
from tests.bot_trading.test_module import Context, jobs_of

D = Decimal


@pytest.fixture
def at_100(street: Street) -> Street:
    street.show("100")
    return street


def many(street: Street, number: int) -> list[UUID]:
    return [street.launch(account) for account in street.place.accounts("spot", number, balance="1000")]


def begin(street: Street, command: CommandName, bots: list[UUID], key: str = "k", detail: str = "{}") -> UUID:
    with street.place.session() as session:
        return begin_batch(session, command, bots, actor="staff@example.com", key=key, note="a test", detail=detail)[0]


def work(street: Street, batch_id: UUID, job: str = "batch") -> Context:
    with street.place.session() as session:
        context = Context(session)
        jobs_of(job).run(context, {"batch": str(batch_id)})  # type: ignore[arg-type]  # what a job is given, for tests
        return context


def statuses(street: Street, bots: list[UUID]) -> list[str]:
    return [street.bot(bot_id).status for bot_id in bots]


def test_a_bulk_pause_holds_every_bot_and_says_how_far_it_is(at_100: Street) -> None:
    bots = many(at_100, 4)
    at_100.command(bots[3], "stop_close")
    batch_id = begin(at_100, "pause", bots)
    with at_100.place.session() as session:
        before = batch_state(session, batch_id)
    assert before is not None
    assert (before.done, before.total, before.over) == (0, 4, False)
    assert statuses(at_100, bots) == ["running"] * 3 + ["stopped"]
    work(at_100, batch_id)
    with at_100.place.session() as session:
        after, rows = batch_state(session, batch_id), unfinished(session, batch_id)
    assert after is not None
    assert (after.done, after.over, after.worked, after.refused) == (4, True, 3, {"stopped": 1})
    assert [row.bot_id for row in rows] == [bots[3]]
    assert statuses(at_100, bots) == ["paused"] * 3 + ["stopped"]
    assert all(at_100.bot(bot_id).pauses[0]["reason"] == "admin" for bot_id in bots[:3])
    at_100.show("97")
    assert {len(at_100.fills(bot_id)) for bot_id in bots[:3]} == {1}


def test_the_same_request_again_is_the_first_batch(at_100: Street) -> None:
    bots = many(at_100, 2)
    assert begin(at_100, "pause", bots) == begin(at_100, "stop_close", bots)
    assert at_100.rows("select count(*) from bot_trading.commands")[0][0] == 2


def test_a_bulk_stop_closes_each_position_at_the_market_and_the_estimate_was_right(at_100: Street) -> None:
    bots = many(at_100, 3)
    at_100.show("97")
    with at_100.place.session() as session:
        estimate = closing_of(session, bots)
    before = sum(at_100.bot(bot_id).cycle_profit + at_100.bot(bot_id).inventory_realised for bot_id in bots)
    work(at_100, begin(at_100, "stop_close", bots))
    assert statuses(at_100, bots) == ["stopped"] * 3
    assert {at_100.bot(bot_id).base for bot_id in bots} == {D(0)}
    after = sum(at_100.bot(bot_id).cycle_profit + at_100.bot(bot_id).inventory_realised for bot_id in bots)
    assert (estimate.bots, estimate.holding) == (3, 3)
    assert abs(estimate.total - (after - before)) < D("1e-9")
    assert estimate.total < 0
    at_100.place.check_ledger()


def test_a_bulk_stop_that_keeps_means_what_a_single_one_means(at_100: Street) -> None:
    single, *bots = many(at_100, 3)
    at_100.command(single, "stop_keep")
    work(at_100, begin(at_100, "stop_keep", bots))
    assert [at_100.bot(bot_id).base for bot_id in bots] == [at_100.bot(single).base] * 2
    released = at_100.rows("select count(*) from core.positions where released_by is not null and origin = 'manual'")
    assert released[0][0] == 3
    assert {at_100.place.account(at_100.bot(bot_id).account_id).reserved for bot_id in bots} == {D(0)}


def test_a_bulk_resume_leaves_bots_paused_that_would_trade_at_once_unless_that_is_wanted(at_100: Street) -> None:
    calm, due = many(at_100, 2)
    at_100.command(due, "pause", "admin")
    at_100.show("95")
    at_100.command(calm, "pause", "admin")
    careful = begin(at_100, "resume", [calm, due], key="careful")
    work(at_100, careful)
    assert statuses(at_100, [calm, due]) == ["running", "paused"]
    with at_100.place.session() as session:
        state = batch_state(session, careful)
    assert state is not None
    assert state.refused == {"confirmation_needed": 1}
    work(at_100, begin(at_100, "resume", [due], key="all", detail='{"confirmed": true}'))
    assert at_100.bot(due).status == "running"
    assert len(at_100.fills(due)) == 3


def test_one_bot_that_fails_harms_no_other_and_is_tried_again(at_100: Street) -> None:
    bots = many(at_100, 5)
    with at_100.database.system() as session:
        state = session.execute(text("select state from core.reactor_states where id = :id"), {"id": bots[2]}).scalar()
        session.execute(text("update core.reactor_states set state = '{}' where id = :id"), {"id": bots[2]})
    batch_id = begin(at_100, "stop_close", bots)
    context = work(at_100, batch_id)
    assert context.alerts == [("command_failed", f"bot:{bots[2]}")]
    assert statuses(at_100, bots) == ["stopped", "stopped", "running", "stopped", "stopped"]
    with at_100.place.session() as session:
        told = batch_state(session, batch_id)
        session.execute(
            text("update core.reactor_states set state = cast(:state as jsonb) where id = :id"),
            {"state": json.dumps(state), "id": bots[2]},
        )
    assert told is not None
    assert (told.done, told.failing, told.over) == (4, 1, False)
    work(at_100, batch_id, "commands")
    assert at_100.bot(bots[2]).status == "stopped"


def test_a_batch_whose_worker_died_is_finished_by_any_other(at_100: Street) -> None:
    bots = many(at_100, 3)
    batch_id = begin(at_100, "stop_close", bots)
    with at_100.place.session() as session:
        carry_out_many(session, STRATEGIES, batch_commands(session, batch_id, 1))
    assert statuses(at_100, bots).count("stopped") == 1
    work(at_100, batch_id, "commands")
    assert statuses(at_100, bots) == ["stopped"] * 3
    assert {len(at_100.fills(bot_id)) for bot_id in bots} == {2}


def test_commands_of_one_bot_in_one_go_are_carried_out_in_their_order(at_100: Street) -> None:
    bot_id = at_100.launch()
    with at_100.place.session() as session:
        ids = [
            store_command(session, bot_id, name, reason="admin", actor="staff", key=name)
            for name in ("pause", "resume", "stop_close")
        ]
        done = carry_out_many(session, STRATEGIES, ids)
    assert [command.status for command in done] == ["done"] * 3
    assert at_100.bot(bot_id).status == "stopped"


def test_many_commands_take_as_many_statements_as_a_few(at_100: Street) -> None:
    def counted(bots: list[UUID], key: str) -> int:
        batch_id = begin(at_100, "stop_close", bots, key=key)
        statements = 0
        with at_100.place.session() as session:
            ids = batch_commands(session, batch_id)

            def count(*_: object) -> None:
                nonlocal statements
                statements += 1

            event.listen(session.get_bind(), "before_cursor_execute", count)
            carry_out_many(session, STRATEGIES, ids)
            event.remove(session.get_bind(), "before_cursor_execute", count)
        return statements

    few, lot = many(at_100, 2), many(at_100, 12)
    assert abs(counted(lot, "lot") - counted(few, "few")) <= 2


# --- the kill switch ---------------------------------------------------------------------------------------------


def test_the_kill_switch_halts_all_that_could_open_and_nothing_starts_again_by_itself(at_100: Street) -> None:
    bots = many(at_100, 4)
    at_100.command(bots[1], "pause")
    at_100.command(bots[2], "wind_down")
    at_100.command(bots[3], "stop_keep")
    with at_100.place.session() as session:
        batch_id, new = begin_kill_switch(session, actor="risk@example.com", key="now", note="odd prices")
        again, anew = begin_kill_switch(session, actor="risk@example.com", key="now", note="odd prices")
    assert (new, anew, again) == (True, False, batch_id)
    work(at_100, batch_id)
    assert statuses(at_100, bots) == ["halted", "halted", "stopping", "stopped"]
    assert at_100.bot(bots[0]).halt == "kill_switch"
    assert at_100.resting(bots[0], "buy") == []
    at_100.show("94", "102")
    # Nothing is bought at 94; the sells are honoured, since they reduce.
    assert [side for side, _, _ in at_100.fills(bots[0])] == ["buy", "sell"]
    assert at_100.command(bots[0], "resume", "admin").result == "not_paused"
    # Lifting starts nothing; then each bot needs its own resume.
    assert at_100.command(bots[0], "lift", "admin").status == "done"
    assert (at_100.bot(bots[0]).status, at_100.decisions(bots[0])[-1]) == ("paused", "halt_lifted")
    at_100.show("95")
    assert len(at_100.fills(bots[0])) == 2
    assert at_100.command(bots[0], "resume", "customer").result == "still_held"
    assert at_100.command(bots[0], "resume", "admin", detail={"confirmed": True}).status == "done"
    assert (at_100.bot(bots[0]).status, at_100.bot(bots[1]).status) == ("running", "halted")


def test_a_halted_bot_can_be_stopped_and_only_a_halt_from_outside_is_lifted(at_100: Street) -> None:
    halted, running = many(at_100, 2)
    at_100.command(halted, "halt", "admin", detail={"halt": "kill_switch"})
    assert at_100.command(running, "lift", "admin").result == "not_halted"
    at_100.command(halted, "stop_close", "admin")
    assert (at_100.bot(halted).status, at_100.bot(halted).base) == ("stopped", 0)
