"""Opening orders that are under way at a venue elsewhere: they count as held, and what arrives is taken into its link.

What a venue gives back unfilled lowers the target and is never chased; what the master has closed meanwhile is closed as soon
as it arrives.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from plugins.copy_trading.replication.rows import LinkRow
from plugins.copy_trading.rules.numbers import ZERO

UNDER_WAY = ("pending", "resting", "waiting", "unknown")

_ORDERS = text("""
select o.id, o.status, o.volume - o.filled as missing,
  coalesce(array_agg(distinct f.position_id) filter (where f.position_id is not null), '{}') as positions
from core.orders o left join core.fills f on f.tenant_id = o.tenant_id and f.order_id = o.id
where o.id = any(cast(:ids as uuid[])) group by o.id, o.status, o.volume, o.filled
""")


def settle(session: TenantSession, links: Collection[LinkRow]) -> list[LinkRow]:
    """Take into links what has become of their orders under way; those that have changed. No statement where none is."""
    of_order = {order_id: link for link in links for order_id in link.flying}
    if not of_order:
        return []
    changed: dict[UUID, LinkRow] = {}
    for row in session.execute(_ORDERS, {"ids": uuids(of_order)}):
        link = of_order[row.id]
        fresh = [one for one in row.positions if one not in link.position_ids]
        link.position_ids += fresh
        if fresh:
            changed[link.id] = link
        if row.status in UNDER_WAY:
            link.in_flight += row.missing
            continue
        link.flying.remove(row.id)
        link.held, link.target = max(link.held - row.missing, ZERO), max(link.target - row.missing, ZERO)
        if not link.held and not link.position_ids and not link.flying:
            # Nothing of it was ever there, as of an open that was skipped.
            link.target, link.state = ZERO, "closed"
        changed[link.id] = link
    return list(changed.values())
