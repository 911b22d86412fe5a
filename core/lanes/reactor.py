"""Reactors: plugins' price-driven subjects, such as bots.

A reactor is pure. The lane loads the opaque state of each subject whose trigger a quote has crossed, asks the reactor what
follows, books the orders, and keeps the new state and triggers, all in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from core.trading.types import OrderKind, OrderResult, Side
from tenants.db import TenantSession


@dataclass(frozen=True, slots=True)
class Triggers:
    """The nearest prices, as the account sees them, at which a subject must be asked again; none where nothing would change.

    :ivar after_ms: only quotes of that time or later, by the feed, epoch milliseconds; until then the subject costs nothing.
    """

    ask_le: Decimal | None = None
    ask_ge: Decimal | None = None
    bid_ge: Decimal | None = None
    bid_le: Decimal | None = None
    after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ReactorQuote:
    """The crossing quote as the subject's account sees it.

    :ivar before: bid and ask of the quote before it, by which a reactor knows a leap; none where there is none.
    """

    seq: int
    ts_ms: int
    bid: Decimal
    ask: Decimal
    before: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a reactor is asked about.

    :ivar reduce_only: the module is off or draining: only closes are carried out.
    """

    id: UUID
    account_id: UUID
    symbol_id: UUID
    state: dict[str, Any]
    quote: ReactorQuote
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class ReactorOrder:
    """An order that a reactor wants carried out now.

    :ivar key: deterministic and unique within the subject; the client order id is made of subject and key.
    :ivar price: the subject's own resting price at which it fills, kept as the order's limit price where ``kind`` is
        ``limit``; none: at the quote.
    :ivar close_key: key of the opening order whose position this closes; none opens.
    """

    key: str
    side: Side
    volume: Decimal
    price: Decimal | None = None
    kind: OrderKind = "market"
    close_key: str | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reactor's answer for one subject.

    :ivar orders: in the order in which they are carried out.
    :ivar reservation: what stays set aside for the subject, in the symbol's quote currency; none leaves it as it is.
    :ivar records: facts for the plugin's own tables, handed to :meth:`Reactor.record`.
    :ivar active: false ends the subject: its triggers go.
    """

    subject_id: UUID
    state: dict[str, Any]
    triggers: Triggers
    orders: tuple[ReactorOrder, ...] = ()
    reservation: Decimal | None = None
    records: tuple[dict[str, Any], ...] = ()
    active: bool = True


@runtime_checkable
class Reactor(Protocol):
    """What a plugin implements to be driven by prices."""

    name: str

    def react(self, subjects: Sequence[Subject]) -> Sequence[Reaction]:
        """Answer a crossing for each subject, in their order. Pure: the same subjects give the same answers."""
        ...

    def settle(self, subject: Subject, reaction: Reaction, results: Sequence[OrderResult]) -> Reaction:
        """The final answer once the orders' results are known, in the order of ``reaction.orders``. Pure; orders of it are ignored."""
        ...

    def record(self, session: TenantSession, reactions: Sequence[Reaction]) -> None:
        """Write the reactions' records into the plugin's own tables, set-based, in the lane's transaction."""
        ...
