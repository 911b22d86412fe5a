"""Short ways to say a master's fill, a market and a follower."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from plugins.copy_trading.rules.opens import Copy, Skip, decide_opens
from plugins.copy_trading.rules.views import Follower, Link, Market, MasterOpen, Opening, Terms

D = Decimal
POSITION = UUID(int=1)


def master_open(volume: str, **changes: Any) -> MasterOpen:
    """A buy of so many lots of a fresh order that opens a position, on a master of 10,000."""
    fields: dict[str, Any] = {
        "seq": 1,
        "order": uuid4(),
        "position": POSITION,
        "symbol": "EURUSD",
        "side": 1,
        "volume": D(volume),
        "filled": D(volume),
        "price": D("1.08500"),
        "at_ms": 1_000_000,
        "equity": D(10_000),
        "contract": D(100_000),
        "new": True,
    }
    return MasterOpen(**{**fields, **changes})


MARKET = Market(
    code="EURUSD",
    contract=D(100_000),
    step=D("0.01"),
    minimum=D("0.01"),
    maximum=D(1_000_000),
    tick=D("0.00001"),
    bid=D("1.08490"),
    ask=D("1.08500"),
    at_ms=1_000_000,
    tolerance=D("0.1"),
    money_rate=D(1),
    leverage=D(100),
    cost_per_lot=D(1085),
)


def follower(equity: str = "2500", **changes: Any) -> Follower:
    """A follower in USD with plenty of free margin and the default settings."""
    fields: dict[str, Any] = {
        "subscription": uuid4(),
        "terms": Terms(),
        "equity": D(equity),
        "basis": D(changes.get("equity_basis", equity)),
        "free_margin": D(1_000_000),
        "rate": D(1),
        "open_trades": 0,
        "market": MARKET,
        "symbol": "EURUSD",
    }
    changes.pop("equity_basis", None)
    return Follower(**{**fields, **changes})


def decide(fill: MasterOpen, one: Follower, module: str = "on", master: str = "active") -> Copy | Skip | None:
    """The decision for a single follower; none when the fill does not touch them."""
    decided = decide_opens(module, master, fill, [one])
    return next(iter([*decided.copies, *decided.skips]), None)


def copied(fill: MasterOpen, one: Follower) -> Copy:
    """The decision, which must be a copy."""
    outcome = decide(fill, one)
    assert isinstance(outcome, Copy), outcome
    return outcome


def skipped(fill: MasterOpen, one: Follower, **states: str) -> Skip:
    """The decision, which must be a skip."""
    outcome = decide(fill, one, **states)
    assert isinstance(outcome, Skip), outcome
    return outcome


def with_copy(one: Follower, made: Copy | Skip) -> Follower:
    """The follower after the decision, its order filled whole."""
    if isinstance(made, Skip):
        return one._replace(opening=made.opening)
    held = (one.link.held if one.link else D(0)) + made.volume
    return one._replace(link=Link(made.target, held, MARKET.step), opening=made.opening)


__all__ = [
    "MARKET",
    "POSITION",
    "D",
    "Opening",
    "Terms",
    "copied",
    "decide",
    "follower",
    "master_open",
    "skipped",
    "with_copy",
]
