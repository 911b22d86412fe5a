"""Positions that a bot lets go: from then on they are the customer's own."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from core.trading.booking.arrays import uuids
from core.trading.booking.load import lock_accounts
from core.trading.services.orders import accounts_of
from tenants.db import TenantSession


def hand_over(session: TenantSession, position_ids: Collection[UUID]) -> int:
    """Make open positions of bots the customers' own; gives how many changed. Any number, the same statements.

    Their origin is ``manual`` from then on, so that on a netting account the symbol is the customer's again; what opened
    and moved them before keeps its origin, and `Position.released_by` names the bot. Stop, target and triggers stay as
    they are. Closed positions, and those that are no bot's, are passed over.

    :raises UnknownReferenceError: for a position that the tenant does not have; nothing is changed then.
    """
    if not position_ids:
        return 0
    wanted = set(position_ids)
    lock_accounts(session, set(accounts_of(session, "positions", wanted).values()))
    changed = session.execute(
        text(
            "update core.positions set origin = 'manual', origin_id = null, released_by = origin_id, version = version + 1"
            " where id = any(cast(:ids as uuid[])) and origin = 'bot' and closed_ts_ms is null returning id"
        ),
        {"ids": uuids(wanted)},
    )
    return len(changed.all())
