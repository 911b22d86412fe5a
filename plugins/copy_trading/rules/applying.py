"""Who may become a master: the tenant's criteria against an account's record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from core.sdk.text import _
from plugins.copy_trading.rules.numbers import ZERO

_Key = TypeVar("_Key")

LABELS = {
    "history": _("History, days"),
    "trades": _("Closed trades"),
    "equity": _("Equity"),
    "drawdown": _("Maximum drawdown, %"),
    "win_rate": _("Win rate, %"),
}
"""What the criteria are called, by key, in the order in which they are shown."""


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

    key: str
    label: str
    needed: str
    found: str
    met: bool


def judge(criteria: Criteria, record: Record) -> list[Criterion]:
    """All criteria with the record's figures, in the order in which they are shown."""
    rate = record.win_rate
    return [
        _least("history", criteria.min_history_days, record.history_days),
        _least("trades", criteria.min_closed_trades, record.closed_trades),
        _least("equity", criteria.min_equity, record.equity),
        _line(
            "drawdown",
            f"≤ {criteria.max_drawdown:f}",
            f"{record.max_drawdown:.2f}",
            record.max_drawdown <= criteria.max_drawdown,
        ),
        _line(
            "win_rate",
            f"≥ {criteria.min_win_rate:f}",
            "–" if rate is None else f"{rate:.2f}",
            not criteria.min_win_rate or (rate is not None and rate >= criteria.min_win_rate),
        ),
    ]


def record_of(nets: Sequence[Decimal], equity: Decimal, history_days: int) -> Record:
    """The record of an account from the net results of its closed positions, the oldest first, and its equity now.

    The drawdown is that of the balance those results made: no equity points are kept of who is no master yet.
    """
    balance = equity - sum(nets, ZERO)
    peak = max(balance, ZERO)
    depth = ZERO
    for net in nets:
        balance += net
        peak = max(peak, balance)
        depth = max(depth, 1 - balance / peak) if peak > 0 else depth
    rate = Decimal(100) * sum(net > 0 for net in nets) / len(nets) if nets else None
    return Record(history_days, len(nets), equity, depth * 100, rate)


def _least(key: str, needed: Decimal | int, found: Decimal | int) -> Criterion:
    shown = f"{found:.2f}" if isinstance(found, Decimal) else str(found)
    return _line(key, f"≥ {needed}", shown, found >= needed)


def _line(key: str, needed: str, found: str, met: bool) -> Criterion:
    return Criterion(key, LABELS[key], needed, found, met)


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
