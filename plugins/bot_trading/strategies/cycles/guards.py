"""What keeps a cycle or a level from being opened. All times are the feed's, so that a replay at any speed decides the same."""

from decimal import Decimal

from plugins.bot_trading.strategies.cycles.settings import CycleSettings
from plugins.bot_trading.strategies.cycles.state import CycleState
from plugins.bot_trading.strategies.numbers import ZERO, exact
from plugins.bot_trading.strategies.protocol import Market, Quote

__all__ = ["HOUR_MS", "SPREAD_SHARE", "day_of", "holds_cycle", "holds_level", "waits_until", "widest_spread"]

HOUR_MS = 3_600_000
_DAY_MS = 24 * HOUR_MS
SPREAD_SHARE = Decimal("0.3")
"""Of the distance to the next level, where no maximum spread is chosen."""


def day_of(ts_ms: int) -> int:
    """UTC day of a time, in days since 1970."""
    return ts_ms // _DAY_MS


@exact
def widest_spread(settings: CycleSettings, market: Market, distance: Decimal) -> Decimal:
    """The widest spread, in price, at which something is opened."""
    if settings.max_spread_pips is not None:
        return settings.max_spread_pips * market.pip_size
    return distance * SPREAD_SHARE


@exact
def holds_level(settings: CycleSettings, market: Market, quote: Quote, distance: Decimal) -> str:
    """Why no level is opened at this quote; empty where nothing is in the way."""
    wide = quote.ask - quote.bid > widest_spread(settings, market, distance) or market.too_wide(quote)
    return "spread_too_wide" if wide else ""


def holds_cycle(settings: CycleSettings, market: Market, state: CycleState, quote: Quote, distance: Decimal) -> str:
    """Why no cycle begins at this quote; empty where nothing is in the way."""
    if quote.ts_ms < state.until_ms:
        return "cooldown"
    most = settings.max_cycles_per_hour
    if most is not None and sum(start > quote.ts_ms - HOUR_MS for start in state.starts) >= most:
        return "cycles_an_hour"
    limit = settings.daily_loss_limit
    if limit is not None and day_of(quote.ts_ms) == state.day and state.day_realised <= ZERO - limit:
        return "daily_loss_limit"
    return holds_level(settings, market, quote, distance)


def waits_until(settings: CycleSettings, state: CycleState) -> int | None:
    """The feed's time before which what holds the next cycle cannot be over; none where a price may end it at any quote."""
    if state.waits == "cooldown":
        return state.until_ms
    most = settings.max_cycles_per_hour
    if state.waits == "cycles_an_hour" and most is not None and len(state.starts) >= most:
        return sorted(state.starts)[-most] + HOUR_MS
    if state.waits == "daily_loss_limit":
        return (state.day + 1) * _DAY_MS
    return None
