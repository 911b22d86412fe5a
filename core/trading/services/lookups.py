"""What has become of orders, and which money has moved: plain look-ups for plugins, any number in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.booking.arrays import uuids
from tenants.db import TenantSession

_ORDERS = text("""
select o.id, o.status, o.volume - o.filled as missing,
  coalesce(array_agg(distinct f.position_id) filter (where f.position_id is not null), '{}') as positions
from core.orders o left join core.fills f on f.tenant_id = o.tenant_id and f.order_id = o.id
where o.id = any(cast(:ids as uuid[])) group by o.id, o.status, o.volume, o.filled
""")
_MONEY = text("""
select account_id, sum(amount) from core.ledger_entries
where account_id = any(cast(:ids as uuid[])) and kind in ('deposit', 'withdrawal', 'correction') and entry_no > 1
  and booked_at > now() - :hours * interval '1 hour'
group by account_id
""")


@dataclass(frozen=True, slots=True)
class OrderFate:
    """An order as it is now.

    :ivar under_way: whether it may still fill.
    :ivar missing: lots that have not been filled.
    :ivar positions: those that its fills have opened, added to or closed.
    """

    id: UUID
    under_way: bool
    missing: Decimal
    positions: tuple[UUID, ...]


def order_fates(session: TenantSession, order_ids: Collection[UUID]) -> list[OrderFate]:
    """What has become of orders; unknown ids are left out."""
    rows = session.execute(_ORDERS, {"ids": uuids(order_ids)})
    live = ("pending", "resting", "waiting", "unknown")
    return [OrderFate(row.id, row.status in live, row.missing, tuple(row.positions)) for row in rows]


def money_moved(session: TenantSession, account_ids: Collection[UUID], hours: int) -> dict[UUID, Decimal]:
    """Deposits less withdrawals of accounts within the last hours, in their currency; what opened an account is left out."""
    return {row[0]: row[1] for row in session.execute(_MONEY, {"ids": uuids(account_ids), "hours": hours})}
