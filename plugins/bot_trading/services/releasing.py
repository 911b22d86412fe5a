"""Positions that a stop leaves to the customer: with the stop and the target that the bot had for them, and tagged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.trading import Protection, hand_over, set_protections
from plugins.bot_trading.running import Running
from plugins.bot_trading.strategies.numbers import ZERO, to_tick
from plugins.bot_trading.strategies.protocol import Order, Quote

__all__ = ["protect_released", "release_positions"]


def release_positions(session: TenantSession, ended: Collection[Running]) -> int:
    """Hand over what bots that have ended still hold, however they ended; gives how many positions changed hands."""
    return hand_over(session, {position for running in ended for position in running.positions.values()})


def protect_released(session: TenantSession, running: Running, quote: Quote) -> int:
    """Write stop and target onto the positions of a bot that ends and keeps them; gives how many were changed.

    They are the orders ``take_profit`` and ``stop_loss`` that the bot would have while it opens nothing. Where a position
    of the other side is held too, the bot would close it at the same prices: one's target is the other's stop. What the
    customer has set on a position stays.
    """
    paused = running.took(running.on_command("pause", quote))
    orders = paused.strategy.orders(paused.setup, paused.state)
    levels = {order.state: order for order in orders if order.state in ("take_profit", "stop_loss")}
    if not levels or not running.positions:
        return 0
    rows = session.execute(
        text(
            "select id, side, stop_loss, take_profit from core.positions"
            " where id = any(cast(:ids as uuid[])) and closed_ts_ms is null order by id"
        ),
        {"ids": uuids(set(running.positions.values()))},
    ).all()
    changes = [_protection(row, levels.values(), running.setup.market.tick) for row in rows]
    return set_protections(session, changes, checked=False)


def _protection(row: Any, levels: Iterable[Order], tick: Decimal) -> Protection:
    stop, target = row.stop_loss, row.take_profit
    for order in levels:
        price = to_tick(order.price, tick)
        if price <= ZERO or not price.is_finite():
            continue
        closes = order.side != row.side
        if (order.state == "take_profit") == closes:
            target = price if target is None else target
        else:
            stop = price if stop is None else stop
    return Protection(row.id, stop, target)
