"""The state of a strategy of cycles: what is open level by level, and what the guards have to remember."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from plugins.bot_trading.strategies.numbers import ZERO, exact, plain
from plugins.bot_trading.strategies.protocol import Market, Side, Stage

__all__ = ["GUARDS", "CycleState", "Rung", "dump", "exposure", "load", "margin_used"]


GUARDS = ("", "cooldown", "cycles_an_hour", "daily_loss_limit", "spread_too_wide")
"""Why nothing is opened for a while; any other word is the code with which an order was refused."""


@dataclass(frozen=True, slots=True)
class Rung:
    """An open level.

    :ivar cost: what it took, commission included: for a buy its value, for a sale what it brought, negative.
    :ivar key: of the order that opened it.
    :ivar leaving: it is to be closed, whatever becomes of the cycle.
    :ivar pending: a close of it was accepted and has not filled yet.
    """

    level: int
    side: Side
    volume: Decimal
    price: Decimal
    cost: Decimal
    key: str
    leaving: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class CycleState:
    """Everything that a strategy of cycles knows. Money in the quote currency, volumes in lots, times of the feed.

    :ivar capital: set aside at the launch; the investment.
    :ivar level: the last level opened in the cycle that is under way; 0 between cycles.
    :ivar anchor: entry of that level, also once somebody has closed it by hand.
    :ivar first: entry of the cycle's first level.
    :ivar exit: why the cycle is being closed: ``take_profit``, ``stop_loss``; empty while it goes on.
    :ivar cycle_realised: realised in the cycle that is under way; ``cycle_profit`` by whole ones.
    :ivar until_ms: end of the cooldown.
    :ivar starts: when cycles of the last hour began; kept only where their number is limited.
    :ivar day: UTC day (days since 1970) to which ``day_realised`` belongs.
    :ivar waits: why nothing is opened now, as the decision log names it; empty where nothing stands in the way.
    """

    capital: Decimal
    stage: Stage = "active"
    reason: str = ""
    opening: bool = True
    winding: bool = False
    rungs: tuple[Rung, ...] = ()
    level: int = 0
    anchor: Decimal = ZERO
    first: Decimal = ZERO
    exit: str = ""
    cycle_realised: Decimal = ZERO
    cycle_profit: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0
    cycles: int = 0
    wins: int = 0
    until_ms: int = 0
    starts: tuple[int, ...] = ()
    day: int = 0
    day_realised: Decimal = ZERO
    waits: str = ""
    seq: int = 0

    @property
    def may_open(self) -> bool:
        """Whether opening orders are placed at all."""
        return self.stage == "active" and self.opening and not self.winding

    @property
    def blocked(self) -> bool:
        """Whether an order was refused and waits to be tried again."""
        return self.waits not in GUARDS

    @property
    def opens_now(self) -> bool:
        """Whether the next level is opened where its price is reached."""
        return self.may_open and not self.blocked

    @property
    def realised(self) -> Decimal:
        """By whole cycles and by the one that is under way."""
        return self.cycle_profit + self.cycle_realised


@exact
def exposure(state: CycleState) -> tuple[Decimal, Decimal, Decimal]:
    """Lots bought, lots sold short, and what both together took."""
    longs = sum((rung.volume for rung in state.rungs if rung.side == "buy"), ZERO)
    shorts = sum((rung.volume for rung in state.rungs if rung.side == "sell"), ZERO)
    return longs, shorts, sum((rung.cost for rung in state.rungs), ZERO)


@exact
def margin_used(market: Market, state: CycleState) -> Decimal:
    """Margin of what is open, in the quote currency: that of the larger side, as on a hedging account."""
    sides = {"buy": ZERO, "sell": ZERO}
    for rung in state.rungs:
        sides[rung.side] += market.notional(rung.volume, rung.price)
    return max(sides.values()) / market.leverage


_DECIMALS = ("capital", "anchor", "first", "cycle_realised", "cycle_profit", "fees", "day_realised")


def dump(state: CycleState) -> dict[str, Any]:
    """The state as JSON-able data."""
    data: dict[str, Any] = {field.name: getattr(state, field.name) for field in fields(state)}
    for name in _DECIMALS:
        data[name] = plain(data[name])
    data["starts"] = list(state.starts)
    data["rungs"] = [
        [
            rung.level,
            rung.side,
            plain(rung.volume),
            plain(rung.price),
            plain(rung.cost),
            rung.key,
            rung.leaving,
            rung.pending,
        ]
        for rung in state.rungs
    ]
    return data


def load(data: Mapping[str, Any]) -> CycleState:
    """The inverse of :func:`dump`."""
    values = dict(data)
    for name in _DECIMALS:
        values[name] = Decimal(values[name])
    values["starts"] = tuple(values["starts"])
    values["rungs"] = tuple(
        Rung(level, side, Decimal(volume), Decimal(price), Decimal(cost), key, leaving, pending)
        for level, side, volume, price, cost, key, leaving, pending in values["rungs"]
    )
    return CycleState(**values)
