"""Stop Copying: for good, closing all copied positions or keeping them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.trading import OrderRequest, lock_accounts_with_markets
from plugins.copy_trading.models import Subscription
from plugins.copy_trading.replication.chunk import held_in
from plugins.copy_trading.replication.orders import closing_orders
from plugins.copy_trading.replication.rows import LinkRow
from plugins.copy_trading.rules.states import LIVE, SubscriptionStatus
from plugins.copy_trading.rules.states import stop as stop_rule

CHOICES = ("close_all", "keep")
ZERO = Decimal(0)


def stop(session: TenantSession, ids: Collection[UUID], choice: str, *, reason: str = "copy_stop") -> int:
    """Stop subscriptions, any number in a fixed number of statements; asking again changes nothing. How many were stopped.

    ``close_all`` closes every copied position at market, ``keep`` leaves them, detached and with their stops.

    :raises IllegalMoveError: for a choice that is neither.
    """
    accounts = session.execute(
        select(Subscription.id, Subscription.account_id).where(Subscription.id.in_(ids), Subscription.status.in_(LIVE))
    ).all()
    if not accounts:
        stop_rule(SubscriptionStatus.STOPPED, choice, 0)
        return 0
    market = lock_accounts_with_markets(session, {row.account_id for row in accounts})
    session.execute(
        text(
            "select from copy_trading.cursors where subscription_id = any(cast(:ids as uuid[]))"
            " order by subscription_id for update"
        ),
        {"ids": uuids(row.id for row in accounts)},
    )
    stopped = {
        row.id: row
        for row in session.scalars(
            select(Subscription)
            .where(Subscription.id.in_([row.id for row in accounts]), Subscription.status.in_(LIVE))
            .execution_options(populate_existing=True)
        )
    }
    links = _live_links(session, stopped)
    held = held_in(market)
    requests: list[OrderRequest] = []
    if choice == "close_all":
        for link in links:
            whole = sum((held.get(one, ZERO) for one in link.position_ids), ZERO)
            requests += closing_orders(session.tenant_id, link, whole, 0, held, reason)
    results = market.place_orders(requests) if requests else []
    waiting = {
        request.origin.id
        for request, result in zip(requests, results, strict=True)
        if result.filled < request.volume and result.reason != "nothing_to_close"
    }
    now = session.scalar(text("select now()"))
    for subscription in stopped.values():
        status = stop_rule(SubscriptionStatus(subscription.status), choice, int(subscription.id in waiting))
        subscription.status, subscription.stop_choice = status, choice
        subscription.stopped_at = now if status is SubscriptionStatus.STOPPED else None
    session.flush()
    session.execute(
        text(
            "update copy_trading.links l set state = :state, held = case when :state = 'closed' then 0 else l.held end,"
            " target = case when :state = 'closed' then 0 else l.target end, final_pnl = case when :state = 'detached' then"
            " (select sum(p.realised - p.commission + p.swap) from core.positions p where p.id = any(l.position_ids)) end"
            " where l.subscription_id = any(cast(:ids as uuid[])) and l.state = 'live'"
        ),
        {"ids": uuids(stopped), "state": "closed" if choice == "close_all" else "detached"},
    )
    return len(stopped)


def finish_stops(session: TenantSession) -> int:
    """Mark subscriptions as stopped whose last position is gone. How many."""
    rows = session.execute(
        text(
            "update copy_trading.subscriptions s set status = 'stopped', stopped_at = now()"
            " where s.status = 'stopping' and not exists (select from core.positions p where p.account_id = s.account_id"
            " and p.origin = 'copy' and p.origin_id = s.id and p.closed_ts_ms is null) returning s.id"
        )
    ).all()
    return len(rows)


def _live_links(session: TenantSession, ids: Collection[UUID]) -> list[LinkRow]:
    rows = session.execute(
        text(
            "select id, subscription_id, master_position_id, account_id, symbol_id, side, target, held, position_ids"
            " from copy_trading.links where state = 'live' and subscription_id = any(cast(:ids as uuid[]))"
            " order by account_id, id"
        ),
        {"ids": uuids(ids)},
    )
    return [LinkRow(*row) for row in rows]
