"""What a strategy is: a settings model and pure functions over a state.

Prices are the customer's own (mark-up included), in the symbol's quote currency. Volumes are lots; a lot is
``Market.contract`` units. All money of a strategy is in the quote currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from decimal import Decimal
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from plugins.bot_trading.strategies.numbers import ZERO, exact, round_amount
from plugins.bot_trading.strategies.words import Fact, Limit, Words

__all__ = [
    "WAITS",
    "Command",
    "Figures",
    "Intent",
    "Level",
    "LogEntry",
    "Market",
    "Order",
    "Phase",
    "Preview",
    "Quote",
    "Reduction",
    "Refusal",
    "Result",
    "Setup",
    "Step",
    "Strategy",
    "Triggers",
]

WAITS = "waiting"
"""Error of an order that was accepted and has not filled yet."""

Side = Literal["buy", "sell"]
Command = Literal["pause", "resume", "retry", "wind_down", "stop_keep", "stop_close"]
Stage = Literal["waiting", "active", "closing", "ended"]

S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Quote:
    """The customer's bid and ask; ``ts_ms`` is the feed's time, epoch milliseconds UTC."""

    bid: Decimal
    ask: Decimal
    ts_ms: int = 0
    seq: int = 0
    before: tuple[Decimal, Decimal] | None = None
    """Bid and ask of the quote before; none where it is not known."""
    clock_ms: int | None = None
    """The feed's clock when the quote is looked at; none: it has just come."""

    @property
    def at_ms(self) -> int:
        """When the quote is looked at, by the feed's clock."""
        return self.ts_ms if self.clock_ms is None else self.clock_ms


@dataclass(frozen=True, slots=True)
class Market:
    """The rules of one symbol for one account, as they were when the bot was launched."""

    tick: Decimal
    lot_step: Decimal
    contract: Decimal = Decimal(1)
    min_lot: Decimal = ZERO
    max_lot: Decimal | None = None
    min_notional: Decimal = ZERO
    fee_rate: Decimal = ZERO
    """Commission of a side as a fraction of the notional: 0.001 is 0.1 %."""
    fee_per_lot: Decimal = ZERO
    """Commission of a side for one lot, in the quote currency."""
    currency: str = ""
    """Of the price."""
    account_currency: str = ""
    hedging: bool = True
    leverage: Decimal = Decimal(1)
    pip: Decimal = ZERO
    """Of the price; zero: the tick."""
    staleness_ms: int | None = None
    """Age, by the feed's clock, from which a quote is stale; none: never."""
    deviation: Decimal | None = None
    """How far a quote may lie from the one before it, as a fraction; none: any distance."""
    max_spread: Decimal | None = None
    """The brokerage's widest spread at which anything is opened, as a fraction of the ask; none: any."""

    @exact
    def too_wide(self, quote: Quote) -> bool:
        """Whether the spread exceeds the brokerage's maximum."""
        return self.max_spread is not None and quote.ask - quote.bid > quote.ask * self.max_spread

    @property
    def pip_size(self) -> Decimal:
        """A pip, in price."""
        return self.pip or self.tick

    @exact
    def notional(self, volume: Decimal, price: Decimal) -> Decimal:
        """Value of ``volume`` lots at ``price``, in the quote currency."""
        return round_amount(volume * self.contract * price)

    @exact
    def fee(self, volume: Decimal, price: Decimal) -> Decimal:
        """Commission of one side of ``volume`` lots at ``price``, in the quote currency."""
        return round_amount(volume * self.contract * price * self.fee_rate + volume * self.fee_per_lot)

    @exact
    def lot_cost(self, price: Decimal) -> Decimal:
        """What buying one lot at ``price`` takes, commission included; not rounded."""
        return self.contract * price * (1 + self.fee_rate) + self.fee_per_lot


@dataclass(frozen=True, slots=True)
class Setup(Generic[S]):
    """Settings and market of one bot: fixed from its launch."""

    settings: S
    market: Market


@dataclass(frozen=True, slots=True)
class Intent:
    """One order that fills now: a resting one that was touched (``limit``), or one at the market.

    ``key`` is unique within the bot and follows from its state alone, so the same event handled twice asks for the
    same order. ``closes`` is the key of the order whose position this one closes; none opens.
    """

    key: str
    side: Side
    volume: Decimal
    price: Decimal
    """Own limit price, or for a market order the quote's side that is expected."""
    kind: Literal["limit", "market"] = "limit"
    closes: str | None = None
    label: str = ""
    """The strategy's own name for what the order belongs to, such as a cell."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an intent. ``error`` is a refusal's code; else ``price`` and ``fee`` are what was booked."""

    intent: Intent
    price: Decimal
    fee: Decimal
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Reduction:
    """``volume`` lots of the position that the order ``key`` opened were closed at ``price``, for a commission of ``fee``."""

    key: str
    volume: Decimal
    price: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Triggers:
    """The nearest prices that would change anything: at or beyond one of them, ``on_quote`` is called.

    :ivar after_ms: where nothing can change before a time of the feed, epoch milliseconds: until then no price matters.
    """

    ask_le: Decimal | None = None
    ask_ge: Decimal | None = None
    bid_le: Decimal | None = None
    bid_ge: Decimal | None = None
    after_ms: int | None = None

    def crossed(self, quote: Quote) -> bool:
        if self.after_ms is not None and quote.ts_ms < self.after_ms:
            return False
        return (
            (self.ask_le is not None and quote.ask <= self.ask_le)
            or (self.bid_ge is not None and quote.bid >= self.bid_ge)
            or (self.ask_ge is not None and quote.ask >= self.ask_ge)
            or (self.bid_le is not None and quote.bid <= self.bid_le)
        )


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One decision: what was done, or why nothing was. ``facts`` fills the text that belongs to ``code``."""

    code: str
    facts: Mapping[str, str] = default(default_factory=dict)
    alert: bool = False
    """Whether a person should be told."""


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """The answer to one event."""

    state: T
    intents: tuple[Intent, ...] = ()
    log: tuple[LogEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why settings are not accepted: ``field`` of the form, ``code``, a sentence, and the way out."""

    code: str
    message: str
    remedy: str = ""
    field: str | None = None
    facts: Mapping[str, str] = default(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """A resting order of a bot, as charts and tables show it."""

    side: Side
    price: Decimal
    volume: Decimal
    state: str
    label: str


@dataclass(frozen=True, slots=True)
class Figures:
    """A bot's money at one quote, in the quote currency. Always total = equity − investment."""

    investment: Decimal
    cash: Decimal
    base: Decimal
    """Lots held, bought ones."""
    invested: Decimal
    """What the held lots cost, commission included, less what those sold short brought."""
    cycle_profit: Decimal
    """Realised by whole cycles; for a grid its grid profit."""
    inventory_realised: Decimal
    floating: Decimal
    fees: Decimal
    fills: int
    cycles: int
    wins: int
    short: Decimal = ZERO
    """Lots sold short. ``base`` is measured at the bid, these at the ask."""

    @property
    def realised(self) -> Decimal:
        return self.cycle_profit + self.inventory_realised

    @property
    def total(self) -> Decimal:
        return self.cycle_profit + self.inventory_realised + self.floating

    @property
    def equity(self) -> Decimal:
        return self.investment + self.total


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a strategy stands: it waits for its trigger price, is active, closes what it holds, or has ended.

    :ivar reason: why it ends: ``stop_loss``, ``take_profit``, ``wound_down`` or ``stopped``.
    :ivar opening: whether opening orders are placed; false while paused or winding down.
    :ivar blocked: how many orders wait for money.
    """

    stage: Stage
    reason: str = ""
    opening: bool = True
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a launch preview. Money in the quote currency, for the bot as a whole up to this level.

    :ivar profit: when the bot leaves at this level's take-profit.
    :ivar loss: when it leaves at this level's stop-loss; none where it does not leave there.
    :ivar break_even: price at which what is held up to this level is worth what it cost.
    """

    label: str
    side: Side
    price: Decimal
    volume: Decimal
    take_profit: Decimal | None = None
    break_even: Decimal | None = None
    profit: Decimal | None = None
    loss: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a launch would do, or why it is refused."""

    refusals: tuple[Refusal, ...]
    levels: tuple[Decimal, ...] = ()
    quantity: Decimal = ZERO
    needed: Decimal = ZERO
    """Capital to reserve, in the quote currency."""
    first_purchase: Decimal = ZERO
    """Lots bought at the market at once (or at the trigger)."""
    orders: tuple[Order, ...] = ()
    table: tuple[Level, ...] = ()
    """Level by level, where a strategy has levels of different size."""
    margin: Decimal = ZERO
    """Of it, margin when every level is open."""
    facts: Mapping[str, str] = default(default_factory=dict)
    """Figures for programs, as text. ``worst_loss`` and ``multiplier`` are what a brokerage's limits are held against."""
    summary: tuple[Fact, ...] = ()
    """What people are told besides the needed capital, in order."""


class Strategy(Protocol[S, T]):
    """A kind of bot. Implementations hold no state of their own; every method is pure."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    settings_model: type[S]
    words: ClassVar[Words] = Words()

    def preview(self, setup: Setup[S], quote: Quote, funds: Decimal | None) -> Preview:
        """Check settings against market, price and free ``funds`` (None: not looked at)."""

    def suggest(self, market: Market, quote: Quote, capital: Decimal) -> Mapping[str, Any]:
        """Values to begin a form with: sensible at ``quote`` for somebody who would use ``capital``."""

    def limits(
        self, values: Mapping[str, Any], market: Market, quote: Quote, funds: Decimal | None
    ) -> Mapping[str, Limit]:
        """What each field may be, given the others: ``values`` is the form as far as it can be read, by field.

        Only fields whose limits are narrower than the settings model's own need to be named; ``funds``: see ``preview``.
        """
        return {}

    def capital(self, setup: Setup[S], quote: Quote) -> Decimal:
        """What a launch reserves, in the quote currency."""

    def start(self, setup: Setup[S], quote: Quote) -> Step[T]:
        """The first state, and what is bought at once."""

    def on_quote(self, setup: Setup[S], state: T, quote: Quote) -> Step[T]:
        """Answer a quote. Only what rested before it fills on it."""

    def on_results(
        self, setup: Setup[S], before: T, results: Sequence[Result], quote: Quote, command: Command | None = None
    ) -> Step[T]:
        """The answer to a quote (or ``command``) again, now with the results that came back."""

    def on_reduced(self, setup: Setup[S], state: T, reduction: Reduction, quote: Quote) -> Step[T]:
        """Somebody else closed a position of the bot, or a part of it: no counter order follows."""

    def on_command(self, setup: Setup[S], state: T, command: Command, quote: Quote) -> Step[T]:
        """Carry out a command; for ``resume`` and ``stop_close`` also its dry answer before confirmation."""

    def triggers(self, setup: Setup[S], state: T) -> Triggers:
        """Where the next quote that matters lies; none of them set when nothing can happen any more."""

    def orders(self, setup: Setup[S], state: T) -> tuple[Order, ...]:
        """The orders that rest now."""

    def figures(self, setup: Setup[S], state: T, quote: Quote) -> Figures:
        """The bot's money at ``quote``."""

    def reserved(self, setup: Setup[S], state: T) -> Decimal:
        """What stays set aside on the account besides the margin in use, in the quote currency."""

    def held(self, setup: Setup[S], state: T) -> Mapping[str, Decimal]:
        """Lots held by the key of the order that opened them."""

    def phase(self, state: T) -> Phase:
        """Where the strategy stands in its life."""

    def dump(self, state: T) -> dict[str, Any]:
        """The state as JSON-able data; decimals as strings."""

    def load(self, data: Mapping[str, Any]) -> T:
        """The inverse of ``dump``."""
