"""A rehearsal of a copy over the master's past: the decisions of the replication, on prices that were, without an order.

Money is in the follower's currency at today's rates of exchange, volumes in lots, times in epoch ms of the feed. Fills are
taken at the executable side of the quote that the master's own fill was booked on: there is no delay in a rehearsal.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from plugins.copy_trading.rules.closes import Held, decide_closes
from plugins.copy_trading.rules.fees import reckon
from plugins.copy_trading.rules.numbers import ZERO
from plugins.copy_trading.rules.opens import Copy, decide_opens
from plugins.copy_trading.rules.reasons import Refusal
from plugins.copy_trading.rules.views import Follower, Link, Market, MasterClose, MasterOpen, Opening, Terms

NO_AGE_LIMIT = 2**62
_SUBSCRIPTION = UUID(int=0)


class Moment(NamedTuple):
    """A fill of the master with the market as the follower would have seen it; without a fill a look at a price.

    :ivar market: of the follower's symbol; none where the follower's account type does not have it.
    :ivar margin: of one lot, ``commission`` of one lot for each side.
    """

    at_ms: int
    symbol: str
    market: Market | None
    opened: MasterOpen | None = None
    closed: MasterClose | None = None
    margin: Decimal = ZERO
    commission: Decimal = ZERO


@dataclass(slots=True)
class _Position:
    side: int
    market: Market
    target: Decimal
    held: Decimal = ZERO
    price: Decimal = ZERO
    margin: Decimal = ZERO
    net: Decimal = ZERO


@dataclass(slots=True)
class SkipCount:
    """How often a gate has refused, the two values of the last time, and the setting that would have let that one through."""

    count: int
    last: Refusal


@dataclass(slots=True)
class Outcome:
    """What a rehearsal has come to so far."""

    start: Decimal
    equity: Decimal
    balance: Decimal
    seen: int = 0
    copies: int = 0
    closed: int = 0
    won: int = 0
    cut: int = 0
    commission: Decimal = ZERO
    fees: Decimal = ZERO
    drawdown: Decimal = ZERO
    """Deepest fall of the equity from its peak, as a fraction."""
    stopped_ms: int | None = None
    """When the copy stop-loss has ended it."""
    skips: dict[str, SkipCount] = field(default_factory=dict)
    symbols: Counter[str] = field(default_factory=Counter)
    curve: list[tuple[int, Decimal]] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        """What is won or lost in all, open positions at the last price, after commission and fees."""
        return self.equity - self.start


class Rehearsal:
    """Plays moments in their order."""

    def __init__(
        self,
        terms: Terms,
        start: Decimal,
        rate: Decimal,
        since_ms: int,
        *,
        by_balance: bool = False,
        stop_loss_percent: Decimal | None = None,
        fee_percent: Decimal = ZERO,
    ) -> None:
        self._terms, self._rate, self._by_balance = terms, rate, by_balance
        self._least = None if stop_loss_percent is None else start * (1 - stop_loss_percent / 100)
        self._fee_percent = fee_percent
        self._positions: dict[UUID, _Position] = {}
        self._openings: dict[UUID, Opening] = {}
        self._markets: dict[str, Market] = {}
        self._peak = start
        self._realised = self._mark = self._owed = ZERO
        self._month = ""
        self.outcome = Outcome(start, start, start, curve=[(since_ms, start)])

    def play(self, moment: Moment) -> None:
        """One more moment; nothing happens any more once the copy stop-loss was reached."""
        if self.outcome.stopped_ms is not None:
            return
        self._turn_of_month(moment.at_ms)
        if moment.market is not None:
            self._markets[moment.market.code] = moment.market
        self._value(moment.at_ms)
        if self._least is not None and self.outcome.equity <= self._least:
            self._stop(moment)
            return
        if moment.closed is not None:
            self._close(moment, moment.closed)
        if moment.opened is not None:
            self._open(moment, moment.opened)
        self._value(moment.at_ms)

    def finish(self, at_ms: int) -> Outcome:
        """The outcome with the last month's fee reckoned up, as when the follower stops; open positions stay valued."""
        self._charge()
        self._value(at_ms)
        return self.outcome

    # --- fills -----------------------------------------------------------------------------------------------------

    def _open(self, moment: Moment, opened: MasterOpen) -> None:
        held = self._positions.get(opened.position)
        view = self._view(moment, opened, held)
        decided = decide_opens("on", "active", opened, [view], NO_AGE_LIMIT)
        if decided.skips:
            skip = decided.skips[0]
            self._openings[opened.order] = skip.opening
            self._count(skip.refusal)
        for made in decided.copies:
            self._openings[opened.order] = made.opening
            self._take(moment, opened.position, made)
        self.outcome.seen += bool(decided.skips or decided.copies)

    def _view(self, moment: Moment, opened: MasterOpen, held: _Position | None) -> Follower:
        out, market = self.outcome, moment.market
        link = None
        if held is not None and market is not None:
            link = Link(held.target, held.held, market.step)
        return Follower(
            subscription=_SUBSCRIPTION,
            terms=self._terms,
            equity=out.equity,
            basis=out.balance if self._by_balance else out.equity,
            free_margin=out.equity - sum((one.margin for one in self._positions.values()), ZERO),
            rate=self._rate,
            open_trades=sum(one.held > 0 for one in self._positions.values()),
            market=market,
            symbol=opened.symbol,
            link=link,
            opening=self._openings.get(opened.order),
        )

    def _take(self, moment: Moment, position: UUID, made: Copy) -> None:
        market = moment.market
        assert market is not None  # noqa: S101 - without a market nothing is copied
        held = self._positions.setdefault(position, _Position(made.side, market, ZERO))
        held.target = made.target
        if not made.volume:
            return
        if not held.held:
            self.outcome.copies += 1
        price = market.ask if made.side > 0 else market.bid
        held.price = (held.price * held.held + price * made.volume) / (held.held + made.volume)
        held.held += made.volume
        held.margin += made.volume * moment.margin
        self.outcome.cut += made.cut_from is not None
        self.outcome.symbols[market.code] += 1
        self._pay(held, made.volume * moment.commission)

    def _close(self, moment: Moment, closed: MasterClose) -> None:
        held = self._positions.get(closed.position)
        if held is None:
            return
        state = Held(closed.position, held.target, held.held, held.held, held.market.step)
        [made] = decide_closes(closed, [state])
        held.target = made.target
        if made.volume:
            self._reduce(held, made.volume, moment.commission)
        if closed.after <= 0:
            self._drop(closed.position, held)

    def _reduce(self, held: _Position, volume: Decimal, commission: Decimal) -> None:
        market = self._markets[held.market.code]
        price = market.bid if held.side > 0 else market.ask
        profit = (price - held.price) * held.side * volume * market.contract * market.money_rate
        held.margin = held.margin * (held.held - volume) / held.held
        held.held -= volume
        held.net += profit
        self.outcome.balance += profit
        self._realised += profit
        self._pay(held, volume * commission)

    def _pay(self, held: _Position, commission: Decimal) -> None:
        held.net -= commission
        self._realised -= commission
        self.outcome.balance -= commission
        self.outcome.commission += commission

    def _drop(self, position: UUID, held: _Position) -> None:
        del self._positions[position]
        if held.price:
            self.outcome.closed += 1
            self.outcome.won += held.net > 0

    def _stop(self, moment: Moment) -> None:
        for position, held in list(self._positions.items()):
            if held.held:
                self._reduce(held, held.held, moment.commission)
            self._drop(position, held)
        self.outcome.stopped_ms = moment.at_ms
        self._value(moment.at_ms)

    def _count(self, refusal: Refusal) -> None:
        known = self.outcome.skips.get(refusal.reason)
        self.outcome.skips[refusal.reason] = SkipCount((known.count if known else 0) + 1, refusal)

    # --- money -----------------------------------------------------------------------------------------------------

    def _value(self, at_ms: int) -> None:
        """Mark everything to the last prices, and note the equity."""
        out = self.outcome
        floating = ZERO
        for held in self._positions.values():
            market = self._markets[held.market.code]
            price = market.bid if held.side > 0 else market.ask
            floating += (price - held.price) * held.side * held.held * market.contract * market.money_rate
        out.equity = out.balance + floating
        self._peak = max(self._peak, out.equity)
        if self._peak > 0:
            out.drawdown = max(out.drawdown, 1 - out.equity / self._peak)
        if out.curve[-1][0] == at_ms:
            out.curve[-1] = (at_ms, out.equity)
        else:
            out.curve.append((at_ms, out.equity))

    def _turn_of_month(self, at_ms: int) -> None:
        month = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")
        if self._month and month != self._month:
            self._charge()
        self._month = month

    def _charge(self) -> None:
        made = reckon(self._realised, self._mark, self._fee_percent, self._owed, max(self.outcome.balance, ZERO))
        self._mark, self._owed = made.mark, made.owed
        self.outcome.balance -= made.charged
        self.outcome.fees += made.charged
