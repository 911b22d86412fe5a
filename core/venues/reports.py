"""What a venue reports of an order, booked: each of its fills once, whoever brings the report and however often."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from core.trading.booking import UnknownReferenceError, close_batch, open_batch
from core.trading.booking.account import AccountWork
from core.trading.booking.load import orders_by_id
from core.trading.booking.place import OPENING_LEG, Refusal, execute, finish
from core.trading.booking.rows import OrderRow
from core.trading.rules.money import ZERO, divide, multiply, round_amount, subtract
from core.venues.port import VenueAnswer, VenueFill
from tenants.db import TenantSession

_ENDED = ("filled", "partial", "cancelled", "rejected")


def book_answer(session: TenantSession, order_id: UUID, answer: VenueAnswer) -> None:
    """Book a venue's answer under the account's lock; for venues that report by themselves as well as for look-ups.

    Fills are known by the venue's own ids, so the same answer again, or an older one, changes nothing. A fill of an order
    that has ended here is booked all the same, with an alert: the venue's fills are facts.

    :raises UnknownReferenceError: for an order that the tenant does not have.
    """
    account_id = session.execute(
        text("select account_id from core.orders where id = :id"), {"id": order_id}
    ).scalar_one_or_none()
    if account_id is None:
        raise UnknownReferenceError(f"no such order: {order_id}")
    batch = open_batch(session, [account_id])
    account = batch.accounts[account_id]
    order = account.orders.get(order_id) or orders_by_id(session, [order_id])[0]
    ended = order.status in _ENDED
    new = _new_fills(session, order, answer)
    if ended and not new:
        return
    if ended:
        batch.alerts.append(("late_fill", account_id, {"order": str(order.id), "fills": [fill.id for fill in new]}))
    if answer.ref:
        order.venue_ref = answer.ref
    for fill in new:
        _book_fill(account, order, fill)
    if not ended and order.status not in _ENDED:
        _follow_state(account, order, answer)
    batch.change_order(order)
    close_batch(session, batch)


def _new_fills(session: TenantSession, order: OrderRow, answer: VenueAnswer) -> list[VenueFill]:
    rows = session.execute(text("select venue_fill_id from core.fills where order_id = :id"), {"id": order.id})
    booked = {row[0].removesuffix(OPENING_LEG) for row in rows}
    new: dict[str, VenueFill] = {}
    for fill in answer.fills:
        if fill.id not in booked:
            new.setdefault(fill.id, fill)
    return list(new.values())


def _book_fill(account: AccountWork, order: OrderRow, fill: VenueFill) -> None:
    open_before = subtract(order.volume, order.filled)
    reserved = account.reservation(order.id)
    try:
        execute(account, order, fill.price, volume=fill.volume, venue_fill_id=fill.id, checked=True)
    except Refusal as refusal:
        # Only a close of what is not held here any more: the venue and the books disagree, and a person must look.
        detail = {"order": str(order.id), "fill": fill.id, "volume": str(fill.volume), "reason": refusal.reason}
        account.batch.alerts.append(("venue_mismatch", account.row.id, detail))
        return
    left = subtract(order.volume, order.filled)
    if reserved and left > ZERO and open_before > ZERO:
        account.reserve("order", order.id, round_amount(divide(multiply(reserved, left), open_before)))


def _follow_state(account: AccountWork, order: OrderRow, answer: VenueAnswer) -> None:
    match answer.state:
        case "accepted" | "partial":
            order.status, order.reason = "resting", None
        case "filled":
            # The venue calls it done with less than was asked for.
            finish(account, order, "partial" if order.filled else "cancelled", answer.reason)
        case "cancelled":
            finish(account, order, "cancelled", answer.reason or "venue")
        case "rejected":
            finish(account, order, "cancelled" if order.filled else "rejected", answer.reason or "venue")
