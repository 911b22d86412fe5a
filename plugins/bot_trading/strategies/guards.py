"""Guards that hold for every strategy: no order on a stale quote, none on one that leaps.

A quote is stale when the feed's clock has gone on past the symbol's limit since it came. It leaps when it lies further from
the quote before it than the deviation limit allows; a real move shows itself by the next quote, a wrong price is gone by then.
"""

from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from plugins.bot_trading.strategies.numbers import exact, plain
from plugins.bot_trading.strategies.protocol import LogEntry, Market, Quote, Setup, Step, Strategy

__all__ = ["answer", "withheld"]

S = TypeVar("S", bound=BaseModel)


@exact
def withheld(market: Market, quote: Quote) -> str:
    """Why nothing may be ordered on this quote: ``quote_stale`` or ``quote_leaps``; empty where it may."""
    if market.staleness_ms is not None and quote.at_ms - quote.ts_ms >= market.staleness_ms:
        return "quote_stale"
    if market.deviation is not None and quote.before is not None:
        bid, ask = quote.before
        if _leaps(bid, quote.bid, market.deviation) or _leaps(ask, quote.ask, market.deviation):
            return "quote_leaps"
    return ""


def answer(strategy: Strategy[S, Any], setup: Setup[S], state: Any, quote: Quote) -> Step[Any]:
    """A strategy's answer to a quote that it may act on; on any other quote the state stays and the log says why."""
    why = withheld(setup.market, quote)
    if not why:
        return strategy.on_quote(setup, state, quote)
    facts = {"bid": plain(quote.bid), "ask": plain(quote.ask)}
    if quote.before is not None:
        facts["before"] = plain(quote.before[0])
    return Step(state, log=(LogEntry(why, facts),))


def _leaps(before: Decimal, now: Decimal, limit: Decimal) -> bool:
    return abs(now - before) > before * limit
