"""Changing a working order: the old one is cancelled and the new one placed in one transaction, or nothing happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.trading.booking import book
from core.trading.booking.load import lock_accounts
from core.trading.services.orders import accounts_of, cancel_orders
from core.trading.types import OrderRequest, OrderResult, Origin
from core.venues.port import HOUSE
from tenants.db import TenantSession

_OLD: Final = text("""
select account_id, symbol_id, side, kind, status, origin, venue, position_id, reduce_only,
  exists (select from core.orders n where n.account_id = o.account_id and n.client_order_id = :client) as done
from core.orders o where id = :id
""")


class ReplacementError(ValueError):
    """An order that cannot be changed, or not so; `reason` is its code. The transaction must be rolled back."""

    def __init__(self, reason: str, detail: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, dict(detail or {})


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a working order is to become. ``volume`` in lots, what is left of it; none of the protections takes one away."""

    volume: Decimal
    price: Decimal
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


def replace_order(
    session: TenantSession, order_id: UUID, wanted: Replacement, client_order_id: str, *, actor: str | None = None
) -> OrderResult:
    """Give a working order by hand another volume, price or protection; it is a new order from then on.

    The new order is looked at like any other, with the margin that the old one had set aside free again. Asked again with
    the same client order id, the first result is given.

    :raises ReplacementError: `not_working` where the order has ended or waits for the market, `not_by_hand` for one of a
        module, `at_venue` for one that another venue holds, else the reason for which the new order was refused.
    :raises UnknownReferenceError: for an order that the tenant does not have.
    """
    account_id = accounts_of(session, "orders", [order_id])[order_id]
    # Under the account's lock nothing fills, and a second click sees what the first has done.
    lock_accounts(session, {account_id})
    old = session.execute(_OLD, {"id": order_id, "client": client_order_id}).one()
    if old.origin != "manual":
        raise ReplacementError("not_by_hand")
    if not old.done:
        if old.venue != HOUSE:
            raise ReplacementError("at_venue")
        if old.status != "resting" or old.kind not in ("limit", "stop"):
            raise ReplacementError("not_working")
        cancel_orders(session, [order_id], "replaced")
    request = OrderRequest(
        client_order_id, old.account_id, old.symbol_id, old.side, wanted.volume, kind=old.kind, price=wanted.price,
        stop_loss=wanted.stop_loss, take_profit=wanted.take_profit, position_id=old.position_id,
        reduce_only=old.reduce_only, origin=Origin(actor=actor),
    )  # fmt: skip
    result = book(session, [request])[0]
    if not result.accepted:
        raise ReplacementError(result.reason or "not_working", result.detail)
    return result
