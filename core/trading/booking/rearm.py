"""Triggers written anew for accounts whose conditions have changed: mark-up, pip, margin levels."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from core.trading.booking.arrays import uuids
from core.trading.booking.bands import TriggerRow, account_triggers, order_trigger, position_trigger
from core.trading.booking.batch import Batch
from core.trading.booking.write import write_triggers
from tenants.db import TenantSession


def rearm(session: TenantSession, batch: Batch) -> int:
    """Write every trigger of the batch's accounts anew from the conditions it has read; gives how many there are now.

    Nothing is booked here: an account that the new conditions put below a level, or a stop that they reach, fires on its
    instrument's next quote. A row that the lane has not taken up yet keeps the quote from which it counts.
    """
    gone: list[tuple[str, UUID]] = []
    rows: list[TriggerRow] = []
    for account in batch.accounts.values():
        for order in account.orders.values():
            gone.append(("order", order.id))
            if (row := order_trigger(account, order)) is not None:
                rows.append(row)
        for position in account.positions.values():
            gone.append(("position", position.id))
            if (row := position_trigger(account, position)) is not None:
                rows.append(row)
        gone.append(("account", account.row.id))
        rows.extend(account_triggers(account))
    waiting = _waiting(session, batch)
    kept = [
        row._replace(
            since_seq=min(row.since_seq, waiting.get((row.kind, row.subject_id, row.instrument_id), row.since_seq))
        )
        for row in rows
    ]
    write_triggers(session, gone, kept)
    return len(kept)


def _waiting(session: TenantSession, batch: Batch) -> dict[tuple[str, UUID, UUID], int]:
    """From which quote the rows count that the lane has not taken up."""
    found = session.execute(
        text(
            "select kind, subject_id, instrument_id, since_seq from core.triggers"
            " where account_id = any(cast(:ids as uuid[])) and kind <> 'reactor' and not armed"
        ),
        {"ids": uuids(batch.accounts)},
    )
    return {(kind, subject, instrument): since for kind, subject, instrument, since in found}
