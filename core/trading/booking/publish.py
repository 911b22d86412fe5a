"""The events that a booking causes, written in its own transaction."""

from __future__ import annotations

from uuid import UUID

from core.events import NewEvent, emit
from core.trading.booking.batch import Batch, WatchedFill
from core.trading.fill_events import EVENT_TYPE, AccountFill
from core.trading.rules.money import add, subtract
from tenants.db import TenantSession

BOOKED_TYPE = "fills_booked"
BOOKED_STREAM = "fills"


def publish(session: TenantSession, batch: Batch) -> None:
    """Emit what has happened.

    Each order's fills on a watched account are an event ``fills`` in the account's own stream. All fills together are one
    event ``fills_booked`` of the tenant, ``{"ranges": [[account id, first fill number, last fill number], …]}``: one row,
    however many accounts there are. Last of all statements, since the streams stay locked until the commit.
    """
    events = [*_watched(batch), *(NewEvent(f"account:{n.account_id}", n.type, n.payload) for n in batch.notices)]
    ranges: dict[UUID, list[int]] = {}
    for fill in batch.fills:
        ranges.setdefault(fill.account_id, [fill.fill_no, fill.fill_no])[1] = fill.fill_no
    if ranges:
        payload = {"ranges": [[str(account), *numbers] for account, numbers in ranges.items()]}
        events.append(NewEvent(BOOKED_STREAM, BOOKED_TYPE, payload))
    if events:
        emit(session, events)


def _watched(batch: Batch) -> list[NewEvent]:
    by_order: dict[UUID, list[WatchedFill]] = {}
    for watched in batch.watched:
        by_order.setdefault(watched.order.id, []).append(watched)
    return [
        NewEvent(
            f"account:{fills[0].fill.account_id}", EVENT_TYPE, {"fills": [_entry(fill).payload() for fill in fills]}
        )
        for fills in by_order.values()
    ]


def _entry(watched: WatchedFill) -> AccountFill:
    fill, order = watched.fill, watched.order
    opens = fill.effect in ("open", "add")
    before = subtract(fill.position_volume, fill.volume) if opens else add(fill.position_volume, fill.volume)
    return AccountFill(
        id=fill.id,
        fill_no=fill.fill_no,
        account_id=fill.account_id,
        order_id=fill.order_id,
        position_id=fill.position_id,
        symbol_id=fill.symbol_id,
        side=fill.side,
        effect=fill.effect,
        volume=fill.volume,
        price=fill.price,
        profit=fill.profit,
        commission=fill.commission,
        position_before=before,
        position_after=fill.position_volume,
        order_opened=watched.order_opened,
        order_price=watched.order_price,
        order_done=order.status in ("filled", "partial", "cancelled", "rejected"),
        equity_before=watched.equity_before,
        balance_before=watched.balance_before,
        ts_ms=fill.ts_ms,
        seq=fill.seq,
        origin=fill.origin,
        origin_id=fill.origin_id,
        reason=order.close_reason,
    )
