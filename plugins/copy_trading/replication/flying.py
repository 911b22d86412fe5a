"""Opening orders that are under way at a venue elsewhere: they count as held, and what arrives is taken into its link.

What a venue gives back unfilled lowers the target and is never chased; what the master has closed meanwhile is closed as soon
as it arrives.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.sdk.data import TenantSession
from core.sdk.trading import order_fates
from plugins.copy_trading.replication.rows import LinkRow
from plugins.copy_trading.rules.numbers import ZERO


def settle(session: TenantSession, links: Collection[LinkRow]) -> list[LinkRow]:
    """Take into links what has become of their orders under way; those that have changed. No statement where none is."""
    of_order = {order_id: link for link in links for order_id in link.flying}
    if not of_order:
        return []
    changed: dict[UUID, LinkRow] = {}
    for row in order_fates(session, of_order):
        link = of_order[row.id]
        fresh = [one for one in row.positions if one not in link.position_ids]
        link.position_ids += fresh
        if fresh:
            changed[link.id] = link
        if row.under_way:
            link.in_flight += row.missing
            continue
        link.flying.remove(row.id)
        link.held, link.target = max(link.held - row.missing, ZERO), max(link.target - row.missing, ZERO)
        if not link.held and not link.position_ids and not link.flying:
            # Nothing of it was ever there, as of an open that was skipped.
            link.target, link.state = ZERO, "closed"
        changed[link.id] = link
    return list(changed.values())
