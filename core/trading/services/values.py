"""What single positions are worth now."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.booking.arrays import uuids
from core.trading.booking.load import load_world, open_positions
from core.trading.services.states import floating_of
from tenants.db import TenantSession


def floating_by_position(session: TenantSession, account_ids: Iterable[UUID]) -> dict[UUID, Decimal]:
    """The floating P&L of each open position of the accounts, in its account's currency; four statements for any number.

    A position that cannot be measured now is left out.
    """
    rows = session.execute(
        text("select id, account_type_id from core.accounts where id = any(cast(:ids as uuid[]))"),
        {"ids": uuids(account_ids)},
    ).all()
    types: dict[UUID, UUID] = {row[0]: row[1] for row in rows}
    if not types:
        return {}
    world = load_world(session, set(types.values()))
    values = {
        position.id: floating_of(world, types[position.account_id], position)
        for position in open_positions(session, list(types))
    }
    return {position_id: value for position_id, value in values.items() if value is not None}
