"""Who may become a master: the tenant's criteria against an account's record."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Record:
    """What an account has to show. Days since its first closed trade; money in its currency; percents as 0–100."""

    history_days: int
    closed_trades: int
    equity: Decimal
    max_drawdown: Decimal
    win_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Criteria:
    """What the tenant asks for; 0 (for the drawdown 100) asks nothing."""

    min_history_days: int
    min_closed_trades: int
    min_equity: Decimal
    max_drawdown: Decimal
    min_win_rate: Decimal


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of an application: what is asked, what is there, and whether that is enough."""

    label: str
    needed: str
    found: str
    met: bool


def judge(criteria: Criteria, record: Record) -> list[Criterion]:
    """All criteria with the record's figures, in the order in which they are shown."""
    rate = record.win_rate
    return [
        _least("History, days", criteria.min_history_days, record.history_days),
        _least("Closed trades", criteria.min_closed_trades, record.closed_trades),
        _least("Equity", criteria.min_equity, record.equity),
        Criterion(
            "Maximum drawdown, %",
            f"≤ {criteria.max_drawdown:f}",
            f"{record.max_drawdown:.2f}",
            record.max_drawdown <= criteria.max_drawdown,
        ),
        Criterion(
            "Win rate, %",
            f"≥ {criteria.min_win_rate:f}",
            "no closed trades" if rate is None else f"{rate:.2f}",
            not criteria.min_win_rate or (rate is not None and rate >= criteria.min_win_rate),
        ),
    ]


def _least(label: str, needed: Decimal | int, found: Decimal | int) -> Criterion:
    return Criterion(
        label, f"≥ {needed}", f"{found:.2f}" if isinstance(found, Decimal) else str(found), found >= needed
    )


def closes_a_circle(follows: Iterable[tuple[_Key, _Key]], follower: _Key, master: _Key) -> bool:
    """Whether ``follower`` would follow themselves, directly or through a chain, by following ``master``.

    ``follows`` are (follower, master) pairs of people that hold now.
    """
    if follower == master:
        return True
    onwards: dict[_Key, set[_Key]] = {}
    for one, other in follows:
        onwards.setdefault(one, set()).add(other)
    seen, waiting = {master}, [master]
    while waiting:
        for following in onwards.get(waiting.pop(), ()):
            if following == follower:
                return True
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return False
