"""What a master sees of followers and earns from them: nobody's name, account or money but the fee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession
from plugins.copy_trading.services.fee_lines import fee_entries
from plugins.copy_trading.services.figures import ZERO, copied_pnl


@dataclass(frozen=True, slots=True)
class Copier:
    """A follower as their master may see them. Money in the follower's ``currency``."""

    id: UUID
    code: str
    """Four characters that tell one follower from another."""
    mode: str
    status: str
    currency: str
    open_copies: int
    copied_pnl: Decimal
    paid: Decimal
    """Performance fees paid so far."""
    since: datetime


def copiers(session: TenantSession, master_id: UUID) -> list[Copier]:
    """The live followers of a master, the newest first; paper copies are nobody's followers."""
    rows = session.execute(
        text(
            "select s.id, s.mode, s.status, a.currency, s.created_at,"
            " (select count(*) from core.positions p where p.account_id = s.account_id and p.origin = 'copy'"
            "   and p.origin_id = s.id and p.closed_ts_ms is null) as open_copies,"
            " coalesce((select sum(f.charged) from copy_trading.fees f where f.subscription_id = s.id), 0) as paid"
            " from copy_trading.subscriptions s join core.accounts a on a.id = s.account_id"
            " where s.master_id = :master and s.status <> 'stopped' and not s.mock order by s.created_at desc, s.id"
        ),
        {"master": master_id},
    ).all()
    earned = copied_pnl(session, [row.id for row in rows])
    return [
        Copier(
            row.id, pseudonym(row.id), row.mode, row.status, row.currency, row.open_copies,
            earned.get(row.id, ZERO), row.paid, row.created_at,
        )
        for row in rows
    ]  # fmt: skip


def pseudonym(subscription_id: UUID) -> str:
    """What a master calls a follower: the end of the subscription's identifier, which is random."""
    return subscription_id.hex[-4:].upper()


@dataclass(frozen=True, slots=True)
class Earning:
    """A performance fee that has come in. ``credited`` in ``master_currency``, ``charged`` in the follower's."""

    at: datetime
    code: str
    period: str
    cause: str
    percent: Decimal
    charged: Decimal
    currency: str
    credited: Decimal
    master_currency: str


def earnings(session: TenantSession, master_id: UUID) -> list[Earning]:
    """The newest fees that were paid to a master."""
    return [
        Earning(
            one.at, pseudonym(one.subscription_id), one.period, one.cause, one.percent, one.charged, one.currency,
            one.credited, one.master_currency,
        )
        for one in fee_entries(session, master_id=master_id, limit=10_000)
        if one.charged
    ]  # fmt: skip
