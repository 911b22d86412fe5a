"""Positions of bots that are handed over to the customer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.trading.booking import UnknownReferenceError
from core.trading.models import Position
from core.trading.services import hand_over, set_protection
from core.trading.types import Origin
from tenants.db import new_id
from tests.trading.market import MarketPlace


def test_on_a_netting_account_the_symbol_is_the_customers_again(market: MarketPlace) -> None:
    market.account_type("net", mode="netting")
    (account,) = market.accounts("net")
    bot = Origin("bot", new_id())
    position = market.place(account, "buy", "0.10", origin=bot).fills[0].position_id
    assert market.place(account, "buy", "0.10").reason == "symbol_owned"
    for changed in (1, 0):
        with market.session() as session:
            assert hand_over(session, [position]) == changed
    assert market.place(account, "buy", "0.10", origin=bot).reason == "symbol_owned"
    assert market.place(account, "buy", "0.10").fills[0].effect == "add"
    (held,) = market.positions(account)
    assert (held.origin, held.origin_id, held.released_by, held.volume) == ("manual", None, bot.id, Decimal("0.2"))


def test_what_is_closed_or_no_bots_stays_as_it_is(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    origins = [Origin("bot", new_id()), Origin("copy", new_id()), Origin()]
    ids = [market.place(account, "buy", "0.10", origin=origin).fills[0].position_id for origin in origins]
    market.close(ids[0])
    before = [(held.id, held.origin, held.origin_id, held.version) for held in market.positions(account)]
    with market.session() as session:
        assert hand_over(session, []) == 0
        assert hand_over(session, ids) == 0
    after = [(held.id, held.origin, held.origin_id, held.version) for held in market.positions(account)]
    assert after == before
    assert [held.released_by for held in market.positions(account)] == [None] * 3


def test_positions_of_many_accounts_at_once_keep_their_stops(market: MarketPlace) -> None:
    accounts = market.accounts("standard", 3)
    bots = [Origin("bot", new_id()) for _ in accounts]
    ids = []
    for account, bot in zip(accounts, bots, strict=True):
        ids.append(market.place(account, "buy", "0.10", origin=bot).fills[0].position_id)
        with market.session() as session:
            set_protection(session, ids[-1], Decimal("1.09"), None)
    with market.session() as session:
        assert hand_over(session, ids) == 3
    market.cross("EURUSD", "1.08900", "1.08910")
    held = [market.positions(account)[0] for account in accounts]
    assert [(one.close_reason, one.released_by) for one in held] == [("stop_loss", bot.id) for bot in bots]
    market.check_ledger()


def test_a_position_of_nobody_changes_nothing(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10", origin=Origin("bot", new_id())).fills[0].position_id
    with pytest.raises(UnknownReferenceError), market.session() as session:
        hand_over(session, [position, new_id()])
    with market.session() as session:
        assert session.get_one(Position, (market.tenant_id, position)).origin == "bot"
