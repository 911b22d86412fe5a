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

__all__ = ["TOPIC", "announce", "announce_all", "publish_marks", "watch"]

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


def announce_all(session: TenantSession) -> None:
    """Tell staff's open pages that many bots were commanded."""
    publish(session, f"{TOPIC}.changed", {"key": "changed"})


def publish_marks(session: TenantSession) -> bool:
    """Send what watched bots are worth; false when nobody watches any more."""
    session.execute(text("delete from bot_trading.watches where until < now()"))
    watched = session.scalars(text("select bot_id from bot_trading.watches")).all()
    if not watched:
        return False
    session.execute(text("update bot_trading.publishers set asked_at = now()"))
    cells: dict[UUID, list[dict[str, Any]]] = {}
    for mark in marks(session, watched).values():
        cells.setdefault(mark.customer_id, []).append(_cells(mark))
    publish(session, TOPIC, {"bots": [cell for own in cells.values() for cell in own], "key": "marks"})
    for customer_id, own in cells.items():
        publish(session, f"{TOPIC}:{customer_id}", {"bots": own, "key": "marks"})
    return True


def _cells(mark: Mark) -> dict[str, Any]:
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
        "last": decision_text(mark.last_code, mark.last_facts) if mark.last_code else "",
    }
