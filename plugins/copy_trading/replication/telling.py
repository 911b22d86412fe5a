"""Telling followers what has become of their copies: one call for many, each on their own page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.notify import Tone, notify
from plugins.copy_trading.replication.orders import MODULE


def tell_followers(
    session: TenantSession,
    ids: Collection[UUID],
    code: str,
    words: Callable[[str], str],
    tone: Tone = "info",
    *,
    mail: bool = False,
) -> None:
    """Tell the customers of subscriptions; ``words`` makes the text from the master's name."""
    if not ids:
        return
    rows = session.execute(
        text(
            "select m.name, array_agg(distinct s.customer_id) as people, min(cast(s.id as text)) as one, count(*) as many"
            " from copy_trading.subscriptions s join copy_trading.masters m on m.id = s.master_id"
            " where s.id = any(cast(:ids as uuid[])) group by m.id, m.name order by m.id"
        ),
        {"ids": uuids(ids)},
    )
    for row in rows:
        # One address for all who are told at once; a single one is led to the copy itself.
        href = f"/copy-trading/copies/{row.one}" if row.many == 1 else "/copy-trading/copies"
        notify(
            session, source=MODULE, code=code, people=row.people, text=words(row.name), href=href, tone=tone, mail=mail
        )


def followers_of(session: TenantSession, master_id: UUID) -> list[UUID]:
    """The subscriptions that follow a master now, on paper too."""
    return list(
        session.scalars(
            text(
                "select id from copy_trading.subscriptions where master_id = :id and status in ('active', 'paused')"
                " order by id"
            ),
            {"id": master_id},
        )
    )
