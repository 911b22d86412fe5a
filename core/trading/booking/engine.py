"""The one way an order becomes an order, fills, positions, ledger entries, balances, reservations, triggers and events.

A batch takes a fixed number of statements, whatever its size: accounts locked in the order of their ids, reads, pure
decisions in memory, bulk writes. The order path of pages and API (a batch of one), the lanes, bots and copying all use it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from core.runtime.calls import order_checks
from core.trading.booking import load
from core.trading.booking.account import AccountWork
from core.trading.booking.batch import Batch
from core.trading.booking.enforce import end_margin_call
from core.trading.booking.place import Gates, place
from core.trading.booking.publish import publish
from core.trading.booking.rows import OrderRow
from core.trading.booking.views import CurrentQuote
from core.trading.booking.write import write
from core.trading.types import FillResult, OrderRequest, OrderResult
from tenants.db import TenantSession


class UnknownReferenceError(LookupError):
    """An account, symbol or other object that this tenant does not have."""


Check = Callable[[TenantSession, Sequence[OrderRequest]], Mapping[str, str]]
"""A pre-trade check over a batch; it gives a reason code for each order that it refuses, by client order id."""


def open_batch(
    session: TenantSession, account_ids: Iterable[UUID], at: Mapping[UUID, CurrentQuote] | None = None
) -> Batch:
    """Lock accounts and read all that decisions about them need.

    :param at: quotes that stand in for the stored ones, by instrument.
    :raises UnknownReferenceError: for an account that the tenant does not have.
    """
    wanted = set(account_ids)
    rows = load.lock_accounts(session, wanted)
    if len(rows) != len(wanted):
        raise UnknownReferenceError(f"no such account: {next(iter(wanted - rows.keys()))}")
    world = load.load_world(session, {row.account_type_id for row in rows.values()}, at)
    batch = Batch(world)
    positions: dict[UUID, list[Any]] = {}
    for position in load.open_positions(session, rows):
        positions.setdefault(position.account_id, []).append(position)
    orders: dict[UUID, list[Any]] = {}
    for order in load.open_orders(session, rows):
        orders.setdefault(order.account_id, []).append(order)
    reserved = load.reservations(session, [row.id for row in rows.values() if row.reserved])
    for key, row in rows.items():
        batch.accounts[key] = AccountWork(
            batch, row, positions.get(key, ()), orders.get(key, ()), reserved.get(key, {})
        )
    return batch


def close_batch(session: TenantSession, batch: Batch) -> None:
    """Write what the batch has decided, and its events."""
    for account in {fill.account_id: batch.accounts[fill.account_id] for fill in batch.fills}.values():
        settle(account)
    write(session, batch)
    publish(session, batch)
    batch.forget()


def settle(account: AccountWork) -> None:
    """What follows from an account's fills: a debt of a flat account is lifted, a margin call that is over ends."""
    account.lift(account.batch.fills[-1].ts_ms)
    end_margin_call(account)


def book(
    session: TenantSession,
    requests: Sequence[OrderRequest],
    *,
    at: Mapping[UUID, CurrentQuote] | None = None,
    checks: Sequence[Check] | None = None,
    batch: Batch | None = None,
) -> list[OrderResult]:
    """Place orders, in the order in which they come, and give their results likewise.

    A client order id that its account has used before gives the earlier order's result (`repeated`), and writes nothing.

    :param at: quotes that stand in for the stored ones, by instrument: a lane books on the quote that it works off.
    :param checks: pre-trade checks of opening orders; none: those of the tenant's modules.
    :param batch: accounts that this transaction has locked and read already (`open_batch`); all of the requests' are in it.
    :raises UnknownReferenceError: for an account or symbol that the tenant does not have; nothing is booked then.
    """
    if not requests:
        return []
    with _without_collecting(len(requests)):
        return _book(session, requests, at, checks, batch)


def _book(
    session: TenantSession,
    requests: Sequence[OrderRequest],
    at: Mapping[UUID, CurrentQuote] | None,
    checks: Sequence[Check] | None,
    batch: Batch | None,
) -> list[OrderResult]:
    modules = load.module_states(session, {r.origin.module for r in requests if r.origin.module})
    if batch is None:
        batch = open_batch(session, {request.account_id for request in requests}, at)
    for request in requests:
        if request.symbol_id not in batch.world.symbols:
            raise UnknownReferenceError(f"no such symbol: {request.symbol_id}")
    keys = {(request.account_id, request.client_order_id) for request in requests}
    known = {(row.account_id, row.client_order_id): row for row in load.earlier_orders(session, keys)}
    earlier = _results_of(session, list(known.values()))
    fresh = [request for request in requests if (request.account_id, request.client_order_id) not in known]
    gates = Gates(load.tenant_active(session), modules, _refused(session, batch, fresh, checks))
    results: list[OrderResult] = []
    placed: dict[tuple[UUID, str], OrderRow] = {}
    repeated: list[bool] = []
    rows: list[OrderRow] = []
    for request in requests:
        key = (request.account_id, request.client_order_id)
        row = known.get(key) or placed.get(key)
        repeated.append(row is not None)
        if row is None:
            row = placed[key] = place(batch.accounts[request.account_id], request, gates)
        rows.append(row)
    close_batch(session, batch)
    for row, again in zip(rows, repeated, strict=True):
        results.append(earlier[row.id] if row.id in earlier else result_of(row, repeated=again))
    return results


_MANY: Final = 1000


@contextmanager
def _without_collecting(orders: int) -> Iterator[None]:
    """Let Python look for cycles after a large batch, not while it grows: nothing in it is garbage before its end."""
    if orders < _MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def result_of(row: OrderRow, *, repeated: bool = False) -> OrderResult:
    """An order as those who asked for it see it."""
    return OrderResult(
        row.id, row.client_order_id, row.status, row.reason, row.detail, row.filled, row.average_price,  # type: ignore[arg-type]  # the column holds an OrderStatus
        tuple(row.fills), repeated,
    )  # fmt: skip


def _results_of(session: TenantSession, rows: Collection[OrderRow]) -> dict[UUID, OrderResult]:
    if not rows:
        return {}
    fills: dict[UUID, list[FillResult]] = {}
    for fill in load.fills_of_orders(session, [row.id for row in rows]):
        fills.setdefault(fill[0], []).append(FillResult(*fill[1:]))
    for row in rows:
        row.fills = fills.get(row.id, [])
    return {row.id: result_of(row, repeated=True) for row in rows}


def _refused(
    session: TenantSession, batch: Batch, requests: Sequence[OrderRequest], checks: Sequence[Check] | None
) -> dict[tuple[UUID, str], str]:
    used: Sequence[Check] = (order_checks,) if checks is None else checks
    opening = [request for request in requests if _opens(batch.accounts[request.account_id], request)] if used else []
    if not opening:
        return {}
    reasons: dict[str, str] = {}
    for check in used:
        for client_order_id, reason in check(session, opening).items():
            reasons.setdefault(client_order_id, reason)
    return {
        (request.account_id, request.client_order_id): reasons[request.client_order_id]
        for request in opening
        if request.client_order_id in reasons
    }


def _opens(account: AccountWork, request: OrderRequest) -> bool:
    """Whether an order would open anything as things stand; what only closes is never asked about."""
    if request.reduce_only or request.position_id is not None:
        return False
    if account.row.mode != "netting":
        return True
    held = account.netted(request.symbol_id)
    return held is None or held.side == request.side or request.volume > held.volume
