"""Commands and the module's switch at the same time: the switch is locked before accounts everywhere, so neither ends the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from plugins.bot_trading.services.commands import carry_out, store_command
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import launch
from plugins.bot_trading.services.leaving import leave
from tests.bot_trading.street import STRATEGIES, Street

_WAITING = "select count(*) from pg_locks where not granted"


@pytest.fixture
def at_100(street: Street) -> Street:
    street.show("100")
    return street


def switched_off_meanwhile(street: Street, work: Callable[[], str]) -> str:
    """Switch the module off while ``work`` begins: it has to wait for the switch, and holds nothing that the switch needs."""
    with ThreadPoolExecutor(1) as pool:
        with street.place.session() as session:
            session.execute(text("set local lock_timeout = '20s'"))
            session.execute(text("select 1 from tenants.product_configs where module = 'bot_trading' for update"))
            answer = pool.submit(work)
            deadline = time.monotonic() + 20
            while street.rows(_WAITING)[0][0] == 0:
                assert time.monotonic() < deadline, "the work has not waited for the switch"
                time.sleep(0.02)
            leave(session, STRATEGIES, "keep")
            session.execute(text("update tenants.product_configs set state = 'draining' where module = 'bot_trading'"))
        return answer.result(timeout=30)


@pytest.mark.parametrize(
    ("command", "answer"),
    [("stop_close", ("done", "stopped")), ("resume", ("refused", "halted")), ("pause", ("done", "halted"))],
)
def test_a_command_during_a_switch_off_waits_for_it_and_then_acts_on_what_it_left(
    at_100: Street, command: str, answer: tuple[str, str]
) -> None:
    bot_id = at_100.launch()
    if command == "resume":
        at_100.command(bot_id, "pause")
    with at_100.place.session() as session:
        command_id = store_command(session, bot_id, command, reason="customer", actor="ann", key="k")  # type: ignore[arg-type]

    def work() -> str:
        with at_100.place.session() as session:
            return carry_out(session, STRATEGIES, command_id).status

    assert (switched_off_meanwhile(at_100, work), at_100.bot(bot_id).status) == answer


def test_nothing_is_launched_into_a_module_that_goes_off(at_100: Street) -> None:
    wish = at_100.wish()

    def work() -> str:
        try:
            with at_100.place.session() as session:
                launch(session, STRATEGIES, at_100.limits, wish)
        except BotRefusedError as refused:
            return refused.first.code
        return "launched"

    assert switched_off_meanwhile(at_100, work) == "module_off"
    assert at_100.rows("select id from bot_trading.bots") == []
