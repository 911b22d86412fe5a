"""When an order fills and at which price: the house venue, which fills whole.

Conditions are on the customer's prices (mark-up included). A buy looks at the ask, a sell at the bid; a position is
protected at the side that closes it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.trading.rules.quotes import Condition, Prices

OrderKind = Literal["market", "limit", "ioc", "stop"]
Placing = Literal["fill", "rest", "cancel"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an order does when it is placed; `price` where it fills."""

    action: Placing
    price: Decimal | None = None


_REST = Outcome("rest")
_CANCEL = Outcome("cancel")


def touches(side: str, limit: Decimal, prices: Prices) -> bool:
    """Whether the other side touches a limit: ask ≤ limit for a buy, bid ≥ limit for a sell."""
    return prices.ask <= limit if side == "buy" else prices.bid >= limit


def reaches(side: str, stop: Decimal, prices: Prices) -> bool:
    """Whether its side reaches a stop: ask ≥ stop for a buy, bid ≤ stop for a sell."""
    return prices.ask >= stop if side == "buy" else prices.bid <= stop


def at_placing(kind: str, side: str, price: Decimal | None, prices: Prices) -> Outcome:
    """What an order of `kind` does against the quote it is placed on.

    market: fills at the quote. limit: fills at the quote when marketable, else rests. ioc: fills at the quote when that
    is within the limit, else cancelled. stop: fills at the quote when its side has reached it already, else rests.
    """
    executable = prices.executable(side)
    if kind == "market":
        return Outcome("fill", executable)
    if price is None:
        raise ValueError(f"an order of kind {kind} needs a price")
    match kind:
        case "limit":
            return Outcome("fill", executable) if touches(side, price, prices) else _REST
        case "ioc":
            return Outcome("fill", executable) if touches(side, price, prices) else _CANCEL
        case "stop":
            return Outcome("fill", executable) if reaches(side, price, prices) else _REST
    raise ValueError(f"unknown kind of order: {kind}")


def resting_fill(kind: str, side: str, price: Decimal, prices: Prices) -> Decimal | None:
    """The price at which a resting order fills on a later quote, or none.

    A limit fills at its own price, a stop at the quote, however far it gapped.
    """
    if kind == "limit":
        return price if touches(side, price, prices) else None
    if kind == "stop":
        return prices.executable(side) if reaches(side, price, prices) else None
    raise ValueError(f"an order of kind {kind} never rests")


def resting_condition(kind: str, side: str) -> Condition:
    """The condition on the customer's price that fills a resting order."""
    if kind == "limit":
        return "ask_le" if side == "buy" else "bid_ge"
    if kind == "stop":
        return "ask_ge" if side == "buy" else "bid_le"
    raise ValueError(f"an order of kind {kind} never rests")


@dataclass(frozen=True, slots=True)
class Protection:
    """A position closed by its stop-loss or its take-profit, and at which price."""

    reason: Literal["stop_loss", "take_profit"]
    price: Decimal


def protective_fill(
    side: str, stop_loss: Decimal | None, take_profit: Decimal | None, prices: Prices
) -> Protection | None:
    """What a quote does to a position of `side`. Both crossed by one quote: the stop, at the quote.

    The take-profit is a resting limit and fills at its own price.
    """
    quote = prices.closing(side)
    if side == "buy":
        if stop_loss is not None and quote <= stop_loss:
            return Protection("stop_loss", quote)
        if take_profit is not None and quote >= take_profit:
            return Protection("take_profit", take_profit)
        return None
    if stop_loss is not None and quote >= stop_loss:
        return Protection("stop_loss", quote)
    if take_profit is not None and quote <= take_profit:
        return Protection("take_profit", take_profit)
    return None


def protective_conditions(side: str) -> tuple[Condition, Condition]:
    """The conditions on the customer's price for the stop-loss and the take-profit of a position of `side`."""
    return ("bid_le", "bid_ge") if side == "buy" else ("ask_ge", "ask_le")
