"""Charts of recent prices with a bot's orders drawn on them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from core.sdk.data import TenantSession
from core.sdk.prices import recent_prices
from core.sdk.web import Chart, Series
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.details import resting_orders
from plugins.bot_trading.services.views import BotRow
from plugins.bot_trading.strategies.protocol import Order, Quote

__all__ = ["grid_chart", "orders_chart"]


def orders_chart(session: TenantSession, row: BotRow, running: Running, quote: Quote) -> Chart:
    """Recent prices with the bot's resting orders."""
    return _chart(
        session,
        row.symbol_id,
        row.symbol,
        row.tick,
        resting_orders(running),
        f"Price of {row.symbol} and the bot's orders",
    )


def grid_chart(session: TenantSession, symbol_id: UUID, code: str, tick: Decimal, orders: Iterable[Order]) -> Chart:
    """Recent prices with the orders that a launch would place."""
    return _chart(session, symbol_id, code, tick, orders, f"Price of {code} and the levels of the bot")


def _chart(
    session: TenantSession, symbol_id: UUID, code: str, tick: Decimal, orders: Iterable[Order], label: str
) -> Chart:
    points = recent_prices(session, symbol_id)
    exponent = tick.normalize().as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else 2
    levels = tuple((order.price, "up" if order.side == "buy" else "down") for order in orders)
    return Chart("price-chart", [Series(points, "area", code)], label, digits=digits, height=320, levels=levels)
