"""Applying to be a master: the criteria with an account's figures, the application, the answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.data import TenantSession, new_id
from core.sdk.text import _
from core.sdk.trading import account_states
from plugins.copy_trading.models import Application, Master
from plugins.copy_trading.rules.applying import Criterion, judge, record_of
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import MasterStatus
from plugins.copy_trading.services import mastering
from plugins.copy_trading.services.eligible import APPLY, account_problem
from plugins.copy_trading.services.errors import NotFoundError, RefusedError
from plugins.copy_trading.services.profiles import Profile, take_profile

AUTOMATIC = "automatic approval"
_DAY_MS = 86_400_000


def apply(
    session: TenantSession, settings: CopyTradingSettings, *, customer_id: UUID, account_id: UUID, profile: Profile
) -> Application:
    """A customer's application for one of their accounts, with the criteria as they stand now.

    A rejected or withdrawn account may apply again. Approved at once where the tenant says so and every criterion is met.

    :raises RefusedError: where a gate holds, an application waits or the account is a master's already.
    """
    problem = account_problem(session, customer_id, account_id, APPLY)
    if problem is not None:
        raise RefusedError("not_eligible", problem)
    # Two applications for an account at once are one after the other.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"copy_trading:apply:{account_id}"}
    )
    master = session.scalar(select(Master).where(Master.account_id == account_id).with_for_update())
    if master is not None and master.status != MasterStatus.REJECTED:
        raise RefusedError(
            "already_applied", _("This account is a master's already, or its application waits for a decision.")
        )
    if master is None:
        master = Master(id=new_id(), account_id=account_id, customer_id=customer_id, name=profile.name)
        session.add(master)
    lines = criteria(session, settings, account_id)
    kept = [asdict(line) for line in lines]
    take_profile(settings, master, profile)
    master.status, master.reason, master.criteria = MasterStatus.PENDING, "", kept
    session.flush()
    application = Application(
        id=new_id(),
        master_id=master.id,
        account_id=account_id,
        customer_id=customer_id,
        name=profile.name,
        about=profile.about,
        public=profile.public,
        follower_cap=profile.follower_cap,
        fee_percent=profile.fee_percent,
        criteria=kept,
        met=all(line.met for line in lines),
        status="pending",
    )
    session.add(application)
    session.flush()
    if settings.automatic_approval and application.met:
        mastering.approve(session, master, by=AUTOMATIC)
        session.refresh(application)
    return application


def withdraw(session: TenantSession, customer_id: UUID, application_id: UUID) -> Application:
    """The applicant takes an application back; the account may apply again. Raises :class:`NotFoundError`."""
    application = session.get(Application, (session.tenant_id, application_id), with_for_update=True)
    if application is None or application.customer_id != customer_id:
        raise NotFoundError
    if application.status != "pending":
        raise RefusedError("not_pending", _("This application has been decided already."))
    application.status, application.decided_at = "withdrawn", datetime.now(UTC)
    master = mastering.get(session, application.master_id, lock=True)
    master.status, master.reason = MasterStatus.REJECTED, ""
    session.flush()
    return application


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
    return judge(settings.criteria, record_of([row.net for row in rows], equity, int(history)))


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """An application in a list, with its applicant."""

    id: UUID
    master_id: UUID
    account_id: UUID
    account: str
    currency: str
    customer_id: UUID
    customer: str
    email: str
    name: str
    about: str
    public: bool
    follower_cap: int | None
    fee_percent: Decimal
    status: str
    criteria: list[Any]
    met: bool
    reason: str
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None

    @property
    def unmet(self) -> int:
        """How many criteria were not met."""
        return sum(not line["met"] for line in self.criteria)


def applications(
    session: TenantSession,
    *,
    status: str | None = None,
    customer_id: UUID | None = None,
    ids: Sequence[UUID] | None = None,
) -> list[ApplicationLine]:
    """Applications of the tenant or of one customer, the newest first."""
    rows = session.execute(
        text(
            "select p.id, p.master_id, p.account_id, a.number, a.currency, p.customer_id, c.name, c.email, p.name, p.about,"
            " p.public, p.follower_cap, p.fee_percent, p.status, p.criteria, p.met, p.reason, p.created_at, p.decided_at,"
            " p.decided_by from copy_trading.applications p join core.accounts a on a.id = p.account_id"
            " join tenants.customers c on c.id = p.customer_id"
            " where (cast(:status as text) is null or p.status = :status)"
            " and (cast(:customer as uuid) is null or p.customer_id = :customer)"
            " and (cast(:ids as uuid[]) is null or p.id = any(cast(:ids as uuid[])))"
            " order by p.created_at desc, p.id desc"
        ),
        {"status": status, "customer": customer_id, "ids": None if ids is None else list(ids)},
    )
    return [ApplicationLine(*row) for row in rows]
