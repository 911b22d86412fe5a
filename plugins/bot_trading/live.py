"""Live pages: while somebody looks at bots, what they are worth is sent about once a second."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.jobs import enqueue
from core.sdk.live import publish
from plugins.bot_trading.services.marks import Mark, marks
from plugins.bot_trading.services.moving import MODULE
from plugins.bot_trading.texts import decision_text

__all__ = ["TOPIC", "announce", "publish_marks", "watch"]

TOPIC = "bot_trading"
WATCH_S = 45
"""A page that has not asked again for so long is taken for closed."""


def watch(session: TenantSession, bot_ids: Collection[UUID]) -> None:
    """Note that a page shows these bots, and see that somebody sends it what they are worth."""
    if not bot_ids:
        return
    session.execute(
        text(
            "insert into bot_trading.watches (bot_id, until) select id, now() + make_interval(secs => :seconds)"
            " from unnest(cast(:ids as uuid[])) as t(id) order by id"
            " on conflict (tenant_id, bot_id) do update set until = excluded.until"
        ),
        {"ids": uuids(set(bot_ids)), "seconds": WATCH_S},
    )
    under_way = session.scalar(
        text(
            "insert into bot_trading.publishers (asked_at) values (now())"
            " on conflict (tenant_id) do update set asked_at = now()"
            " where bot_trading.publishers.asked_at < now() - interval '5 seconds' returning true"
        )
    )
    if under_way:
        enqueue(session, MODULE, "marks", {})


def announce(session: TenantSession, customer_id: UUID) -> None:
    """Tell open pages at once that a bot was commanded; what it is now comes with the next marks."""
    publish(session, f"{TOPIC}.changed", {"key": "changed"})
    publish(session, f"{TOPIC}.changed:{customer_id}", {"key": "changed"})


def publish_marks(session: TenantSession) -> bool:
    """Send what watched bots are worth; false when nobody watches any more."""
    session.execute(text("delete from bot_trading.watches where until < now()"))
    rows = session.execute(
        text(
            "select b.id, b.customer_id, b.last_code, b.last_facts, b.halt from bot_trading.watches w"
            " join bot_trading.bots b on b.id = w.bot_id"
        )
    ).all()
    if not rows:
        return False
    session.execute(text("update bot_trading.publishers set asked_at = now()"))
    found = marks(session, [row.id for row in rows])
    cells = {row.id: _cells(found[row.id], row) for row in rows}
    publish(session, TOPIC, {"bots": list(cells.values()), "key": "marks"})
    for customer_id in {row.customer_id for row in rows}:
        own = [cells[row.id] for row in rows if row.customer_id == customer_id]
        publish(session, f"{TOPIC}:{customer_id}", {"bots": own, "key": "marks"})
    return True


def _cells(mark: Mark, row: Any) -> dict[str, Any]:
    return {
        "id": str(mark.id),
        "status": mark.status,
        "currency": mark.currency,
        "total": str(mark.total),
        "share": str(mark.share),
        "drawdown": str(mark.drawdown),
        "realised": str(mark.realised),
        "floating": str(mark.floating),
        "profit": str(mark.cycle_profit),
        "inventory": str(mark.inventory_realised),
        "last": decision_text(row.last_code, row.last_facts),
    }
