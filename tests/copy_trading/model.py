"""A small model of copying, written apart from the code under test: fractions, one follower at a time, nothing clever.

There is no spread; the price moves, so equities, realised profits and fees do.
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
CONTRACT = F(100_000)
FEE = F(20, 100)
PLACES = 10**12
START = F("1.085")


@dataclass
class Price:
    """What everybody trades at now."""

    now: F = START


@dataclass
class Holding:
    """A netted position: signed side, lots, and the average price that the platform keeps with 12 decimals."""

    side: int = 0
    lots: F = NOTHING
    entry: F = NOTHING

    def add(self, side: int, lots: F, price: F) -> None:
        """Open or add."""
        cost = self.lots * self.entry + lots * price
        self.side, self.lots = side, self.lots + lots
        self.entry = rounded(cost / self.lots)

    def take(self, lots: F, price: F) -> F:
        """Close so many lots; what they have earned."""
        self.lots -= lots
        return self.side * lots * CONTRACT * (price - self.entry)

    def floating(self, price: F) -> F:
        """What the rest would earn now."""
        return self.side * self.lots * CONTRACT * (price - self.entry)


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

    price: Price
    balance: F
    held: Holding = field(default_factory=Holding)
    life: int = 0
    no: int = 0
    events: list[list[Leg]] = field(default_factory=list)

    @property
    def position(self) -> F:
        """Signed lots."""
        return self.held.side * self.held.lots

    def trade(self, lots: F) -> None:
        """A fill of so many signed lots; one that crosses zero is a close, then an open of another life."""
        equity, legs, left = self.balance + self.held.floating(self.price.now), [], abs(lots)
        side = 1 if lots > 0 else -1
        if self.held.lots and self.held.side != side:
            closing = min(left, self.held.lots)
            legs.append(self._leg(-closing, equity))
            self.balance += self.held.take(closing, self.price.now)
            left -= closing
        if left:
            if not self.held.lots:
                self.life += 1
                self.held = Holding(side)
            legs.append(self._leg(left, equity))
            self.held.add(side, left, self.price.now)
        self.balance -= COMMISSION * abs(lots)
        self.events.append(legs)

    def _leg(self, change: F, equity: F) -> Leg:
        self.no += 1
        before = self.held.lots
        return Leg(self.no, self.life, self.held.side, before, before + change, equity)


@dataclass
class Copy:
    """One life as a follower has it."""

    target: F
    held: Holding
    over: bool = False


@dataclass
class FollowerModel:
    """A follower's account and subscription."""

    price: Price
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
    pnl: F = NOTHING
    """What the copy has realised, net."""
    mark: F = NOTHING
    month: int = 0
    settled: bool = False

    @property
    def position(self) -> F:
        """Signed lots."""
        return sum((copy.held.side * copy.held.lots for copy in self.copies.values()), F(0))

    @property
    def equity(self) -> F:
        return self.balance + sum((copy.held.floating(self.price.now) for copy in self.copies.values()), F(0))

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
        self._sell(copy, max(copy.held.lots - nearest(copy.target), F(0)))
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
        copy = self.copies.setdefault(leg.life, Copy(F(0), Holding(leg.side)))
        copy.target += raw
        lots = max(floor(copy.target / STEP) * STEP - copy.held.lots, F(0))
        if lots:
            copy.held.add(leg.side, lots, self.price.now)
            self.orders += 1
            self._earn(-COMMISSION * lots)

    def _size(self, leg: Leg) -> F:
        if self.ratio is None:
            return self.fixed
        if self.equity <= 0 or leg.masters_equity <= 0:
            return F(0)
        return (leg.after - leg.before) * min(self.ratio * self.equity / leg.masters_equity, F(10))

    def _sell(self, copy: Copy, lots: F, *, by_copy: bool = True) -> None:
        if lots:
            self.orders += by_copy
            self._earn(copy.held.take(lots, self.price.now) - COMMISSION * lots)

    def _earn(self, amount: F) -> None:
        self.balance += amount
        self.pnl += amount

    def close_by_hand(self, lots: F) -> None:
        """The follower takes volume out of the one open copy."""
        copy = next(copy for copy in self.copies.values() if copy.held.lots)
        lots = min(lots, copy.held.lots)
        self._sell(copy, lots, by_copy=False)
        copy.target = max(copy.target - lots, F(0))
        copy.over = not copy.held.lots

    def stop(self, *, close: bool) -> None:
        """Stop Copying."""
        self.stopped = True
        for copy in self.copies.values():
            if close and not copy.over:
                self._sell(copy, copy.held.lots)

    def reckon(self, month: int) -> F:
        """The fee of a month that is over, or of a stop; what goes to the master."""
        counts = self.stopped and not self.settled
        if not self.stopped and month != self.month:
            # Without a month before it nothing is over yet.
            counts, self.month = self.month > 0, month
        self.settled = self.stopped
        if not counts:
            return F(0)
        fee = F(floor(max(self.pnl - self.mark, F(0)) * FEE * PLACES), PLACES)
        self.mark = max(self.mark, self.pnl)
        self.balance -= fee
        return fee


def nearest(target: F) -> F:
    """The nearest step, the smaller of two."""
    steps = target / STEP
    whole = floor(steps)
    return (whole + 1 if steps - whole > F(1, 2) else whole) * STEP


def rounded(value: F) -> F:
    """With 12 decimals, half to even."""
    return F(round(value * PLACES), PLACES)
