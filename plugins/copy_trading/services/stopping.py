"""Stop Copying: for good, closing all copied positions or keeping them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text

from core.sdk.alerts import raise_alert
from core.sdk.arrays import texts, uuids
from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.trading import OrderRequest
from plugins.copy_trading.models import Subscription
from plugins.copy_trading.replication.chunk import held_in
from plugins.copy_trading.replication.orders import MODULE, closing_orders
from plugins.copy_trading.replication.read import live_links
from plugins.copy_trading.rules.states import LIVE, SubscriptionStatus
from plugins.copy_trading.rules.states import stop as stop_rule
from plugins.copy_trading.services import mocking
from plugins.copy_trading.services.locking import hold, lock_accounts, lock_cursors

CHOICES = ("close_all", "keep")
REFUSED = "stop_refused"
"""Code of the alert about a close of a stop that is refused."""
ZERO = Decimal(0)


def stop(
    session: TenantSession, ids: Collection[UUID], choice: str, *, reason: str = "copy_stop", tell: bool = True
) -> int:
    """Stop subscriptions, any number in a fixed number of statements; asking again changes nothing. How many were stopped.

    ``close_all`` closes every copied position at market, ``keep`` leaves them, detached and with their stops. A close that is
    refused leaves its copy ``stopping``, with the reason and (``tell``) an alert; it is tried again by a job, alone. On paper
    there is nothing to keep.

    :raises IllegalMoveError: for a choice that is neither.
    """
    hold(session)
    found = session.execute(
        select(Subscription.id, Subscription.account_id, Subscription.mock).where(
            Subscription.id.in_(ids), Subscription.status.in_(LIVE)
        )
    ).all()
    if not found:
        stop_rule(SubscriptionStatus.STOPPED, choice, 0)
        return 0
    live = {row.id: row.account_id for row in found if not row.mock}
    done = _stop_live(session, live, choice, reason, tell=tell) if live else 0
    return done + mocking.stop(session, [row.id for row in found if row.mock])


def _stop_live(session: TenantSession, accounts: Mapping[UUID, UUID], choice: str, reason: str, *, tell: bool) -> int:
    market = lock_accounts(session, set(accounts.values()))
    lock_cursors(session, accounts)
    stopped = {
        row.id: row
        for row in session.scalars(
            select(Subscription)
            .where(Subscription.id.in_(accounts), Subscription.status.in_(LIVE))
            .execution_options(populate_existing=True)
        )
    }
    held = held_in(market)
    requests: list[OrderRequest] = []
    if choice == "close_all":
        for link in live_links(session, stopped):
            whole = sum((held.get(one, ZERO) for one in link.position_ids), ZERO)
            requests += closing_orders(session.tenant_id, link, whole, 0, held, reason)
    results = market.place_orders(requests) if requests else []
    waiting: set[UUID | None] = set()
    refused: dict[UUID, str] = {}
    for request, result in zip(requests, results, strict=True):
        if result.filled < request.volume and result.reason != "nothing_to_close":
            waiting.add(request.origin.id)
            if result.status in ("rejected", "cancelled") and request.origin.id is not None:
                refused[request.origin.id] = result.reason or result.status
    if choice == "close_all":
        waiting |= {key for key, row in stopped.items() if market.accounts[row.account_id].opening(key)}
    now = session.scalar(select(func.now()))
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
    note_refused(session, refused, tell=tell)
    return len(stopped)


def note_refused(session: TenantSession, refused: Mapping[UUID, str], *, tell: bool = True) -> None:
    """Write down whose stop could not close everything, and when it is tried again: after 10 s, then twice as long each time."""
    if not refused:
        return
    session.execute(
        text(
            "update copy_trading.subscriptions s set stop_error = t.error, stop_tries = s.stop_tries + 1,"
            " stop_retry_at = now() + least(10 * 2 ^ least(s.stop_tries, 10), 3600) * interval '1 second'"
            " from unnest(cast(:ids as uuid[]), cast(:errors as text[])) as t(id, error) where s.id = t.id"
        ),
        {"ids": uuids(refused), "errors": texts(refused.values())},
    )
    session.expire_all()
    for subscription_id, error in refused.items() if tell else ():
        raise_alert(
            session,
            MODULE,
            REFUSED,
            _("A copy is stopping, but a close was refused ({reason}). It is tried again by itself.", reason=error),
            severity="critical",
            subject=str(subscription_id),
            detail={"error": error},
        )
