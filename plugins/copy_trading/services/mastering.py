"""Being a master: granted or approved, rejected, status, and what a master says of themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select, text, update

from core.sdk.data import TenantSession, new_id
from core.sdk.notify import Tone, notify
from core.sdk.text import _
from core.sdk.trading import watch_account
from plugins.copy_trading.models import Application, Master, Subscription
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.replication.telling import followers_of, tell_followers
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import LIVE, IllegalMoveError, MasterStatus, move_master
from plugins.copy_trading.services.errors import NotFoundError, RefusedError
from plugins.copy_trading.services.observing import look_at
from plugins.copy_trading.services.profiles import Profile, take_profile
from plugins.copy_trading.services.stopping import stop

DEACTIVATIONS = ("wind_down", "close_all", "detach")


def get(session: TenantSession, master_id: UUID, *, lock: bool = False) -> Master:
    """A master of the tenant. Raises :class:`NotFoundError`."""
    master = session.get(Master, (session.tenant_id, master_id), with_for_update=lock or None)
    if master is None:
        raise NotFoundError
    return master


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
        master = Master(id=new_id(), account_id=account_id, customer_id=customer_id, name=name)
        session.add(master)
    elif master.status not in (MasterStatus.PENDING, MasterStatus.REJECTED):
        raise RefusedError("already_master", _("This account is a master's already."))
    master.name, master.public, master.follower_cap, master.granted = name, public, follower_cap, True
    master.status = MasterStatus.PENDING
    session.flush()
    approve(session, master, by=by)
    return master


def approve(session: TenantSession, master: Master, *, by: str) -> None:
    """Make an applicant a master, also one who was rejected; from now on their fills are followed."""
    if master.status not in (MasterStatus.PENDING, MasterStatus.REJECTED):
        raise RefusedError("not_pending", _("There is no application to decide on."))
    _move(master, MasterStatus.ACTIVE)
    master.decided_at, master.decided_by, master.reason = datetime.now(UTC), by, ""
    master.since = master.since or datetime.now(UTC)
    watch_account(session, master.account_id, MODULE)
    session.flush()
    look_at(session, [master.id])
    _decide(session, master, "approved", by)
    _tell(session, master, "master_approved", _("{name} is a master trader now.", name=master.name), "success")


def reject(session: TenantSession, master: Master, *, by: str, reason: str) -> None:
    """Turn an application down; the reason is shown to the applicant."""
    if not reason.strip():
        raise RefusedError("reason_missing", _("Say why: the applicant reads it."))
    if master.status != MasterStatus.PENDING:
        raise RefusedError("not_pending", _("There is no application to decide on."))
    _move(master, MasterStatus.REJECTED)
    master.decided_at, master.decided_by, master.reason = datetime.now(UTC), by, reason.strip()
    session.flush()
    _decide(session, master, "rejected", by, master.reason)
    said = _("The application of {name} was rejected: {reason}", name=master.name, reason=master.reason)
    _tell(session, master, "master_rejected", said, "warning")


def _decide(session: TenantSession, master: Master, status: str, by: str, reason: str = "") -> None:
    """Answer the application that waits, if there is one: a grant needs none."""
    session.execute(
        update(Application)
        .where(Application.master_id == master.id, Application.status == "pending")
        .values(status=status, reason=reason, decided_at=func.now(), decided_by=by)
    )


def _tell(session: TenantSession, master: Master, code: str, words: str, tone: Tone) -> None:
    notify(
        session,
        source=MODULE,
        code=code,
        people=[master.customer_id],
        text=words,
        href=f"/copy-trading/mine/{master.id}",
        tone=tone,
        mail=True,
    )


def change_profile(session: TenantSession, settings: CopyTradingSettings, master: Master, profile: Profile) -> None:
    """A master changes what is theirs to set.

    A cap below the present number of followers sends nobody away. Raises :class:`RefusedError` for a fee outside the
    tenant's bound.
    """
    if master.status in (MasterStatus.PENDING, MasterStatus.REJECTED):
        raise RefusedError("not_master", _("This is possible once the application is approved."))
    take_profile(settings, master, profile)
    session.flush()


def set_status(
    session: TenantSession, master: Master, wanted: MasterStatus, *, reason: str = "", choice: str = ""
) -> int:
    """Pause, activate or deactivate a master. How many subscriptions were stopped with it.

    A deactivation needs a choice: ``wind_down`` (closes go on being mirrored until nothing is left), ``close_all`` or ``detach``.
    """
    stopped, before, following = 0, master.status, followers_of(session, master.id)
    if wanted is MasterStatus.DEACTIVATED and master.status != MasterStatus.DEACTIVATED:
        if choice not in DEACTIVATIONS:
            raise RefusedError("choice_missing", _("Choose how the followers' copies are left."))
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
    if wanted != before:
        _tell(session, master, f"master_{wanted}", _CHANGED[wanted].format(name=master.name), _TONES[wanted])
    if wanted != before and wanted in _FOLLOWERS_READ:
        tell_followers(session, following, f"master_{wanted}", _FOLLOWERS_READ[wanted], _TONES[wanted], mail=True)
    return stopped


_CHANGED = {
    MasterStatus.ACTIVE: _("{name} is active again: followers copy the next trades."),
    MasterStatus.PAUSED: _("{name} was paused: nobody new can follow, and nothing new is copied."),
    MasterStatus.DEACTIVATED: _("{name} was deactivated: trades are copied no more."),
}
_FOLLOWERS_READ: dict[MasterStatus, Callable[[str], str]] = {
    MasterStatus.ACTIVE: lambda name: _("{name} is active again: the next trades are copied.", name=name),
    MasterStatus.PAUSED: lambda name: _("{name} was paused: nothing new is copied, closes still follow.", name=name),
    MasterStatus.DEACTIVATED: lambda name: _(
        "{name} is no longer a master: see what becomes of your open copies.", name=name
    ),
}
_TONES: dict[MasterStatus, Tone] = {
    MasterStatus.ACTIVE: "success",
    MasterStatus.PAUSED: "warning",
    MasterStatus.DEACTIVATED: "warning",
}


def _move(master: Master, wanted: MasterStatus) -> None:
    try:
        master.status = move_master(MasterStatus(master.status), wanted)
    except IllegalMoveError as error:
        raise RefusedError("illegal_status", _("Not possible: {problem}.", problem=error)) from None
