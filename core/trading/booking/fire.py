"""What a crossing quote does to the core's own subjects: positions' stops and targets, resting orders, whole accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from core.trading.booking import load
from core.trading.booking.account import AccountWork
from core.trading.booking.arrays import uuids
from core.trading.booking.enforce import enforce
from core.trading.booking.engine import close_batch, open_batch
from core.trading.booking.place import (
    Gates,
    Refusal,
    carry_out,
    check_parties,
    closing_order,
    closing_part,
    finish,
    is_closing,
)
from core.trading.booking.rows import OrderRow
from core.trading.booking.views import CurrentQuote
from core.trading.rules.fills import protective_fill, resting_fill
from tenants.db import TenantSession


def fire(
    session: TenantSession,
    quote: CurrentQuote,
    *,
    positions: Sequence[UUID] = (),
    orders: Sequence[UUID] = (),
    accounts: Sequence[UUID] = (),
) -> None:
    """Book what follows from `quote` for subjects whose triggers it has crossed, on that very quote.

    First the positions' stops and targets, then resting and waiting orders, then whole accounts (margin call, stop-out).
    The caller has made sure that the triggers are still those that the quote crossed. What no longer holds under the
    accounts' locks (a position closed by an earlier subject, a stop that was moved) is passed over. Outside trading hours
    nothing is booked; the subject waits for a later quote. Every subject that has changed gets new triggers, unarmed, from
    this quote on; bands of accounts are always split anew.
    """
    owners = _owners(session, positions, orders)
    concerned = {*owners.values(), *accounts}
    if not concerned:
        return
    batch = open_batch(session, concerned, {quote.instrument_id: quote})
    for position_id in positions:
        if position_id in owners:
            _position(batch.accounts[owners[position_id]], position_id, quote)
    gates = Gates(load.tenant_active(session)) if orders else Gates()
    for order_id in orders:
        if order_id in owners:
            _order(batch.accounts[owners[order_id]], order_id, gates)
    for account_id in accounts:
        enforce(batch.accounts[account_id])
    close_batch(session, batch)


def _owners(session: TenantSession, positions: Sequence[UUID], orders: Sequence[UUID]) -> dict[UUID, UUID]:
    """The accounts of positions and orders."""
    if not positions and not orders:
        return {}
    rows = session.execute(
        text(
            "select id, account_id from core.positions where id = any(cast(:positions as uuid[]))"
            " union all select id, account_id from core.orders where id = any(cast(:orders as uuid[]))"
        ),
        {"positions": uuids(positions), "orders": uuids(orders)},
    )
    return {row[0]: row[1] for row in rows}


def _position(account: AccountWork, position_id: UUID, quote: CurrentQuote) -> None:
    held = account.positions.get(position_id)
    if held is None:
        return
    terms = account.terms(held.symbol_id)
    if terms.prices is None or terms.closed or terms.rate is None:
        return
    hit = protective_fill(held.side, held.stop_loss, held.take_profit, terms.prices)
    if hit is not None:
        if is_closing(account, held):
            return
        order = closing_order(account, held, f"{hit.reason}:{held.id}:{quote.seq}", held.volume, hit.reason)
        carry_out(account, order, hit.price)


def _order(account: AccountWork, order_id: UUID, gates: Gates) -> None:
    order = account.orders.get(order_id)
    if order is None or order.status not in ("resting", "waiting"):
        return
    terms = account.terms(order.symbol_id)
    if terms.prices is None or terms.closed:
        return
    if order.status == "waiting" or order.price is None:
        price = terms.prices.executable(order.side)
    else:
        touched = resting_fill(order.kind, order.side, order.price, terms.prices)
        if touched is None:
            return
        price = touched
    try:
        if _opens(account, order):
            check_parties(account, order, terms, gates)
        carry_out(account, order, price)
    except Refusal as refusal:
        finish(account, order, "cancelled", refusal.reason, refusal.detail)


def _opens(account: AccountWork, order: OrderRow) -> bool:
    return not order.reduce_only and closing_part(account, order)[1] < order.volume
