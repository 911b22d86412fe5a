"""The master's stop-loss and take-profit, mirrored at the same prices to the copies of a position."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from core.sdk import EventView, JobContext
from core.sdk.trading import Protection, set_protections
from plugins.copy_trading.replication import read
from plugins.copy_trading.rules.targets import mirrored_stops


def on_stop_changes(ctx: JobContext, events: Sequence[EventView], shard: int) -> None:
    """Set the present stops of the masters' positions that changed on all their copies; in every state of the module.

    The present ones, not those of the event: handled late or twice, the end is the same.
    """
    master = read.master_of_stream(ctx.session, events[0].stream)
    positions = {UUID(event.payload["position_id"]) for event in events}
    if master is None:
        return
    read.take_turns(ctx.session, master.id, shard)
    rows = ctx.session.execute(
        text(
            "select unnest(l.position_ids) as position_id, p.stop_loss, p.take_profit, s.reverse"
            " from copy_trading.links l join core.positions p on p.tenant_id = l.tenant_id and p.id = l.master_position_id"
            " join copy_trading.subscriptions s on s.tenant_id = l.tenant_id and s.id = l.subscription_id"
            " where l.master_position_id = any(:positions) and l.state = 'live' and p.closed_ts_ms is null"
            " and s.master_id = :master and s.shard = :shard and not s.mock"
        ),
        {"positions": list(positions), "master": master.id, "shard": shard},
    ).all()
    set_protections(
        ctx.session,
        [Protection(row.position_id, *mirrored_stops(row.stop_loss, row.take_profit, row.reverse)) for row in rows],
        checked=False,
    )
