"""Changing working orders, and trying orders without placing them."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from core.trading.services import (
    Replacement,
    ReplacementError,
    account_states,
    place_orders,
    preview_order,
    replace_order,
)
from core.trading.types import OrderRequest, OrderResult
from tenants.db import new_id
from tests.trading.market import MarketPlace


def _limit(market: MarketPlace, account: Any, key: str = "limit-1", **more: Any) -> OrderResult:
    wanted = OrderRequest(
        key, account, market.symbols["EURUSD"], "buy", Decimal("0.10"), kind="limit", price=Decimal("1.09000"), **more
    )
    with market.session() as session:
        return place_orders(session, [wanted])[0]


def _working(market: MarketPlace) -> list[tuple[str, Decimal, Decimal]]:
    with market.session() as session:
        rows = session.execute(text("select client_order_id, price, volume from core.orders where status = 'resting'"))
        return [tuple(row) for row in rows]


def _reserved(market: MarketPlace, account: Any) -> Decimal:
    with market.session() as session:
        return account_states(session, [account])[account].reserved


def test_a_working_order_gets_another_price_and_margin(market: MarketPlace) -> None:
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard")
    order = _limit(market, account)
    before = _reserved(market, account)
    with market.session() as session:
        changed = replace_order(
            session, order.order_id, Replacement(Decimal("0.20"), Decimal("1.08000"), Decimal("1.07000")), "change-1"
        )
    assert changed.status == "resting"
    assert _working(market) == [("change-1", Decimal("1.08"), Decimal("0.2"))]
    assert _reserved(market, account) == (before * 2 * Decimal("1.08") / Decimal("1.09")).quantize(Decimal("1e-12"))


def test_the_same_change_again_is_the_same_order(market: MarketPlace) -> None:
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard")
    order = _limit(market, account)
    results = []
    for _ in range(2):
        with market.session() as session:
            results.append(
                replace_order(session, order.order_id, Replacement(Decimal("0.10"), Decimal("1.08")), "once")
            )
    assert results[0].order_id == results[1].order_id
    assert results[1].repeated
    assert len(_working(market)) == 1


def test_a_change_of_what_was_changed_already_places_nothing(market: MarketPlace) -> None:
    """A dialog that was open twice: the second one meets an order that has ended."""
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard")
    order = _limit(market, account)
    with market.session() as session:
        replace_order(session, order.order_id, Replacement(Decimal("0.10"), Decimal("1.08")), "first")
    with pytest.raises(ReplacementError, match="not_working"), market.session() as session:
        replace_order(session, order.order_id, Replacement(Decimal("0.10"), Decimal("1.07")), "second")
    assert _working(market) == [("first", Decimal("1.08"), Decimal("0.1"))]


def test_two_clicks_at_once_are_one_change(market: MarketPlace) -> None:
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard")
    order = _limit(market, account)

    def click() -> None:
        with market.session() as session:
            replace_order(session, order.order_id, Replacement(Decimal("0.10"), Decimal("1.08")), "click")

    threads = [Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _working(market) == [("click", Decimal("1.08"), Decimal("0.1"))]


@pytest.mark.parametrize(
    ("volume", "price", "stop_loss", "reason"),
    [
        ("1000", "1.09", None, "above_max_lot"),
        ("0.10", "1.090001", None, "price_off_tick"),
        ("0.10", "1.09", "1.095", "invalid_stop_loss"),
        ("90", "1.09", None, "insufficient_margin"),
    ],
)
def test_a_change_that_is_refused_leaves_the_order_as_it_was(
    market: MarketPlace, volume: str, price: str, stop_loss: str | None, reason: str
) -> None:
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard", balance="1000")
    order = _limit(market, account)
    before = _reserved(market, account)
    wanted = Replacement(Decimal(volume), Decimal(price), None if stop_loss is None else Decimal(stop_loss))
    with pytest.raises(ReplacementError) as refused, market.session() as session:
        replace_order(session, order.order_id, wanted, "change")
    assert refused.value.reason == reason
    assert _working(market) == [("limit-1", Decimal("1.09"), Decimal("0.1"))]
    assert _reserved(market, account) == before


def test_what_has_filled_or_belongs_to_a_module_is_not_changed(market: MarketPlace) -> None:
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard")
    order = _limit(market, account)
    market.cross("EURUSD", "1.08990", "1.09000")
    with pytest.raises(ReplacementError, match="not_working"), market.session() as session:
        replace_order(session, order.order_id, Replacement(Decimal("0.10"), Decimal("1.08")), "late")
    with market.session() as session:
        session.execute(
            text("update core.orders set origin = 'bot', origin_id = :id, status = 'resting' where id = :order"),
            {"id": new_id(), "order": order.order_id},
        )
    with pytest.raises(ReplacementError, match="not_by_hand"), market.session() as session:
        replace_order(session, order.order_id, Replacement(Decimal("0.10"), Decimal("1.08")), "theirs")


def test_a_preview_says_what_would_come_of_it_and_leaves_nothing(market: MarketPlace) -> None:
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard")
    wanted = OrderRequest("x", account, market.symbols["EURUSD"], "buy", Decimal("0.10"))
    with market.session() as session:
        found = preview_order(session, wanted)
    assert found.result.status == "filled"
    assert found.margin == Decimal("110.01")
    assert found.after.free_margin < found.before.free_margin
    with market.session() as session:
        for table in ("orders", "fills", "positions", "events", "triggers"):
            assert session.scalar(text(f"select count(*) from core.{table}")) == 0, table  # noqa: S608 - the names above
        assert account_states(session, [account])[account] == found.before
        placed = place_orders(session, [wanted])[0]
    assert placed.average_price == found.result.average_price


def test_a_preview_of_what_is_refused_says_why(market: MarketPlace) -> None:
    market.quote("EURUSD", "1.10000", "1.10010")
    (account,) = market.accounts("standard", balance="10")
    with market.session() as session:
        found = preview_order(session, OrderRequest("x", account, market.symbols["EURUSD"], "sell", Decimal(1)))
    assert found.result.reason == "insufficient_margin"
    assert found.margin == 0
