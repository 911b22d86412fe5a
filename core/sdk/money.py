"""Money for plugins: rounding, by the one function that takes digits from an amount (12 decimals, half-even), and the currency
in which a brokerage adds up what it has in several."""

from __future__ import annotations

from sqlalchemy import text

from core.trading.rules.money import round_amount
from tenants.db import TenantSession

__all__ = ["reporting_currency", "round_amount"]


def reporting_currency(session: TenantSession) -> str:
    """The brokerage's main currency: the first of those in which accounts may be held."""
    found = session.scalar(
        text("select currencies ->> 0 from tenants.tenants where id = :id"), {"id": session.tenant_id}
    )
    return str(found)
