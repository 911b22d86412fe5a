"""Orders on their way to venues and back: sent once, looked up while unknown, their fills booked once each.

Every step is one short transaction under the account's lock, and nothing is sent while one is open. Two deliveries at once,
or one that dies between any two steps, neither send an order twice nor book a fill twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from core.trading.booking import close_batch, open_batch
from core.trading.booking.place import finish
from core.venues.port import HOUSE, Venue, VenueAnswer, VenueOrder
from core.venues.reports import book_answer
from tenants.db import Database

log = logging.getLogger(__name__)

_MISSES = 2
"""Look-ups that must agree, after the venue's patience, before an order counts as never received."""


@dataclass(frozen=True, slots=True)
class _Open:
    """An order that lives at a venue."""

    id: UUID
    account_id: UUID
    venue: str
    status: str
    cancel: bool


def deliver(
    database: Database,
    tenant_id: UUID,
    venues: Mapping[str, Venue],
    *,
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> int:
    """Send what is pending, look up what is unknown or rests, cancel what shall end; gives how many orders were worked on.

    A venue that is not loaded leaves its orders as they are. Errors of a venue are logged and count as silence.

    :param now_ms: the wall clock, by which a venue's patience is told.
    """
    with database.tenant(tenant_id) as session:
        rows = session.execute(
            text(
                "select id, account_id, venue, status, detail ? 'cancel_requested' from core.orders"
                " where venue <> :house and status in ('pending', 'unknown', 'resting') order by placed_at, id"
            ),
            {"house": HOUSE},
        ).all()
    worked = 0
    for order in (_Open(*row) for row in rows):
        venue = venues.get(order.venue)
        if venue is not None:
            _advance(database, tenant_id, order, venue, now_ms)
            worked += 1
    return worked


def _advance(database: Database, tenant_id: UUID, order: _Open, venue: Venue, now_ms: Callable[[], int]) -> None:
    client_id = order.id.hex
    if order.status == "pending":
        sending = _mark_sent(database, tenant_id, order, now_ms())
        if sending is None:
            return
        answer = _ask(lambda: venue.submit(sending), order)
    elif order.cancel:
        answer = _ask(lambda: venue.cancel(client_id), order)
    else:
        answer = _ask(lambda: venue.look_up(client_id), order)
        if answer is None:
            _missing(database, tenant_id, order, venue, now_ms())
            return
    if answer is not None and answer.state != "unknown":
        with database.tenant(tenant_id) as session:
            book_answer(session, order.id, answer)


_SILENCE = VenueAnswer("unknown")


def _ask(question: Callable[[], VenueAnswer | None], order: _Open) -> VenueAnswer | None:
    try:
        return question()
    except Exception:
        log.exception("venue %s did not answer for order %s", order.venue, order.id)
        return _SILENCE


def _mark_sent(database: Database, tenant_id: UUID, order: _Open, now_ms: int) -> VenueOrder | None:
    """Commit that the order may have been sent, before it is; none when somebody else has taken it meanwhile."""
    with database.tenant(tenant_id) as session:
        batch = open_batch(session, [order.account_id])
        row = batch.accounts[order.account_id].orders.get(order.id)
        if row is None or row.status != "pending":
            return None
        row.status, row.detail = "unknown", {**row.detail, "sent_at_ms": now_ms}
        batch.change_order(row)
        close_batch(session, batch)
        code = batch.world.symbols[row.symbol_id].code
        return VenueOrder(
            row.id.hex, tenant_id, row.account_id, code, row.side, row.kind, row.volume, row.price, row.reduce_only
        )


def _missing(database: Database, tenant_id: UUID, order: _Open, venue: Venue, now_ms: int) -> None:
    """The venue does not know the order: after its patience, and when it says so again, it was never received."""
    with database.tenant(tenant_id) as session:
        batch = open_batch(session, [order.account_id])
        row = batch.accounts[order.account_id].orders.get(order.id)
        if row is None or row.status != "unknown":
            return
        if now_ms - int(row.detail.get("sent_at_ms", now_ms)) < venue.patience_s * 1000:
            return
        misses = int(row.detail.get("misses", 0)) + 1
        if misses < _MISSES:
            row.detail = {**row.detail, "misses": misses}
            batch.change_order(row)
        else:
            finish(batch.accounts[order.account_id], row, "rejected", "not_received")
        close_batch(session, batch)
