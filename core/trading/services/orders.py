"""Orders and positions after their placing: cancelled, closed, protected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.trading.booking import CurrentQuote, UnknownReferenceError, book, close_batch, open_batch
from core.trading.booking.arrays import uuids
from core.trading.booking.batch import Notice
from core.trading.booking.engine import Check, result_of
from core.trading.booking.place import Refusal, check_protection, finish
from core.trading.rules.quotes import opposite
from core.trading.rules.steps import on_step
from core.trading.types import MANUAL, OrderRequest, OrderResult, Origin
from core.venues.port import HOUSE
from tenants.db import TenantSession


class ProtectionError(ValueError):
    """A stop-loss or take-profit that cannot be set; `reason` is its code."""

    def __init__(self, reason: str, detail: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, dict(detail)


@dataclass(frozen=True, slots=True)
class Protection:
    """The stop-loss and take-profit that a position is to have; none takes one away."""

    position_id: UUID
    stop_loss: Decimal | None
    take_profit: Decimal | None


def cancel_orders(session: TenantSession, order_ids: Collection[UUID], reason: str = "cancelled") -> list[OrderResult]:
    """Cancel resting and waiting orders; an order that has ended keeps its result. Any number, the same statements.

    An order that may have reached another venue is only asked to end; it ends when the venue says so (`core.venues`).

    :raises UnknownReferenceError: for an order that the tenant does not have; nothing is cancelled then.
    """
    wanted = list(dict.fromkeys(order_ids))
    if not wanted:
        return []
    accounts = accounts_of(session, "orders", wanted)
    batch = open_batch(session, set(accounts.values()))
    results: dict[UUID, OrderResult] = {}
    for order_id in wanted:
        account = batch.accounts[accounts[order_id]]
        order = account.orders.get(order_id)
        if order is not None:
            if order.venue != HOUSE and order.status in ("resting", "unknown"):
                order.detail = {**order.detail, "cancel_requested": reason}
                batch.change_order(order)
            else:
                finish(account, order, "cancelled", reason)
            results[order_id] = result_of(order)
    close_batch(session, batch)
    results.update(_ended(session, [order_id for order_id in wanted if order_id not in results]))
    return [results[order_id] for order_id in wanted]


def close_positions(
    session: TenantSession,
    closes: Sequence[tuple[UUID, Decimal | None, str]],
    *,
    origin: Origin = MANUAL,
    reason: str = "manual",
    at: Mapping[UUID, CurrentQuote] | None = None,
    checks: Sequence[Check] | None = None,
) -> list[OrderResult]:
    """Close positions at market, whole or in part.

    :param closes: position, lots (none: all of it), client order id.
    :raises UnknownReferenceError: for a position that the tenant does not have; nothing is closed then.
    """
    rows = session.execute(
        text(
            "select id, account_id, symbol_id, side, volume, opened_volume from core.positions"
            " where id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids({position_id for position_id, _, _ in closes})},
    )
    held = {row.id: row for row in rows}
    requests = []
    for position_id, volume, client_order_id in closes:
        row = held.get(position_id)
        if row is None:
            raise UnknownReferenceError(f"no such position: {position_id}")
        # A position that is closed already is answered by the order path, also when this is a repetition.
        whole = row.volume or row.opened_volume
        requests.append(
            OrderRequest(
                client_order_id, row.account_id, row.symbol_id, opposite(row.side), whole if volume is None else volume,
                position_id=position_id, reduce_only=True, origin=origin, reason=reason,
            )
        )  # fmt: skip
    return book(session, requests, at=at, checks=checks)


def set_protection(
    session: TenantSession,
    position_id: UUID,
    stop_loss: Decimal | None,
    take_profit: Decimal | None,
    *,
    checked: bool = True,
) -> None:
    """Set both protections of one open position (see `set_protections`)."""
    set_protections(session, [Protection(position_id, stop_loss, take_profit)], checked=checked)


def set_protections(session: TenantSession, changes: Sequence[Protection], *, checked: bool = True) -> int:
    """Set stop-loss and take-profit of open positions; gives how many changed. Closed ones are passed over.

    The new prices look only at quotes after the current one.

    :param checked: refuse a price that the current quote has passed already. Copies of another's stops are not checked:
        they fire on the next quote.
    :raises ProtectionError: `price_off_tick`, `invalid_stop_loss` or `invalid_take_profit`; nothing is changed then.
    :raises UnknownReferenceError: for a position that the tenant does not have; nothing is changed then.
    """
    if not changes:
        return 0
    accounts = accounts_of(session, "positions", [change.position_id for change in changes])
    batch = open_batch(session, set(accounts.values()))
    changed = 0
    for change in changes:
        account = batch.accounts[accounts[change.position_id]]
        held = account.positions.get(change.position_id)
        if held is None or (held.stop_loss, held.take_profit) == (change.stop_loss, change.take_profit):
            continue
        terms = account.terms(held.symbol_id)
        for price in (change.stop_loss, change.take_profit):
            if price is not None and (price <= 0 or not on_step(price, terms.symbol.tick)):
                raise ProtectionError("price_off_tick", {"price": str(price), "tick": str(terms.symbol.tick)})
        if checked and terms.prices is not None:
            # Only what is new is looked at: the other price may have been passed while the market was closed.
            stop = change.stop_loss if change.stop_loss != held.stop_loss else None
            target = change.take_profit if change.take_profit != held.take_profit else None
            try:
                check_protection(held.side, stop, target, terms.prices.closing(held.side))
            except Refusal as refusal:
                raise ProtectionError(refusal.reason, refusal.detail) from None
        held.stop_loss, held.take_profit = change.stop_loss, change.take_profit
        held.protection_changed = True
        batch.change_position(held)
        changed += 1
        if account.row.watched:
            payload = {
                "account_id": str(held.account_id),
                "position_id": str(held.id),
                "symbol_id": str(held.symbol_id),
                "side": held.side,
                "stop_loss": None if held.stop_loss is None else str(held.stop_loss),
                "take_profit": None if held.take_profit is None else str(held.take_profit),
                "ts_ms": terms.quote.ts_ms if terms.quote else 0,
            }
            batch.notices.append(Notice(held.account_id, "position_changed", payload))
    close_batch(session, batch)
    return changed


def accounts_of(session: TenantSession, table: str, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The accounts of orders or positions. Raises `UnknownReferenceError` for one that the tenant does not have."""
    rows = session.execute(
        text(f"select id, account_id from core.{table} where id = any(cast(:ids as uuid[]))"),  # noqa: S608 - a constant
        {"ids": uuids(ids)},
    )
    found: dict[UUID, UUID] = {row[0]: row[1] for row in rows}
    for wanted in ids:
        if wanted not in found:
            raise UnknownReferenceError(f"none of the tenant's {table}: {wanted}")
    return found


def _ended(session: TenantSession, ids: Collection[UUID]) -> dict[UUID, OrderResult]:
    if not ids:
        return {}
    rows = session.execute(
        text(
            "select id, client_order_id, status, reason, detail, filled, average_price from core.orders"
            " where id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids(ids)},
    )
    return {row[0]: OrderResult(*row) for row in rows}
