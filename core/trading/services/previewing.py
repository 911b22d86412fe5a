"""What an order would come to now: it is placed by the same engine, and rolled back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from core.trading.booking import book
from core.trading.services.states import account_states
from core.trading.types import AccountState, OrderRequest, OrderResult
from tenants.db import TenantSession, new_id


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """An order that was tried and left no trace. Money in the account's currency.

    :ivar result: what would become of it; its identifiers are nobody's.
    :ivar margin: what it would bind, as margin or set aside for it; negative where it frees some.
    :ivar commission: what it would be charged at once.
    """

    result: OrderResult
    before: AccountState
    after: AccountState

    @property
    def margin(self) -> Decimal:
        return (self.after.margin + self.after.reserved) - (self.before.margin + self.before.reserved)

    @property
    def commission(self) -> Decimal:
        return sum((fill.commission for fill in self.result.fills), Decimal(0))


def preview_order(session: TenantSession, request: OrderRequest) -> OrderPreview:
    """Try an order at the current quotes. The session's transaction is rolled back: call it in one of its own.

    :raises UnknownReferenceError: for an account or symbol that the tenant does not have.
    """
    try:
        before = account_states(session, [request.account_id]).get(request.account_id)
        result = book(session, [replace(request, client_order_id=f"preview-{new_id()}")])[0]
        after = account_states(session, [request.account_id]).get(request.account_id)
        assert before is not None  # noqa: S101 - the booking has found the account
        assert after is not None  # noqa: S101
        return OrderPreview(result, before, after)
    finally:
        session.rollback()
