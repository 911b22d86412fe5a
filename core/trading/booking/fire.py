"""What a crossing quote does to the core's own subjects: positions' stops and targets, resting orders, whole accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple
from uuid import UUID

from core.trading.booking import load
from core.trading.booking.account import AccountWork
from core.trading.booking.enforce import enforce
from core.trading.booking.engine import close_batch, open_batch
from core.trading.booking.place import (
    Gates,
    Refusal,
    check_parties,
    closing_order,
    closing_part,
    execute,
    finish,
)
from core.trading.booking.rows import OrderRow
from core.trading.booking.views import CurrentQuote
from core.trading.rules.fills import protective_fill, resting_fill
from tenants.db import TenantSession


class Fired(NamedTuple):
    """A subject whose trigger a quote has crossed."""

    kind: Literal["position", "order", "account"]
    subject_id: UUID
    account_id: UUID


def fire(session: TenantSession, quote: CurrentQuote, subjects: Iterable[Fired]) -> None:
    """Book what follows from `quote` for the subjects, in their order, on that very quote.

    The caller has made sure that the subjects' triggers are still those that the quote crossed. What no longer holds under
    the accounts' locks (a position closed by an earlier subject, a stop that was moved) is passed over. Outside trading
    hours nothing is booked; the subject waits for a later quote. Every subject that has changed gets new triggers, unarmed,
    from this quote on; bands of accounts are always split anew.
    """
    fired = list(subjects)
    if not fired:
        return
    batch = open_batch(session, {subject.account_id for subject in fired}, {quote.instrument_id: quote})
    gates = Gates(load.tenant_active(session))
    for subject in fired:
        account = batch.accounts[subject.account_id]
        if subject.kind == "position":
            _position(account, subject.subject_id, quote)
        elif subject.kind == "order":
            _order(account, subject.subject_id, gates)
        else:
            enforce(account)
    close_batch(session, batch)


def _position(account: AccountWork, position_id: UUID, quote: CurrentQuote) -> None:
    held = account.positions.get(position_id)
    if held is None:
        return
    terms = account.terms(held.symbol_id)
    if terms.prices is None or terms.closed or terms.rate is None:
        return
    hit = protective_fill(held.side, held.stop_loss, held.take_profit, terms.prices)
    if hit is not None:
        order = closing_order(account, held, f"{hit.reason}:{held.id}:{quote.seq}", held.volume, hit.reason)
        execute(account, order, hit.price)


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
        execute(account, order, price)
    except Refusal as refusal:
        finish(account, order, "cancelled", refusal.reason, refusal.detail)


def _opens(account: AccountWork, order: OrderRow) -> bool:
    return not order.reduce_only and closing_part(account, order)[1] < order.volume
