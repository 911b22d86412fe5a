"""What the replication decides from: plain tuples, read for a whole chunk of followers at once."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID


class Terms(NamedTuple):
    """The settings of one subscription, bounds already applied. Volumes in lots, money in the account's currency."""

    mode: str = "proportional"
    copy_ratio: Decimal = Decimal(1)
    fixed_size: Decimal = Decimal("0.01")
    fixed_basis: str = "lots"
    max_open_trades: int = 10
    minimum_equity: Decimal = Decimal(0)
    slippage_tolerance: Decimal | None = None
    round_up: bool = False
    maximum_lot: Decimal | None = None
    allowed: frozenset[str] | None = None
    symbol_map: tuple[tuple[str, str], ...] = ()
    reverse: bool = False
    mode_settings: Mapping[str, Any] = MappingProxyType({})
    """What the sizing mode asks for beyond ``copy_ratio``, ``fixed_size`` and ``fixed_basis``."""


class MasterOpen(NamedTuple):
    """The opening leg of one fill of a master.

    ``volume`` lots of this fill, ``filled`` lots of its order so far including this fill, ``price`` the order's
    volume-weighted price so far, ``at_ms`` the time of the fill's quote, ``equity`` the master's equity just before the
    order (its currency; the balance where the tenant sizes by balance), ``new`` whether the order opened the position.
    ``closes`` are the closes (M, M') of the same position that were handled before this open.
    """

    seq: int
    order: UUID
    position: UUID
    symbol: str
    side: int
    volume: Decimal
    filled: Decimal
    price: Decimal
    at_ms: int
    equity: Decimal
    contract: Decimal
    new: bool
    complete: bool = True
    closes: tuple[tuple[Decimal, Decimal], ...] = ()
    margin_per_lot: Decimal = Decimal(0)
    """What one lot binds for the master, in the master's currency; 0 where it cannot be told."""


class MasterClose(NamedTuple):
    """The closing leg of one fill of a master: its position went from ``before`` to ``after`` lots."""

    seq: int
    position: UUID
    before: Decimal
    after: Decimal


class Market(NamedTuple):
    """A symbol as one account type sees it now: executable prices with mark-up, steps in lots.

    ``problem`` says why no open can be placed (disabled, closed, stale), ``tolerance`` is the tenant's default of the
    symbol's class in percent, ``money_rate`` the worth of one unit of the quote currency in the account's, ``leverage``
    the one that holds there, ``cost_per_lot`` the margin and commission that one more lot needs in the account's currency.
    """

    code: str
    contract: Decimal
    step: Decimal
    minimum: Decimal
    maximum: Decimal
    tick: Decimal
    bid: Decimal
    ask: Decimal
    at_ms: int
    tolerance: Decimal
    money_rate: Decimal
    leverage: Decimal
    cost_per_lot: Decimal
    problem: str | None = None


class Link(NamedTuple):
    """A live link: ``target`` exact lots, ``held`` lots by the copy's own orders including what is in flight."""

    target: Decimal
    held: Decimal
    step: Decimal


class Opening(NamedTuple):
    """What one opening order of the master has come to for one follower.

    ``ratio`` lots of the follower per lot of the master, or for fixed sizes the lots themselves (``fixed``);
    ``counted`` lots that its fills so far ask for, whether copied or given up; ``over`` once nothing of it may follow.
    """

    ratio: Decimal
    fixed: bool
    counted: Decimal
    over: bool


class Follower(NamedTuple):
    """One subscription with all that a decision on an open needs, read under the account's lock.

    ``basis`` is what proportional sizes are taken from (equity, or balance by the tenant's choice), ``rate`` the
    worth of one unit of the master's currency in the account's at the middle, ``hold`` and ``account_problem`` a pair
    (found, needed) where the subscription or the account may not open, ``owner`` who holds a netting symbol.
    """

    subscription: UUID
    terms: Terms
    equity: Decimal
    basis: Decimal
    free_margin: Decimal
    rate: Decimal
    open_trades: int
    market: Market | None
    symbol: str
    hold: tuple[str, str] | None = None
    account_problem: tuple[str, str] | None = None
    owner: str | None = None
    link: Link | None = None
    opening: Opening | None = None
