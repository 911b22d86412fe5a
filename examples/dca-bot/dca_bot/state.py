"""What the strategy knows of one bot: frozen data, and the one place where a fill changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, Literal

from plugins.bot_trading.sdk import WAITS, Market, Result, exact, plain

__all__ = ["ZERO", "DcaState", "Lot", "booked", "dump", "invested_in", "load", "lots_held", "without"]

ZERO = Decimal(0)
_DECIMALS = ("capital", "taken", "elsewhere", "fees")


@dataclass(frozen=True, slots=True)
class Lot:
    """A purchase that is still held. ``cost`` is its value at the purchase, commission included.

    :ivar leaving: it is to be sold; ``pending``: its sale was accepted and has not filled yet.
    """

    key: str
    volume: Decimal
    price: Decimal
    cost: Decimal
    leaving: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class DcaState:
    """A bot. Money in the quote currency, times by the feed, epoch milliseconds.

    :ivar bought: purchases made or let go; the plan is over when it is as many as the settings say.
    :ivar next_ms: when the next purchase is due.
    :ivar taken: realised by the bot's own sales, ``elsewhere`` by what others closed.
    :ivar waits: why a purchase that is due is not made, as the decision log names it.
    :ivar seq: number of the last order.
    """

    capital: Decimal
    stage: Literal["active", "closing", "ended"] = "active"
    reason: str = ""
    opening: bool = True
    lots: tuple[Lot, ...] = ()
    bought: int = 0
    next_ms: int = 0
    taken: Decimal = ZERO
    elsewhere: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0
    sales: int = 0
    waits: str = ""
    seq: int = 0

    @property
    def realised(self) -> Decimal:
        """By all sales."""
        return self.taken + self.elsewhere


@exact
def lots_held(state: DcaState) -> Decimal:
    """Lots held."""
    return sum((lot.volume for lot in state.lots), ZERO)


@exact
def invested_in(state: DcaState) -> Decimal:
    """What the held lots cost, commission included."""
    return sum((lot.cost for lot in state.lots), ZERO)


@exact
def booked(market: Market, state: DcaState, result: Result) -> DcaState:
    """The state once the result of an order is known."""
    intent, state = result.intent, replace(state, seq=max(state.seq, int(result.intent.key)))
    if intent.closes is not None:
        if result.error is not None:
            waiting = result.error == WAITS
            lots = tuple(replace(lot, pending=waiting) if lot.key == intent.closes else lot for lot in state.lots)
            return replace(state, lots=lots)
        return without(market, state, intent.closes, intent.volume, result.price, result.fee, own=True)
    if result.error is not None:
        return state
    cost = market.notional(intent.volume, result.price) + result.fee
    lot = Lot(intent.key, intent.volume, result.price, cost)
    return replace(state, lots=(*state.lots, lot), fees=state.fees + result.fee, fills=state.fills + 1)


@exact
def without(
    market: Market, state: DcaState, key: str, volume: Decimal, price: Decimal, fee: Decimal, *, own: bool
) -> DcaState:
    """The state without ``volume`` lots of a purchase, sold at ``price``. ``own``: by the bot itself."""
    kept, profit = [], ZERO
    for lot in state.lots:
        if lot.key != key:
            kept.append(lot)
            continue
        sold = min(volume, lot.volume)
        part = lot.cost if sold == lot.volume else market.notional(sold, lot.cost / (lot.volume * market.contract))
        profit = market.notional(sold, price) - fee - part
        if sold < lot.volume:
            kept.append(replace(lot, volume=lot.volume - sold, cost=lot.cost - part))
    realised = {"taken": state.taken + profit} if own else {"elsewhere": state.elsewhere + profit}
    more = {"fills": state.fills + 1} if own else {}
    return replace(state, lots=tuple(kept), fees=state.fees + fee, **realised, **more)  # type: ignore[arg-type]  # both kinds of value have their fields


def dump(state: DcaState) -> dict[str, Any]:
    """The state as JSON-able data; decimals as text."""
    data: dict[str, Any] = {field.name: getattr(state, field.name) for field in fields(state)}
    data |= {name: plain(data[name]) for name in _DECIMALS}
    data["lots"] = [
        [lot.key, plain(lot.volume), plain(lot.price), plain(lot.cost), lot.leaving, lot.pending] for lot in state.lots
    ]
    return data


def load(data: Mapping[str, Any]) -> DcaState:
    """The inverse of :func:`dump`."""
    values = dict(data)
    values |= {name: Decimal(values[name]) for name in _DECIMALS}
    values["lots"] = tuple(
        Lot(key, Decimal(volume), Decimal(price), Decimal(cost), leaving, pending)
        for key, volume, price, cost, leaving, pending in values["lots"]
    )
    return DcaState(**values)
