"""The port to a venue: submit, look up, cancel.

The house needs no port: it fills whole, at the tenant's quote, in the transaction that places the order. Any other venue
is somebody else's system behind a network: it may answer late, twice, in parts or not at all. So an order is stored before
it is sent, an order that was sent without an answer is `unknown`, and an unknown order is looked up by its client id,
never sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

HOUSE = "house"

AnswerState = Literal["accepted", "partial", "filled", "cancelled", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as a venue gets it. Volumes in lots, prices in the quote currency.

    :ivar client_id: unique at the venue for all tenants; the only name by which an order is looked up and cancelled.
    """

    client_id: str
    tenant_id: UUID
    account_id: UUID
    symbol: str
    side: str
    kind: str
    volume: Decimal
    price: Decimal | None
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class VenueFill:
    """An execution at a venue. `id` is the venue's and unique in its order: a fill that comes again is the same fill."""

    id: str
    volume: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class VenueAnswer:
    """What a venue says of an order, all of it so far.

    :ivar state: `accepted` (lives, nothing filled), `partial` (lives, filled in part), `filled`, `cancelled` or `rejected`
        (ended; what had filled before stays), `unknown` (the venue cannot tell now).
    :ivar fills: all fills so far, the oldest first.
    :ivar ref: the venue's own name for the order.
    """

    state: AnswerState
    fills: tuple[VenueFill, ...] = ()
    ref: str | None = None
    reason: str | None = None


@runtime_checkable
class Venue(Protocol):
    """An execution venue. Methods block; an exception means the same as no answer."""

    patience_s: float
    """Seconds after which an order that the venue does not know counts as never received."""

    def submit(self, order: VenueOrder) -> VenueAnswer:
        """Send an order. Called once for an order, ever."""
        ...

    def look_up(self, client_id: str) -> VenueAnswer | None:
        """What has become of an order; none when the venue does not know it."""
        ...

    def cancel(self, client_id: str) -> VenueAnswer:
        """Ask for an order's end; the answer says how it stands. Called as often as needed."""
        ...
