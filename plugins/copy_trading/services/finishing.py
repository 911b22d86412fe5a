"""What comes after a stop: closes that were refused are tried again, and the last position gone ends the copy."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.sdk import JobContext
from core.sdk.alerts import settle_alert
from core.sdk.data import TenantSession
from core.sdk.notify import notify
from core.sdk.text import _
from core.sdk.trading import OrderRequest
from plugins.copy_trading.replication.orders import MODULE, client_order_id, origin
from plugins.copy_trading.services.locking import lock_accounts
from plugins.copy_trading.services.stopping import REFUSED, note_refused

AT_A_TIME = 100


def finish_stops(ctx: JobContext) -> int:
    """Try refused closes again that are due, each copy alone; mark copies as stopped whose last position is gone. How many."""
    due = ctx.session.execute(
        text(
            "select id, account_id from copy_trading.subscriptions where status = 'stopping' and not mock"
            " and coalesce(stop_retry_at, now()) <= now() order by stop_retry_at nulls first, id limit :most"
        ),
        {"most": AT_A_TIME},
    ).all()
    for row in due:
        try:
            with ctx.session.begin_nested():
                _try_again(ctx.session, row.id, row.account_id)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the other stops go on
            note_refused(ctx.session, {row.id: f"{type(error).__name__}: {error}"[:500]})
        ctx.commit()
    return _mark(ctx.session)


def _try_again(session: TenantSession, subscription_id: UUID, account_id: UUID) -> None:
    market = lock_accounts(session, [account_id])
    tries = session.scalar(
        text("select stop_tries from copy_trading.subscriptions where id = :id and status = 'stopping' for update"),
        {"id": subscription_id},
    )
    if tries is None:
        return
    requests = [
        OrderRequest(
            client_order_id=client_order_id(session.tenant_id, subscription_id, 0, f"stop:{left.id.hex}:{tries}"),
            account_id=account_id,
            symbol_id=left.symbol_id,
            side="sell" if left.side == "buy" else "buy",
            volume=left.volume,
            position_id=left.id,
            reduce_only=True,
            origin=origin(subscription_id),
            reason="copy_stop",
        )
        for left in market.accounts[account_id].positions
        # A close that waits for the market or a venue is enough; a second one would close what is not there.
        if (left.origin, left.origin_id) == ("copy", subscription_id)
        and not market.accounts[account_id].is_closing(left.id)
    ]
    results = market.place_orders(requests) if requests else []
    refused = [result.reason or result.status for result in results if not result.accepted]
    if refused:
        note_refused(session, {subscription_id: ", ".join(sorted(set(refused)))})


def _mark(session: TenantSession) -> int:
    rows = session.execute(
        text(
            "update copy_trading.subscriptions s set status = 'stopped', stopped_at = now(), stop_error = null,"
            " stop_retry_at = null from copy_trading.masters m"
            " where s.status = 'stopping' and m.id = s.master_id and not exists (select from core.positions p"
            " where p.account_id = s.account_id and p.origin = 'copy' and p.origin_id = s.id and p.closed_ts_ms is null)"
            " and not exists (select from core.orders o where o.account_id = s.account_id and o.origin_id = s.id"
            " and not o.reduce_only and o.status in ('pending', 'resting', 'waiting', 'unknown'))"
            " returning s.id, s.customer_id, m.name"
        )
    ).all()
    for row in rows:
        for code in (REFUSED, "stop_loss_failed"):
            settle_alert(session, MODULE, code, str(row.id))
        notify(
            session,
            source=MODULE,
            code="copy_ended",
            people=[row.customer_id],
            text=_("Your copy of {master} has ended: its last position is closed.", master=row.name),
            href=f"/copy-trading/copies/{row.id}",
        )
    return len(rows)
