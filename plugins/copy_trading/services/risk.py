"""Looking after followers between the master's trades: over-leverage, and the copy's own stop-loss."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import OperationalError

from core.sdk import JobContext
from core.sdk.alerts import open_alerts
from core.sdk.arrays import uuids
from core.sdk.text import _
from core.sdk.trading import account_states
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.replication.telling import tell_followers
from plugins.copy_trading.rules.figures import LeverageLimits, effective_leverage, leverage_warning
from plugins.copy_trading.rules.states import Pause
from plugins.copy_trading.services import mocking
from plugins.copy_trading.services.following import pause
from plugins.copy_trading.services.locking import lock_accounts
from plugins.copy_trading.services.stopping import stop

Finding = Literal["reached", "critical"]


class NotClosingError(Exception):
    """A stopped copy would keep a position that no order closes."""


OVER_LEVERAGED = "over_leveraged"
REASON = "copy_stop_loss"
"""The reason of the orders that close."""
_HUNDRED = Decimal(100)


def scan(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """Stop copies whose stop-loss is reached; alert staff on critical followers and pause them where the tenant says so."""
    settings = ctx.settings()
    _stop_on_paper(ctx)
    found = _findings(ctx, settings.leverage_limits)
    reached = [subscription_id for subscription_id, finding in found.items() if finding == "reached"]
    critical = [subscription_id for subscription_id, finding in found.items() if finding == "critical"]
    if reached:
        _stop(ctx, reached)
        # The accounts are let go first: a pause waits for fills that are being copied, and those may wait for accounts.
        ctx.commit()
    known = open_alerts(ctx.session, MODULE, [OVER_LEVERAGED])
    for subscription_id in critical:
        if (OVER_LEVERAGED, str(subscription_id)) not in known:
            ctx.alert(
                OVER_LEVERAGED,
                _("A follower is critically over-leveraged: see the Followers tab of the master."),
                severity="critical",
                subject=str(subscription_id),
            )
    for code, subject in known - {(OVER_LEVERAGED, str(one)) for one in critical}:
        ctx.settle(code, subject)
    if critical and settings.critical_pauses:
        pause(ctx.session, critical, Pause.RISK)


def _stop_on_paper(ctx: JobContext) -> None:
    """The stop-loss of paper copies, on their own money."""
    rows = ctx.session.execute(
        text(
            "select id, start_equity * (1 - stop_loss_percent / 100) as limit from copy_trading.subscriptions"
            " where mock and status in ('active', 'paused') and stop_loss_percent is not null"
        )
    ).all()
    if not rows:
        return
    found = mocking.figures(ctx.session, [row.id for row in rows])
    reached = [row.id for row in rows if (equity := found[row.id].equity) is not None and equity <= row.limit]
    if reached:
        mocking.stop(ctx.session, reached)
        _tell_stopped(ctx, reached)
        ctx.commit()


def _findings(ctx: JobContext, limits: LeverageLimits) -> dict[UUID, Finding]:
    """Subscriptions in need, by what they need.

    All are looked at without locks; the few that stand out are looked at again under their accounts' locks, where an equity
    that cannot be told is none. A stop is for good: it is never decided on a position that only has no price now.
    """
    rows = ctx.session.execute(
        text(
            "select id, account_id, start_equity, stop_loss_percent from copy_trading.subscriptions"
            " where status in ('active', 'paused') and not mock"
        )
    ).all()
    states = account_states(ctx.session, {row.account_id for row in rows})
    suspects = []
    for row in rows:
        state = states[row.account_id]
        if _finding(row, state.equity, state.notional, state.level, limits):
            suspects.append(row)
    if not suspects:
        return {}
    locked = lock_accounts(ctx.session, {row.account_id for row in suspects})
    found: dict[UUID, Finding] = {}
    for row in suspects:
        account = locked.accounts[row.account_id]
        equity = account.equity
        if equity is None:
            continue
        level = equity * _HUNDRED / account.margin if account.margin else None
        finding = _finding(row, equity, locked.notional(account.id), level, limits)
        if finding:
            found[row.id] = finding
    return found


def _finding(
    row: Row[Any], equity: Decimal, notional: Decimal, level: Decimal | None, limits: LeverageLimits
) -> Finding | None:
    if row.stop_loss_percent is not None and equity <= row.start_equity * (1 - row.stop_loss_percent / _HUNDRED):
        return "reached"
    leverage = effective_leverage(notional, equity)
    return "critical" if leverage_warning(leverage, level, limits) == "critical" else None


def _stop(ctx: JobContext, ids: Sequence[UUID]) -> None:
    """Close all and stop, together; where that fails each alone, so that one bad follower holds no other's stop back."""
    try:
        with ctx.session.begin_nested():
            stop(ctx.session, ids, "close_all", reason=REASON, tell=False)
            refused = _refused(ctx, ids)
            # What could be closed stays closed; where that is nothing, the whole is undone and tried again.
            if refused and (len(ids) > 1 or not _closed_some(ctx, ids[0])):
                raise NotClosingError(f"a close was refused: {refused}")
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the others are stopped all the same
        if len(ids) > 1:
            for subscription_id in ids:
                _stop(ctx, [subscription_id])
            return
        _tell(
            ctx,
            ids[0],
            _(
                "A copy's stop-loss is reached, but its positions could not be closed. It is tried again with each scan."
            ),
            "".join(traceback.format_exception_only(error)).strip()[:2000],
        )
        return
    if refused:
        _tell(
            ctx,
            ids[0],
            _("A copy's stop-loss is reached, and not all of its positions could be closed. The rest is tried again."),
            f"a close was refused: {refused}",
        )
    _tell_stopped(ctx, ids)


def _tell_stopped(ctx: JobContext, ids: Sequence[UUID]) -> None:
    """What is stopped is no failure any more, and its follower reads why."""
    rows = ctx.session.execute(
        text(
            "select id, status from copy_trading.subscriptions where id = any(cast(:ids as uuid[]))"
            " and status in ('stopping', 'stopped')"
        ),
        {"ids": uuids(ids)},
    ).all()
    for row in rows:
        if row.status == "stopped":
            ctx.settle("stop_loss_failed", str(row.id))
    tell_followers(
        ctx.session,
        [row.id for row in rows],
        "copy_stop_loss",
        lambda master: _("The stop-loss of your copy of {master} was reached: everything is closed.", master=master),
        "warning",
        mail=True,
    )


def _tell(ctx: JobContext, subscription_id: UUID, message: str, error: str) -> None:
    ctx.alert("stop_loss_failed", message, severity="critical", subject=str(subscription_id), detail={"error": error})


def _refused(ctx: JobContext, ids: Sequence[UUID]) -> str | None:
    """Why closes were refused whose positions would be left behind; none where every close was carried out or waits."""
    reasons: str | None = ctx.session.scalar(
        text(
            "select string_agg(distinct coalesce(o.reason, o.status), ', ') from core.positions p"
            " join copy_trading.subscriptions s on s.account_id = p.account_id and s.id = p.origin_id"
            " join core.orders o on o.position_id = p.id and o.origin = 'copy' and o.reduce_only and o.status = 'rejected'"
            " where p.origin = 'copy' and p.closed_ts_ms is null and s.status = 'stopping'"
            " and s.id = any(cast(:ids as uuid[])) and not exists (select from core.orders x where x.position_id = p.id"
            " and x.reduce_only and x.status in ('waiting', 'pending', 'unknown'))"
        ),
        {"ids": uuids(ids)},
    )
    return reasons


def _closed_some(ctx: JobContext, subscription_id: UUID) -> bool:
    """Whether the stop of a subscription has closed, or is closing, any position."""
    return bool(
        ctx.session.scalar(
            text(
                "select exists (select from core.orders where origin = 'copy' and origin_id = :id and close_reason = :reason"
                " and status <> 'rejected')"
            ),
            {"id": subscription_id, "reason": REASON},
        )
    )
