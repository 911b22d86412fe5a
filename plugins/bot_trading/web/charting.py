"""Charts of recent prices with a bot's orders and fills drawn on them, and of a run over recorded prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.sdk.data import TenantSession
from core.sdk.history import recent_candles
from core.sdk.text import _
from core.sdk.web import Chart, Line, Marker, Series
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.details import BotFill, resting_orders
from plugins.bot_trading.services.views import BotRow
from plugins.bot_trading.strategies.numbers import ZERO, exact
from plugins.bot_trading.strategies.protocol import Figures, Market, Order, Preview, Quote

__all__ = [
    "PRICES",
    "average_entry",
    "bot_chart",
    "equity_chart",
    "order_lines",
    "preview_lines",
    "price_chart",
    "rehearsed_chart",
]

PRICES = "price-chart"
"""Id of the chart on which a form draws its levels."""
_NAMED = {"take_profit": _("Take-profit"), "stop_loss": _("Stop-loss")}


def order_lines(orders: Iterable[Order]) -> list[Line]:
    """Resting orders as lines: green buys, red sells; exits dashed and named."""
    return [
        Line(
            order.price,
            "up" if order.side == "buy" else "down",
            str(_NAMED.get(order.state, "")),
            dashed=order.state in _NAMED,
        )
        for order in orders
    ]


def preview_lines(preview: Preview | None) -> list[Line]:
    """What a launch would place."""
    return order_lines(preview.orders) if preview is not None else []


def price_chart(
    session: TenantSession,
    account_id: UUID,
    symbol_id: UUID,
    code: str,
    tick: Decimal,
    lines: Sequence[Line],
    label: str,
) -> Chart:
    """Candles of recent prices as the account sees them, the last of them moving, with lines."""
    candles, step = recent_candles(session, account_id, symbol_id)
    return Chart(
        PRICES,
        [Series(candles, "candles", code)],
        label,
        digits=digits_of(tick),
        height=400,
        live=code,
        step_s=step,
        levels=lines,
    )


def bot_chart(session: TenantSession, row: BotRow, running: Running, quote: Quote, fills: Iterable[BotFill]) -> Chart:
    """Recent prices with the bot's resting orders, its average entry and its fills."""
    candles, step = recent_candles(session, row.account_id, row.symbol_id)
    lines = order_lines(resting_orders(running))
    average = average_entry(running.setup.market, running.figures(quote))
    if average is not None:
        lines.append(Line(average, "primary", str(_("Average entry"))))
    start = candles[0][0] if candles else 0
    return Chart(
        PRICES,
        [Series(candles, "candles", row.symbol)],
        str(_("Price of {symbol} with the orders and fills of the bot", symbol=row.symbol)),
        digits=digits_of(row.tick),
        height=400,
        live=row.symbol,
        step_s=step,
        levels=lines,
        markers=[Marker(fill.ts_ms, fill.side == "buy") for fill in fills if fill.ts_ms >= start],
    )


@exact
def average_entry(market: Market, figures: Figures) -> Decimal | None:
    """Price at which what is held was bought (sold short), commission included; none where both or nothing is held."""
    lots = figures.base - figures.short
    if not lots or (figures.base and figures.short):
        return None
    return figures.invested / (lots * market.contract)


def rehearsed_chart(result: dict[str, Any], tick: Decimal) -> Chart:
    """The prices of a run with its newest fills."""
    points = [(at, Decimal(bid)) for at, _total, _profit, bid in result["curve"]]
    fills = [Marker(one["ts_ms"], one["side"] == "buy") for one in result["last_fills"][-80:]]
    return Chart(
        "run-prices",
        [Series(points, "line", str(_("Price")), "muted")],
        str(_("Recorded prices with the fills of the run")),
        digits=digits_of(tick),
        height=180,
        markers=fills,
    )


def equity_chart(result: dict[str, Any], profit_name: str) -> Chart:
    """The total of a run over time, and beside it what whole cycles have realised: never one without the other."""
    total = [(at, Decimal(value)) for at, value, _profit, _bid in result["curve"]]
    profit = [(at, Decimal(value)) for at, _value, value, _bid in result["curve"]]
    series = [Series(total, "baseline", str(_("Total P&L")))]
    if any(value for _at, value in profit):
        series.append(Series(profit, "line", str(profit_name), "muted"))
    return Chart("run-equity", series, str(_("Total P&L of the run over time")), height=260, baseline=ZERO)


def digits_of(tick: Decimal) -> int:
    """Decimals of prices on a tick."""
    exponent = tick.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 2
