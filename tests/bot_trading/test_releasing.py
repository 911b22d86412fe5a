"""What a bot leaves to the customer: kept, handed over, tagged released; and its own figures stay as they were."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from plugins.bot_trading.services.details import positions_of
from plugins.bot_trading.services.leaving import leave
from tests.bot_trading.street import CODE, STRATEGIES, Street

D = Decimal
SPOT: dict[str, Any] = {"leverage": D(1), "commission_kind": "percent", "commission": D("0.1"), "may_short": False}


@pytest.fixture
def hedging(street: Street) -> Street:
    """The street at a price of 100."""
    street.show("100")
    return street


@pytest.fixture
def netting(hedging: Street) -> Street:
    """The same with a netting account, and money beside what the grid takes."""
    hedging.place.account_type("net", mode="netting", margin_call_level=D(0), stop_out_level=D(0), **SPOT)
    (hedging.account_id,) = hedging.place.accounts("net", balance="2000")
    return hedging


def figures(street: Street, bot_id: UUID) -> tuple[Any, ...]:
    bot = street.bot(bot_id)
    return (
        bot.status, bot.base, bot.cash, bot.invested, bot.cycle_profit, bot.inventory_realised, bot.last_floating,
        bot.fees, bot.fills, bot.cycles, street.fills(bot_id), street.decisions(bot_id),
    )  # fmt: skip


def listed(street: Street, bot_id: UUID) -> list[tuple[Decimal, bool]]:
    """Volumes on the bot's page, and whether each is tagged released."""
    with street.place.session() as session:
        return sorted((row.volume, row.released) for row in positions_of(session, bot_id))


def owners(street: Street) -> set[tuple[str, UUID | None, UUID | None]]:
    return {tuple(row) for row in street.rows("select origin, origin_id, released_by from core.positions")}


def origins(street: Street) -> list[str]:
    """Of the fills, oldest first."""
    rows = street.rows("select origin from core.fills where account_id = :id order by fill_no", id=street.account_id)
    return [row[0] for row in rows]


def test_on_a_netting_account_the_customer_adds_reduces_and_closes_what_was_kept(netting: Street) -> None:
    bot_id = netting.launch()
    netting.show("97")
    assert netting.place.place(netting.account_id, "buy", "1", CODE).reason == "symbol_owned"
    assert listed(netting, bot_id) == [(D("6.1788"), False)]
    netting.command(bot_id, "stop_keep")
    assert owners(netting) == {("manual", None, bot_id)}
    assert listed(netting, bot_id) == [(D("6.1788"), True)]
    before = figures(netting, bot_id)
    effects = [
        netting.place.place(netting.account_id, side, volume, CODE).fills[0].effect
        for side, volume in (("buy", "1"), ("sell", "2"))
    ]
    assert effects == ["add", "reduce"]
    assert listed(netting, bot_id) == [(D("5.1788"), True)]
    (position,) = netting.place.positions(netting.account_id)
    assert netting.place.close(position.id).status == "filled"
    assert netting.hear() == 0
    netting.show("90", "110")
    assert (figures(netting, bot_id), listed(netting, bot_id)) == (before, [])
    assert origins(netting) == ["bot", "bot", "manual", "manual", "manual"]
    # What is opened next was never a bot's.
    netting.place.place(netting.account_id, "buy", "1", CODE)
    (mine,) = netting.place.positions(netting.account_id, opened=True)
    assert (mine.origin, mine.released_by) == ("manual", None)
    netting.place.check_ledger()


def test_on_a_hedging_account_each_kept_position_is_the_customers(hedging: Street) -> None:
    bot_id = hedging.launch()
    hedging.show("97")
    hedging.command(bot_id, "stop_keep")
    assert owners(hedging) == {("manual", None, bot_id)}
    assert listed(hedging, bot_id) == [(D("1.0298"), True), (D("5.149"), True)]
    before = figures(hedging, bot_id)
    assert hedging.place.place(hedging.account_id, "buy", "1", CODE).fills[0].effect == "open"
    assert len(listed(hedging, bot_id)) == 2
    first, second, own = hedging.place.positions(hedging.account_id)
    assert (own.origin, own.released_by) == ("manual", None)
    assert hedging.place.close(first.id, "0.149").fills[0].effect == "reduce"
    assert listed(hedging, bot_id) == [(D("1.0298"), True), (D(5), True)]
    for position in (first, second, own):
        assert hedging.place.close(position.id).status == "filled"
    assert hedging.hear() == 0
    hedging.show("90", "110")
    assert (figures(hedging, bot_id), listed(hedging, bot_id)) == (before, [])
    assert origins(hedging)[2:] == ["manual"] * 5
    hedging.place.check_ledger()


def test_a_grids_own_stop_that_keeps_hands_over_as_well(netting: Street) -> None:
    bot_id = netting.launch(stop_loss_price="89", on_stop="keep")
    netting.show("88")
    bot = netting.bot(bot_id)
    assert (bot.status, bot.end_reason) == ("stopped", "stop_loss")
    assert bot.base > 0
    assert owners(netting) == {("manual", None, bot_id)}
    assert listed(netting, bot_id) == [(bot.base, True)]
    assert netting.place.place(netting.account_id, "sell", "1", CODE).fills[0].effect == "reduce"
    assert netting.bot(bot_id).base == bot.base


def test_module_off_with_keep_leaves_positions_to_their_halted_bot_and_a_later_stop_hands_them_over(
    netting: Street,
) -> None:
    bot_id = netting.launch()
    with netting.place.session() as session:
        leave(session, STRATEGIES, "keep")
    netting.switch("draining")
    assert netting.bot(bot_id).status == "halted"
    # Kept with the orders that close them: the bot's own sells still come, and the customer can close by hand.
    assert owners(netting) == {("bot", bot_id, None)}
    netting.show("102")
    assert [side for side, _, _ in netting.fills(bot_id)] == ["buy", "sell"]
    (position,) = netting.place.positions(netting.account_id)
    assert netting.place.close(position.id, "1.0298").status == "filled"
    assert netting.hear() == 1
    netting.command(bot_id, "stop_keep", "admin")
    assert owners(netting) == {("manual", None, bot_id)}
    assert listed(netting, bot_id) == [(netting.bot(bot_id).base, True)]
