"""The order of locks: the module's switch, the master, accounts, cursors, subscriptions. Commands and a switch wait, and never
end each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from plugins.copy_trading.models import Master
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.rules.states import By, MasterStatus, Pause
from plugins.copy_trading.services import fees, following, leaving, mastering
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.scanning import Alerting
from tests.copy_trading.scene import Scene
from tests.copy_trading.test_performance_fees import NEXT_MONTH

Command = Callable[[Scene, Any, UUID, UUID], object]


def _deactivate(scene: Scene, session: Any, master: UUID, _subscription: UUID) -> None:
    row = session.get_one(Master, (scene.place.tenant_id, master))
    mastering.set_status(session, row, MasterStatus.DEACTIVATED, choice="close_all")


COMMANDS: dict[str, Command] = {
    "stop": lambda _scene, session, _master, one: stop(session, [one], "close_all"),
    "pause": lambda _scene, session, _master, one: following.pause(session, [one], Pause.FOLLOWER),
    "resume": lambda _scene, session, _master, one: following.resume_copying(session, [one], By.FOLLOWER),
    "deactivate": _deactivate,
    "fees": lambda scene, session, _master, _one: fees.charge(
        Alerting(session, scene.place.tenant_id, "on", scene.settings), NEXT_MONTH
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_a_switch_at_once_both_come_through(scene: Scene, command: str) -> None:
    """The switch holds the module and waits at the subscriptions; the command must be waiting for the module by then, holding
    nothing that the switch needs.
    """
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    held, waits = threading.Event(), threading.Event()

    def switch() -> None:
        with scene.place.session() as session:
            session.execute(
                text("select from tenants.product_configs where module = :module for update"), {"module": MODULE}
            )
            held.set()
            assert waits.wait(30)
            leaving.leave(session, "wind_down")
            session.execute(text("select from core.accounts order by id for update"))

    def run() -> None:
        assert held.wait(30)
        with ExitStack() as stack:
            session = stack.enter_context(scene.place.session())
            COMMANDS[command](scene, session, master, subscription)

    def blocked() -> bool:
        with scene.place.database.system() as session:
            return bool(session.scalar(text("select count(*) from pg_locks where not granted")))

    with ThreadPoolExecutor(2) as pool:
        switched, done = pool.submit(switch), pool.submit(run)
        for _ in range(3000):
            if blocked():
                break
            threading.Event().wait(0.01)
        else:
            raise AssertionError("the command does not wait for the switch")
        waits.set()
        switched.result(60)
        done.result(60)
    scene.place.check_ledger()


def test_commands_fills_and_switches_together_end_in_no_deadlock(scene: Scene) -> None:
    """Everything at once, many times, on four threads: whatever comes first, nothing is ended by the database."""
    master = scene.master("100000")
    accounts = [scene.account("2500") for _ in range(4)]
    copies = [scene.follow(master, one, max_open_trades=100) for one in accounts]

    def commands() -> None:
        for at in range(12):
            with scene.place.session() as session:
                if at % 2:
                    following.resume_copying(session, copies, By.FOLLOWER)
                else:
                    following.pause(session, copies[at % 4 :], Pause.FOLLOWER)

    def switches() -> None:
        for _ in range(8):
            with scene.place.session() as session:
                session.execute(
                    text("select from tenants.product_configs where module = :module for update"), {"module": MODULE}
                )
                leaving.leave(session, "wind_down")

    def fills() -> None:
        for at in range(8):
            scene.trade(scene.master_account(master), "buy" if at % 2 else "sell", "0.50")
            scene.copy(master)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(one) for one in (commands, switches, fills)]:
            done.result(120)
    scene.place.check_ledger()
