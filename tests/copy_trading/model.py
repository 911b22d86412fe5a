"""A small model of copying, written apart from the code under test: fractions, one follower at a time, nothing clever.

The market stands still without a spread, so an equity changes by commissions and deposits alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

F = Fraction

NOTHING = F(0)
STEP = F(1, 100)
MINIMUM = F(1, 100)
COMMISSION = F(7)


@dataclass
class Leg:
    """A fill of the master on one life of its position: it goes from ``before`` to ``after`` lots."""

    no: int
    life: int
    side: int
    before: F
    after: F
    masters_equity: F


@dataclass
class MasterModel:
    """The master's netting account: a signed position, its fills in events."""

    balance: F
    position: F = NOTHING
    life: int = 0
    no: int = 0
    events: list[list[Leg]] = field(default_factory=list)

    def trade(self, lots: F) -> None:
        """A fill of so many signed lots; one that crosses zero is a close, then an open of another life."""
        equity, legs, left = self.balance, [], lots
        if self.position and (self.position > 0) != (lots > 0):
            closing = min(abs(lots), abs(self.position))
            legs.append(self._leg(-closing, equity))
            left = lots + closing if lots < 0 else lots - closing
        if left:
            if not self.position:
                self.life += 1
            legs.append(self._leg(abs(left), equity, side=1 if left > 0 else -1))
        self.balance -= COMMISSION * abs(lots)
        self.events.append(legs)

    def _leg(self, change: F, equity: F, side: int = 0) -> Leg:
        side = side or (1 if self.position > 0 else -1)
        before = abs(self.position)
        self.no += 1
        self.position = side * (before + change)
        return Leg(self.no, self.life, side, before, before + change, equity)


@dataclass
class Copy:
    """One life as a follower has it."""

    side: int
    target: F
    held: F
    over: bool = False


@dataclass
class FollowerModel:
    """A follower's account and subscription."""

    balance: F
    ratio: F | None
    """Copy ratio; none for the fixed size."""
    fixed: F = NOTHING
    paused: bool = False
    stopped: bool = False
    closes_at: int = 0
    opens_at: int = 0
    """Fills of the master up to which closes and opens are applied."""
    copies: dict[int, Copy] = field(default_factory=dict)
    orders: int = 0

    @property
    def position(self) -> F:
        """Signed lots."""
        return sum((copy.side * copy.held for copy in self.copies.values()), F(0))

    def deliver_closes(self, master: MasterModel, events: int) -> None:
        """Apply the closes of the master's first so many events."""
        for legs in master.events[:events]:
            for leg in legs:
                if leg.after < leg.before and leg.no > self.closes_at and not self.stopped:
                    self._close(leg)
        # Only a close that touched something moves the number; a later open of the same life does not exist yet then.

    def _close(self, leg: Leg) -> None:
        copy = self.copies.get(leg.life)
        if copy is None or copy.over:
            return
        self.closes_at = leg.no
        copy.target = copy.target * leg.after / leg.before
        self._order(copy, nearest(copy.target) - copy.held, opening=False)
        copy.over = not leg.after

    def deliver_opens(self, master: MasterModel, first: int, events: int) -> None:
        """Apply the opens among events ``first`` … ``events``; all closes that have happened go ahead."""
        if not any(leg.after > leg.before for legs in master.events[first:events] for leg in legs) or self.stopped:
            return
        self.deliver_closes(master, len(master.events))
        everything = [leg for legs in master.events for leg in legs]
        for legs in master.events[first:events]:
            for leg in legs:
                if leg.after > leg.before and leg.no > self.opens_at:
                    self._open(leg, [one for one in everything if one.no > leg.no and one.life == leg.life])
        self.opens_at = max(self.opens_at, master.events[events - 1][-1].no)
        self.closes_at = max(self.closes_at, everything[-1].no)

    def _open(self, leg: Leg, later: list[Leg]) -> None:
        copy = self.copies.get(leg.life)
        if (copy is None and leg.before) or (copy is not None and copy.over) or self.paused:
            return
        raw = self._size(leg)
        if raw < MINIMUM:
            return
        for close in (one for one in later if one.after < one.before):
            raw = raw * close.after / close.before
        if not raw:
            return
        copy = self.copies.setdefault(leg.life, Copy(leg.side, F(0), F(0)))
        copy.target += raw
        self._order(copy, max(floor(copy.target / STEP) * STEP - copy.held, F(0)), opening=True)

    def _size(self, leg: Leg) -> F:
        if self.ratio is None:
            return self.fixed
        return (leg.after - leg.before) * min(self.ratio * self.balance / leg.masters_equity, F(10))

    def _order(self, copy: Copy, lots: F, *, opening: bool) -> None:
        if (opening and lots > 0) or (not opening and lots < 0):
            copy.held += lots
            self.orders += 1
            self.balance -= COMMISSION * abs(lots)

    def close_by_hand(self, lots: F) -> None:
        """The follower takes volume out of the one open copy."""
        copy = next(copy for copy in self.copies.values() if copy.held)
        lots = min(lots, copy.held)
        copy.held -= lots
        copy.target = max(copy.target - lots, F(0))
        copy.over = not copy.held
        self.balance -= COMMISSION * lots

    def stop(self, *, close: bool) -> None:
        """Stop Copying."""
        self.stopped = True
        for copy in self.copies.values():
            if close and not copy.over and copy.held:
                self._order(copy, -copy.held, opening=False)


def nearest(target: F) -> F:
    """The nearest step, the smaller of two."""
    steps = target / STEP
    whole = floor(steps)
    return (whole + 1 if steps - whole > F(1, 2) else whole) * STEP
