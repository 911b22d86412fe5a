"""The symbols that a customer has marked."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from tenants.db import TenantSession


def favourites(session: TenantSession, customer_id: UUID) -> frozenset[UUID]:
    """The symbols that stand first in the customer's list."""
    rows = session.scalars(
        text("select symbol_id from core.favourite_symbols where customer_id = :customer"), {"customer": customer_id}
    )
    return frozenset(rows)


def set_favourite(session: TenantSession, customer_id: UUID, symbol_id: UUID, marked: bool) -> None:
    """Mark a symbol, or take the mark away; asked again, nothing changes."""
    names = {"customer": customer_id, "symbol": symbol_id}
    if marked:
        session.execute(
            text(
                "insert into core.favourite_symbols (customer_id, symbol_id) values (:customer, :symbol)"
                " on conflict do nothing"
            ),
            names,
        )
    else:
        session.execute(
            text("delete from core.favourite_symbols where customer_id = :customer and symbol_id = :symbol"), names
        )
