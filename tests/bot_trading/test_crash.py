"""What a crash leaves behind, and what the next owner of the lane makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from core.sdk.reactors import Reaction
from plugins.bot_trading.reactor import BotReactor
from plugins.bot_trading.services.commands import carry_out, store_command
from plugins.bot_trading.services.launching import launch
from tenants.db import TenantSession
from tests.bot_trading.street import STRATEGIES, Street

D = Decimal


class Killed(BaseException):
    """The process is gone: nobody handles this."""


class DyingReactor(BotReactor):
    """Dies when its orders are filled and before anything of it is committed."""

    def record(self, session: TenantSession, reactions: Sequence[Reaction]) -> None:
        super().record(session, reactions)
        raise Killed


def test_a_crash_between_a_fill_and_its_booking_leaves_one_fill_row_and_one_counter_order(street: Street) -> None:
    street.show("100")
    bot_id = street.launch()
    street.work()
    healthy, street.runtime.found = street.runtime.found, DyingReactor(STRATEGIES)
    street.append("98")
    with pytest.raises(Killed):
        street.work()
    assert len(street.fills(bot_id)) == 1
    street.runtime.found = healthy
    street.lane("second")
    street.work()
    assert street.fills(bot_id)[1:] == [("buy", D("1.0298"), D(98))]
    assert street.resting(bot_id, "sell").count(D(100)) == 1
    assert len(street.orders(bot_id)) == 10
    street.place.check_ledger()


def test_a_crash_between_storing_a_stop_and_carrying_it_out_loses_and_doubles_nothing(street: Street) -> None:
    street.show("100")
    bot_id = street.launch()
    with street.place.session() as session:
        command_id = store_command(session, bot_id, "stop_close", reason="customer", actor="ann", key="stop")
    with pytest.raises(Killed), street.place.session() as session:
        carry_out(session, STRATEGIES, command_id)
        raise Killed
    assert (street.bot(bot_id).status, len(street.fills(bot_id))) == ("running", 1)
    for _ in range(2):
        with street.place.session() as session:
            assert carry_out(session, STRATEGIES, command_id).status == "done"
    assert [side for side, _, _ in street.fills(bot_id)] == ["buy", "sell"]
    assert street.bot(bot_id).status == "stopped"


def test_a_launch_that_dies_before_its_commit_leaves_nothing(street: Street) -> None:
    street.show("100")
    wish = street.wish()
    with pytest.raises(Killed), street.place.session() as session:
        launch(session, STRATEGIES, street.limits, wish)
        raise Killed
    assert street.place.account(street.account_id).reserved == 0
    with street.place.session() as session:
        bot_id = launch(session, STRATEGIES, street.limits, wish).id
    assert len(street.fills(bot_id)) == 1
