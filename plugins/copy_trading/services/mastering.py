"""Becoming a master and being one: application, decision, grant, status."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.data import TenantSession, new_id
from core.sdk.trading import account_states, watch_account
from plugins.copy_trading.models import Master, Subscription
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.rules.applying import Criterion, Record, judge
from plugins.copy_trading.rules.figures import win_rate
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import LIVE, IllegalMoveError, MasterStatus, move_master
from plugins.copy_trading.services.eligible import APPLY, account_problem
from plugins.copy_trading.services.errors import NotFoundError, RefusedError
from plugins.copy_trading.services.stopping import stop

DEACTIVATIONS = ("wind_down", "close_all", "detach")
_DAY_MS = 86_400_000


def get(session: TenantSession, master_id: UUID, *, lock: bool = False) -> Master:
    """A master of the tenant. Raises :class:`NotFoundError`."""
    master = session.get(Master, (session.tenant_id, master_id), with_for_update=lock or None)
    if master is None:
        raise NotFoundError
    return master


def apply(
    session: TenantSession,
    settings: CopyTradingSettings,
    *,
    customer_id: UUID,
    account_id: UUID,
    name: str,
    about: str = "",
    public: bool = True,
    follower_cap: int | None = None,
) -> Master:
    """A customer's application for one of their accounts, with the criteria as they stand now.

    A rejected account may apply again. Approved at once where the tenant says so and every criterion is met.
    """
    problem = account_problem(session, customer_id, account_id, APPLY)
    if problem is not None:
        raise RefusedError("not_eligible", problem)
    master = session.scalar(select(Master).where(Master.account_id == account_id).with_for_update())
    if master is not None and master.status != MasterStatus.REJECTED:
        raise RefusedError(
            "already_applied", "This account is a master's already, or its application waits for a decision."
        )
    if master is None:
        master = Master(
            id=new_id(), account_id=account_id, customer_id=customer_id, invite_code=secrets.token_urlsafe(9), name=name
        )
        session.add(master)
    lines = criteria(session, settings, account_id)
    master.name, master.about, master.public, master.follower_cap = name, about, public, follower_cap
    master.status, master.reason, master.criteria = MasterStatus.PENDING, "", [asdict(line) for line in lines]
    session.flush()
    if settings.automatic_approval and all(line.met for line in lines):
        approve(session, master, by="automatic approval")
    return master


def criteria(session: TenantSession, settings: CopyTradingSettings, account_id: UUID) -> list[Criterion]:
    """The tenant's criteria against the account's record, as they stand now."""
    rows = session.execute(
        text(
            "select p.realised - p.commission + p.swap as net, p.closed_ts_ms from core.positions p"
            " where p.account_id = :account and p.closed_ts_ms is not null order by p.closed_ts_ms, p.id"
        ),
        {"account": account_id},
    ).all()
    clock = session.scalar(text("select max(feed_ts_ms) from core.quotes")) or 0
    history = (clock - rows[0].closed_ts_ms) // _DAY_MS if rows else 0
    equity = account_states(session, [account_id])[account_id].equity
    balance, peak, depth = equity - sum((row.net for row in rows), Decimal(0)), Decimal(0), Decimal(0)
    for row in [None, *rows]:
        balance += row.net if row is not None else 0
        peak = max(peak, balance)
        depth = max(depth, 1 - balance / peak) if peak > 0 else depth
    record = Record(int(history), len(rows), equity, depth * 100, win_rate(row.net for row in rows))
    return judge(settings.criteria, record)


def grant(
    session: TenantSession,
    *,
    account_id: UUID,
    name: str,
    by: str,
    public: bool = True,
    follower_cap: int | None = None,
) -> Master:
    """Master status given directly, without an application. Raises :class:`NotFoundError` for an unknown account."""
    customer_id = session.scalar(text("select customer_id from core.accounts where id = :id"), {"id": account_id})
    if customer_id is None:
        raise NotFoundError
    master = session.scalar(select(Master).where(Master.account_id == account_id).with_for_update())
    if master is None:
        master = Master(
            id=new_id(), account_id=account_id, customer_id=customer_id, invite_code=secrets.token_urlsafe(9), name=name
        )
        session.add(master)
    elif master.status not in (MasterStatus.PENDING, MasterStatus.REJECTED):
        raise RefusedError("already_master", "This account is a master's already.")
    master.name, master.public, master.follower_cap, master.granted = name, public, follower_cap, True
    master.status = MasterStatus.PENDING
    session.flush()
    approve(session, master, by=by)
    return master


def approve(session: TenantSession, master: Master, *, by: str) -> None:
    """Make an applicant a master; from now on their fills are followed."""
    _move(master, MasterStatus.ACTIVE)
    master.decided_at, master.decided_by = datetime.now(UTC), by
    master.since = master.since or datetime.now(UTC)
    watch_account(session, master.account_id, MODULE)
    session.flush()


def reject(session: TenantSession, master: Master, *, by: str, reason: str) -> None:
    """Turn an application down; the reason is shown to the applicant."""
    if not reason.strip():
        raise RefusedError("reason_missing", "Say why: the applicant reads it.")
    if master.status != MasterStatus.PENDING:
        raise RefusedError("not_pending", "There is no application to decide on.")
    _move(master, MasterStatus.REJECTED)
    master.decided_at, master.decided_by, master.reason = datetime.now(UTC), by, reason.strip()
    session.flush()


def set_status(
    session: TenantSession, master: Master, wanted: MasterStatus, *, reason: str = "", choice: str = ""
) -> int:
    """Pause, activate or deactivate a master. How many subscriptions were stopped with it.

    A deactivation needs a choice: ``wind_down`` (closes go on being mirrored until nothing is left), ``close_all`` or ``detach``.
    """
    stopped = 0
    if wanted is MasterStatus.DEACTIVATED and master.status != MasterStatus.DEACTIVATED:
        if choice not in DEACTIVATIONS:
            raise RefusedError("choice_missing", "Choose how the followers' copies are left.")
        _move(master, wanted)
        session.flush()
        if choice != "wind_down":
            ids = session.scalars(
                select(Subscription.id).where(Subscription.master_id == master.id, Subscription.status.in_(LIVE))
            ).all()
            stopped = stop(session, ids, "close_all" if choice == "close_all" else "keep", reason="copy_master")
    else:
        _move(master, wanted)
        if wanted is MasterStatus.ACTIVE:
            watch_account(session, master.account_id, MODULE)
    master.reason = reason.strip()
    session.flush()
    return stopped


def _move(master: Master, wanted: MasterStatus) -> None:
    try:
        master.status = move_master(MasterStatus(master.status), wanted)
    except IllegalMoveError as error:
        raise RefusedError("illegal_status", f"Not possible: {error}.") from None
