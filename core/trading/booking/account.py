"""One account under its lock: what it holds and owes while a booking decides, and the effects of fills on it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from core.trading.booking.rows import (
    AccountRow,
    EntryRow,
    FillRow,
    OrderRow,
    PositionRow,
    ReservationRow,
)
from core.trading.booking.views import Terms, TypeView
from core.trading.rules.commission import commission
from core.trading.rules.conversion import NoConversionError, Rate
from core.trading.rules.equity import Exposure
from core.trading.rules.margin import position_margin, reduced_margin
from core.trading.rules.money import ZERO, add, divide, multiply, round_amount, subtract, total
from core.trading.rules.positions import Holding, Leg, added, opened, reduced
from core.trading.rules.risk import lift_to_zero
from core.trading.types import FillResult
from tenants.db import new_id

if TYPE_CHECKING:
    from core.trading.booking.batch import Batch


class AccountWork:
    """An account being worked on. It changes in memory only; the batch writes what has changed."""

    def __init__(
        self,
        batch: Batch,
        row: AccountRow,
        positions: Iterable[PositionRow],
        orders: Iterable[OrderRow],
        reservations: dict[UUID, ReservationRow],
    ) -> None:
        self.batch, self.row = batch, row
        self.type: TypeView = batch.world.types[row.account_type_id]
        self._terms = batch.world.terms_of(row.account_type_id)
        self.positions = {position.id: position for position in positions}
        self.orders = {order.id: order for order in orders}
        self.reservations = reservations
        self.closed: list[PositionRow] = []
        self.moved = False
        """Whether its balance, margin or positions changed, so that its bands must be split anew."""
        self._margins: dict[UUID, list[Decimal]] = {}
        for position in self.positions.values():
            self._bind(position, position.margin)
        self._floating: Decimal | None = None
        self._before = (row.balance, row.balance)

    def written(self) -> None:
        """All its changes are stored."""
        self.moved = False
        self.closed.clear()
        for reservation in self.reservations.values():
            reservation.changed = False

    # --- figures -----------------------------------------------------------------------------------------------

    def terms(self, symbol_id: UUID) -> Terms:
        """A symbol's conditions and prices for this account."""
        return self._terms.get(symbol_id) or self.batch.world.terms(self.row.account_type_id, symbol_id)

    def exposures(self) -> list[Exposure[int]]:
        """The open positions as the equity sees them. Raises `NoConversionError`."""
        return [
            self.terms(position.symbol_id).exposure(position.side, position.volume, position.open_price)
            for position in self.positions.values()
        ]

    def floating(self) -> Decimal | None:
        """P&L of the open positions; none when one of them cannot be measured now."""
        if not self.positions:
            return ZERO
        if self._floating is None:
            try:
                self._floating = self.batch.world.market.equity(ZERO, self.exposures())
            except (KeyError, NoConversionError):
                return None
        return self._floating

    def equity(self) -> Decimal | None:
        """Balance + floating P&L; none when a position cannot be measured now."""
        floating = self.floating()
        return None if floating is None else add(self.row.balance, floating)

    def bound_after(self, symbol_id: UUID, side: str, margin: Decimal) -> Decimal:
        """What the account's margin grows by when `margin` more is bound on one side of a symbol."""
        both = self._margins.get(symbol_id)
        if both is None:
            return margin
        own, other = both[side == "sell"], both[side == "buy"]
        return subtract(max(add(own, margin), other), max(own, other))

    def _bind(self, position: PositionRow, margin: Decimal) -> None:
        both = self._margins.setdefault(position.symbol_id, [ZERO, ZERO])
        index = position.side == "sell"
        both[index] = add(both[index], margin)

    def _changed(self) -> None:
        self.row.margin = total(max(both) for both in self._margins.values())
        self._floating = None
        self.moved = True
        self.batch.touch(self)

    def netted(self, symbol_id: UUID) -> PositionRow | None:
        """The open position of a symbol on a netting account."""
        return next((held for held in self.positions.values() if held.symbol_id == symbol_id), None)

    # --- money -------------------------------------------------------------------------------------------------

    def enter(
        self,
        kind: str,
        amount: Decimal,
        key: str | None,
        *,
        ts_ms: int,
        commission: Decimal = ZERO,
        swap: Decimal = ZERO,
        fill_id: UUID | None = None,
        origin: str = "system",
        origin_id: UUID | None = None,
        actor: str | None = None,
        note: str | None = None,
    ) -> EntryRow:
        """A ledger entry, and the balance with it."""
        row = self.row
        row.balance = add(row.balance, amount)
        row.ledger_no += 1
        entry = EntryRow(
            new_id(), row.id, row.ledger_no, kind, amount, commission, swap, row.balance,
            fill_id, key, origin, origin_id, actor, note, ts_ms,
        )  # fmt: skip
        self.batch.entries.append(entry)
        self.moved = True
        self.batch.touch(self)
        return entry

    def reserve(self, kind: str, owner_id: UUID, amount: Decimal) -> None:
        """Set the reservation of an owner to `amount`; zero releases it."""
        known = self.reservations.get(owner_id)
        before = known.amount if known else ZERO
        if amount == before:
            return
        if known is None:
            known = self.reservations[owner_id] = ReservationRow(kind, owner_id, amount)
        known.amount, known.changed = amount, True
        self.row.reserved = add(self.row.reserved, subtract(amount, before))
        self.batch.touch(self)

    def reservation(self, owner_id: UUID | None) -> Decimal:
        """What an owner has reserved."""
        known = self.reservations.get(owner_id) if owner_id else None
        return known.amount if known else ZERO

    def commission(self, terms: Terms, volume: Decimal, price: Decimal, rate: Rate) -> Decimal:
        """The charge for a fill."""
        return commission(
            self.type.commission_kind, self.type.commission, volume, terms.symbol.contract_size, price, rate
        )

    def margin_of(self, terms: Terms, volume: Decimal, price: Decimal, rate: Rate) -> Decimal:
        """The margin of a position of `volume` at `price`."""
        return position_margin(volume, terms.symbol.contract_size, price, terms.leverage, rate)

    # --- fills -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Remember equity and balance as they are just before an order fills, for those who watch the account."""
        if self.row.watched:
            equity = self.equity()
            self._before = (self.row.balance if equity is None else equity, self.row.balance)

    def fill_open(
        self, order: OrderRow, volume: Decimal, price: Decimal, margin: Decimal, charge: Decimal, venue_fill_id: str
    ) -> FillResult:
        """An opening fill: a position of its own, or on a netting account an add to what is there."""
        terms, held = self.terms(order.symbol_id), None
        if self.row.mode == "netting":
            held = self.netted(order.symbol_id)
        if held is None:
            leg = opened(order.side, volume, price)
            held = PositionRow(
                new_id(), self.row.id, order.symbol_id, order.side, volume, volume, price, margin, terms.leverage,
                order.stop_loss, order.take_profit, ZERO, charge, ZERO, order.origin, order.origin_id,
                terms.quote.ts_ms if terms.quote else 0, fresh=True,
            )  # fmt: skip
            self.positions[held.id] = held
            self.batch.positions.append(held)
        else:
            leg = added(Holding(held.side, held.volume, held.open_price), volume, price)
            held.opened_volume = add(held.opened_volume, volume)
            held.margin = add(held.margin, margin)
            held.commission = add(held.commission, charge)
            self._take(held, leg)
            if order.stop_loss is not None or order.take_profit is not None:
                held.stop_loss, held.take_profit = order.stop_loss, order.take_profit
                held.protection_changed = True
        self._bind(held, margin)
        return self._book(order, held, leg, price, ZERO, charge, venue_fill_id)

    def fill_close(
        self, order: OrderRow, held: PositionRow, volume: Decimal, price: Decimal, rate: Rate, venue_fill_id: str
    ) -> FillResult:
        """A closing fill of `volume` ≤ what is held, at `price`."""
        terms = self.terms(held.symbol_id)
        leg = reduced(Holding(held.side, held.volume, held.open_price), volume, price, terms.symbol.contract_size)
        profit = rate.convert(leg.realised)
        charge = self.commission(terms, volume, price, rate)
        margin = reduced_margin(held.margin, held.volume, leg.after.volume if leg.after else ZERO)
        self._bind(held, subtract(margin, held.margin))
        held.margin = margin
        held.realised = add(held.realised, profit)
        held.commission = add(held.commission, charge)
        self._take(held, leg)
        if leg.after is None:
            held.closed_ts_ms = terms.quote.ts_ms if terms.quote else held.opened_ts_ms
            held.close_reason = order.close_reason or order.origin
            del self.positions[held.id]
            self.closed.append(held)
        return self._book(order, held, leg, price, profit, charge, venue_fill_id)

    def _take(self, held: PositionRow, leg: Leg) -> None:
        held.volume = leg.after.volume if leg.after else ZERO
        if leg.after is not None:
            held.open_price = leg.after.price
        self.batch.change_position(held)

    def _book(
        self,
        order: OrderRow,
        held: PositionRow,
        leg: Leg,
        price: Decimal,
        profit: Decimal,
        charge: Decimal,
        venue_fill_id: str,
    ) -> FillResult:
        row, quote = self.row, self.terms(order.symbol_id).quote
        seq, ts_ms = (quote.seq, quote.ts_ms) if quote else (0, 0)
        row.fill_no += 1
        fill = FillRow(
            new_id(), row.id, row.fill_no, order.id, venue_fill_id, order.symbol_id, held.id, order.side, leg.effect,
            leg.volume, held.volume, price, profit, charge, order.origin, order.origin_id, seq, ts_ms,
        )  # fmt: skip
        self.batch.fills.append(fill)
        amount = subtract(profit, charge)
        if profit or charge:
            self.enter(
                "trade", amount, None, ts_ms=ts_ms, commission=charge.copy_negate() if charge else ZERO,
                fill_id=fill.id, origin=order.origin, origin_id=order.origin_id,
            )  # fmt: skip
        total = add(order.filled, leg.volume)
        value = add(multiply(order.average_price or ZERO, order.filled), multiply(price, leg.volume))
        order.average_price, order.filled = round_amount(divide(value, total)), total
        result = FillResult(
            fill.id, fill.fill_no, held.id, fill.side, leg.effect, leg.volume, price, profit, charge, held.volume  # type: ignore[arg-type]  # the column holds a Side
        )  # fmt: skip
        order.fills.append(result)
        if row.watched:
            self.batch.watch(order, fill, self._before)
        self._changed()
        return result

    def lift(self, ts_ms: int) -> None:
        """Negative balance protection, once nothing is open any more."""
        if self.type.negative_balance_protection:
            amount = lift_to_zero(self.row.balance, bool(self.positions))
            if amount:
                self.enter(
                    "negative_balance", amount, f"negative_balance:{self.row.ledger_no + 1}", ts_ms=ts_ms,
                    note="Negative balance protection: lifted to zero",
                )  # fmt: skip
