"""Following a master: start, change, pause, resume, stop."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession, new_id
from core.sdk.notify import notify
from core.sdk.text import _
from plugins.copy_trading.models import Confirmation, Cursor, Master, Subscription
from plugins.copy_trading.replication.existing import take_over
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.replication.telling import tell_followers
from plugins.copy_trading.rules.choices import Choices, out_of_bounds
from plugins.copy_trading.rules.reasons import plain
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import By, Pause, SubscriptionStatus, resume, status_of
from plugins.copy_trading.services import invites
from plugins.copy_trading.services.eligible import follow_problem
from plugins.copy_trading.services.errors import NotFoundError, RefusedError
from plugins.copy_trading.services.fees import asked_fee, begin_fees
from plugins.copy_trading.services.locking import hold, lock_accounts, lock_cursors

SHARD_SIZE = 2500
"""Followers of one master that are worked off in one transaction; smaller shards were slower."""


def follow(
    session: TenantSession,
    settings: CopyTradingSettings,
    *,
    customer_id: UUID,
    account_id: UUID,
    master_id: UUID,
    choices: Choices,
    confirmed: bool,
    invite_code: str = "",
    seen_fee: Decimal | None = None,
) -> Subscription:
    """Start copying. Positions that the master has open are left alone unless the choices say otherwise.

    ``seen_fee`` is the performance fee that the customer has read and confirmed, percent; a follow is refused where the
    master asks more by now.

    :raises NotFoundError: for a master that may not be seen (another tenant's, a pending one, a private one without its code).
    :raises RefusedError: where a gate or a bound holds, with the remedy.
    """
    hold(session)
    master = followable(session, master_id, invite_code)
    if not confirmed:
        raise RefusedError("not_confirmed", _("Read and confirm the risk notice and the fee first."))
    fee = asked_fee(settings, master)
    if seen_fee is not None and seen_fee < fee:
        raise RefusedError("fee_changed", _("The master's fee has changed meanwhile: read and confirm it anew."))
    check(session, settings, master, customer_id, account_id, choices)
    if master.follower_cap is not None and _followers(session, master_id) >= master.follower_cap:
        raise RefusedError("cap_reached", _("This master has as many followers as they want."))
    if not invites.use(session, master, invite_code) and not master.public:
        raise NotFoundError
    subscription = begin(session, settings, master, customer_id, account_id, choices)
    session.add(
        Confirmation(
            customer_id=customer_id,
            master_id=master.id,
            notice_version=settings.risk_notice_version,
            # As it was read, in the language it was read in.
            notice=str(settings.notice),
            fee_percent=fee,
        )
    )
    begin_fees(session, master.id, account_id)
    if choices.existing_positions != "ignore":
        take_over(session, settings, subscription, any_price=choices.existing_positions == "all")
    _tell(session, master, subscription)
    session.flush()
    return subscription


def followable(session: TenantSession, master_id: UUID, invite_code: str) -> Master:
    """A master that may be followed now, locked.

    :raises NotFoundError: for one that may not be seen.
    :raises RefusedError: for one that takes nobody.
    """
    master = session.get(Master, (session.tenant_id, master_id), with_for_update=True)
    if master is None or master.status in ("pending", "rejected"):
        raise NotFoundError
    if not master.public and not invites.opens(session, master_id, invite_code):
        raise NotFoundError
    if master.status != "active":
        raise RefusedError("master_not_active", _("This master takes no new followers at present."))
    return master


def check(
    session: TenantSession,
    settings: CopyTradingSettings,
    master: Master,
    customer_id: UUID,
    account_id: UUID,
    choices: Choices,
    *,
    mock: bool = False,
) -> None:
    """The gates and bounds of a follow, on paper or not. Raises :class:`RefusedError` with the remedy."""
    problems = out_of_bounds(choices, settings)
    if problems:
        raise RefusedError("out_of_bounds", "; ".join(f"{key}: {text}" for key, text in problems.items()), **problems)
    problem = follow_problem(session, customer_id, account_id, master)
    if problem is not None:
        raise RefusedError("not_eligible", problem)
    followed = session.scalar(
        select(Subscription.id).where(
            Subscription.master_id == master.id,
            Subscription.account_id == account_id,
            Subscription.mock == mock,
            Subscription.status != SubscriptionStatus.STOPPED,
        )
    )
    if followed is not None:
        raise RefusedError("already_following", _("This account follows this master already."))


def begin(
    session: TenantSession,
    settings: CopyTradingSettings,
    master: Master,
    customer_id: UUID,
    account_id: UUID,
    choices: Choices,
    *,
    paper: Decimal | None = None,
) -> Subscription:
    """A subscription with its cursor, between two fills of the master; with ``paper`` money it is a mock one.

    :raises RefusedError: while the account's equity cannot be told.
    """
    # The master's account is locked, so that the follower begins between two of its fills.
    locked = lock_accounts(session, [master.account_id, account_id])
    equity = locked.accounts[account_id].equity if paper is None else paper
    if equity is None:
        raise RefusedError(
            "no_quote", _("Your equity cannot be told now: a position has no current price. Try again later.")
        )
    last_fill = session.scalar(text("select fill_no from core.accounts where id = :id"), {"id": master.account_id}) or 0
    subscription = Subscription(
        id=new_id(),
        master_id=master.id,
        account_id=account_id,
        customer_id=customer_id,
        mock=paper is not None,
        shard=_free_shard(session, master.id),
        status=SubscriptionStatus.ACTIVE,
        start_equity=equity,
        fee_percent=asked_fee(settings, master),
        notice_version="" if paper is not None else settings.risk_notice_version,
        **_columns(choices),
    )
    session.add(subscription)
    session.flush()
    session.add(Cursor(subscription_id=subscription.id, last_close=last_fill, last_open=last_fill))
    session.flush()
    return subscription


def _tell(session: TenantSession, master: Master, subscription: Subscription) -> None:
    """Both sides read of a new copy, each on their own page."""
    notify(
        session,
        source=MODULE,
        code="follow_started",
        people=[subscription.customer_id],
        text=_("You copy {master} now.", master=master.name),
        href=f"/copy-trading/copies/{subscription.id}",
        tone="success",
    )
    notify(
        session,
        source=MODULE,
        code="new_follower",
        people=[master.customer_id],
        text=_("{master} has a new follower.", master=master.name),
        href=f"/copy-trading/mine/{master.id}",
    )


def change(session: TenantSession, settings: CopyTradingSettings, subscription: Subscription, choices: Choices) -> None:
    """Change the settings; they hold for the master's next opening order. Raises :class:`RefusedError` out of bounds."""
    if subscription.status in (SubscriptionStatus.STOPPING, SubscriptionStatus.STOPPED):
        raise RefusedError("stopped", _("This copy has been stopped; follow the master anew."))
    problems = out_of_bounds(choices, settings)
    if problems:
        raise RefusedError("out_of_bounds", "; ".join(f"{key}: {text}" for key, text in problems.items()), **problems)
    hold(session)
    lock_cursors(session, [subscription.id])
    for name, value in _columns(choices).items():
        setattr(subscription, name, value)
    session.flush()


def pause(session: TenantSession, ids: Collection[UUID], reason: Pause) -> int:
    """Pause Copying: no opens and no adds; closes, reductions and stop changes still follow. How many were changed."""
    hold(session)
    lock_cursors(session, ids)
    rows = session.execute(
        text(
            "update copy_trading.subscriptions set reasons = reasons | :reason, status = 'paused'"
            " where id = any(cast(:ids as uuid[])) and status in ('active', 'paused') and reasons & :reason = 0 returning id"
        ),
        {"ids": uuids(ids), "reason": int(reason)},
    ).all()
    session.expire_all()
    if reason in _PAUSED:
        tell_followers(session, [row.id for row in rows], "copy_paused", _PAUSED[reason], "warning", mail=True)
    return len(rows)


_PAUSED: dict[Pause, Callable[[str], str]] = {
    Pause.ADMIN: lambda master: _(
        "Your brokerage has paused your copy of {master}: closes still follow.", master=master
    ),
    Pause.RISK: lambda master: _(
        "Your copy of {master} is paused, for your account is over-leveraged: closes still follow.", master=master
    ),
}
"""What the follower reads who has not done it themselves."""


def resume_copying(session: TenantSession, ids: Collection[UUID], by: By) -> dict[UUID, Pause]:
    """Lift the reasons that are ``by``'s to lift; nothing is opened for what was missed. The reasons that stay, by id."""
    hold(session)
    lock_cursors(session, ids)
    left: dict[UUID, Pause] = {}
    resumed: list[UUID] = []
    for subscription in session.scalars(select(Subscription).where(Subscription.id.in_(ids)).with_for_update()):
        status = SubscriptionStatus(subscription.status)
        if status in (SubscriptionStatus.STOPPING, SubscriptionStatus.STOPPED):
            continue
        reasons = resume(Pause(subscription.reasons), by)
        if by is not By.FOLLOWER and int(reasons) != subscription.reasons and not reasons:
            resumed.append(subscription.id)
        subscription.reasons, subscription.status = int(reasons), status_of(status, reasons)
        left[subscription.id] = reasons
    session.flush()
    tell_followers(
        session, resumed, "copy_resumed", lambda master: _("Your copy of {master} goes on.", master=master), "success"
    )
    return left


def _followers(session: TenantSession, master_id: UUID) -> int:
    """How many follow a master; paper copies are no followers."""
    query = select(func.count()).where(
        Subscription.master_id == master_id, Subscription.status != SubscriptionStatus.STOPPED, ~Subscription.mock
    )
    return session.scalar(query) or 0


def _free_shard(session: TenantSession, master_id: UUID) -> int:
    """The first shard with room."""
    rows = session.execute(
        select(Subscription.shard, func.count())
        .where(Subscription.master_id == master_id, Subscription.status != SubscriptionStatus.STOPPED)
        .group_by(Subscription.shard)
    )
    shards = {row[0]: row[1] for row in rows}
    shard = 0
    while shards.get(shard, 0) >= SHARD_SIZE:
        shard += 1
    return shard


def _columns(choices: Choices) -> dict[str, object]:
    return {
        "mode": choices.mode,
        "mode_settings": choices.mode_settings,
        "copy_ratio": choices.copy_ratio,
        "fixed_size": choices.fixed_size,
        "fixed_basis": choices.fixed_basis,
        "max_open_trades": choices.max_open_trades,
        "minimum_equity": choices.minimum_equity,
        "slippage_tolerance": choices.slippage_tolerance,
        "round_up": choices.below_minimum_lot == "round_up",
        "maximum_lot": choices.maximum_lot,
        "existing_positions": choices.existing_positions,
        "stop_loss_percent": choices.stop_loss_percent,
        "symbols": choices.symbols,
        "symbol_map": choices.symbol_map,
        "reverse": choices.reverse,
    }


def choices_of(subscription: Subscription) -> Choices:
    """The settings of a subscription as its form hands them in: numbers without the zeros that the database fills up with."""
    names = [name for name in Choices.model_fields if name != "below_minimum_lot"]
    values = {name: getattr(subscription, name) for name in names}
    values = {name: Decimal(plain(one)) if isinstance(one, Decimal) else one for name, one in values.items()}
    return Choices(**values, below_minimum_lot="round_up" if subscription.round_up else "skip")
