"""Triggers that a booking leaves: of resting and waiting orders, of positions' stops and targets, of whole accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from core.trading.booking.account import AccountWork
from core.trading.booking.batch import Batch
from core.trading.booking.rows import OrderRow, PositionRow
from core.trading.rules.bands import AT_ONCE, Band, falling, joined, rising
from core.trading.rules.conversion import NoConversionError
from core.trading.rules.fills import protective_conditions, resting_condition
from core.trading.rules.quotes import Condition, raw_threshold
from core.trading.rules.risk import required_equity
from core.venues.port import HOUSE


class TriggerRow(NamedTuple):
    """A row of `core.triggers`, its thresholds in raw ticks."""

    kind: str
    subject_id: UUID
    instrument_id: UUID
    account_id: UUID
    band: Band
    since_seq: int


def order_trigger(account: AccountWork, order: OrderRow) -> TriggerRow | None:
    """What fires a living order: its price, or for one that waits for the market the next quote."""
    if order.status != "waiting" and (order.status != "resting" or order.venue != HOUSE):
        return None
    terms = account.terms(order.symbol_id)
    if order.status == "waiting" or order.price is None:
        band = Band(bid_le=AT_ONCE)
    else:
        condition = resting_condition(order.kind, order.side)
        band = _band({condition: raw_threshold(condition, order.price, terms.offset, terms.symbol.tick)})
    since = terms.quote.seq if terms.quote else 0
    return TriggerRow("order", order.id, terms.symbol.instrument_id, account.row.id, band, since)


def position_trigger(account: AccountWork, position: PositionRow) -> TriggerRow | None:
    """What fires a position's stop-loss and take-profit."""
    if not position.volume or (position.stop_loss is None and position.take_profit is None):
        return None
    terms = account.terms(position.symbol_id)
    raw: dict[Condition, int] = {}
    for condition, price in zip(
        protective_conditions(position.side), (position.stop_loss, position.take_profit), strict=True
    ):
        if price is not None:
            raw[condition] = raw_threshold(condition, price, terms.offset, terms.symbol.tick)
    since = terms.quote.seq if terms.quote else 0
    return TriggerRow("position", position.id, terms.symbol.instrument_id, account.row.id, _band(raw), since)


def account_triggers(account: AccountWork) -> Iterator[TriggerRow]:
    """The price bands inside which neither margin call nor stop-out (nor the end of a margin call) can happen."""
    row, levels, world = account.row, account.type.levels, account.batch.world
    if not account.positions or not row.margin:
        return
    call = required_equity(row.margin, levels.margin_call)
    out = required_equity(row.margin, levels.stop_out)
    bands: dict[int, Band]
    try:
        exposures = account.exposures()
        if row.margin_called:
            bands = falling(row.balance, exposures, world.market, out)
            if call > out:
                bands = joined(bands, rising(row.balance, exposures, world.market, call))
        else:
            bands = falling(row.balance, exposures, world.market, max(call, out))
    except (KeyError, NoConversionError):
        # What cannot be measured now is looked at again on the next quote of anything it holds.
        bands = {account.terms(held.symbol_id).number: _NEXT for held in account.positions.values()}
    for number, band in bands.items():
        instrument_id = world.instruments[number]
        quote = world.quotes.get(instrument_id)
        yield TriggerRow("account", row.id, instrument_id, row.id, band, quote.seq if quote else 0)


def triggers_of(batch: Batch) -> tuple[list[tuple[str, UUID]], list[TriggerRow]]:
    """Subjects whose stored triggers go, and the rows that come, for everything the batch has changed."""
    gone: list[tuple[str, UUID]] = []
    rows: list[TriggerRow] = []
    for order in (*batch.orders, *batch.changed_orders):
        row = order_trigger(batch.accounts[order.account_id], order)
        if not order.fresh:
            gone.append(("order", order.id))
        if row is not None:
            rows.append(row)
    for position in (*batch.positions, *batch.changed_positions):
        row = position_trigger(batch.accounts[position.account_id], position)
        if not position.fresh and (position.protection_changed or not position.volume):
            gone.append(("position", position.id))
        if row is not None and (position.fresh or position.protection_changed):
            rows.append(row)
    for account in batch.touched.values():
        if account.moved:
            gone.append(("account", account.row.id))
            rows.extend(account_triggers(account))
    return gone, rows


_NEXT = Band(bid_le=AT_ONCE)


def _band(raw: dict[Condition, int]) -> Band:
    return Band(raw.get("ask_le"), raw.get("ask_ge"), raw.get("bid_le"), raw.get("bid_ge"))
