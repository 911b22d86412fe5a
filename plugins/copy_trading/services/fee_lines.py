"""Performance fees as followers, masters and staff read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.text import _
from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.fees import fee_on
from plugins.copy_trading.rules.numbers import ZERO
from plugins.copy_trading.rules.reasons import plain
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services.errors import RefusedError
from plugins.copy_trading.services.fees import asked_fee, realised

__all__ = ["Earnings", "FeeEntry", "FeeLine", "asked_fee", "earnings_of", "fee_entries", "fees_of", "set_fee"]


def set_fee(settings: CopyTradingSettings, master: Master, percent: Decimal) -> None:
    """Set a master's fee. A lower one holds for all followers at once, a higher one for those who follow from now on.

    :raises RefusedError: beyond what the tenant allows.
    """
    if not ZERO <= percent <= settings.max_fee_percent:
        words = _("Choose a performance fee between 0 and {most} percent.", most=plain(settings.max_fee_percent))
        raise RefusedError("fee_out_of_bounds", words, fee_percent=words)
    master.fee_percent = percent


@dataclass(frozen=True, slots=True)
class FeeLine:
    """The performance fee of one copy. Money in the follower's currency.

    :ivar percent: what is charged at most: as confirmed, or less where the master asks less now.
    :ivar pnl: cumulative net realised P&L, ``mark`` the high-water mark.
    :ivar accrued: the fee if it were reckoned up now.
    :ivar charged: what this copy has paid, ``owed`` what it still owes.
    """

    percent: Decimal
    pnl: Decimal
    mark: Decimal
    accrued: Decimal
    charged: Decimal
    owed: Decimal


def fees_of(session: TenantSession, subscription_ids: Collection[UUID]) -> dict[UUID, FeeLine]:
    """The fees of copies, by subscription; two statements for any number. Paper copies have none."""
    rows = session.execute(
        text(
            "select s.id, s.master_id, s.account_id, least(s.fee_percent, m.fee_percent) as percent,"
            " coalesce(k.mark, 0) as mark, coalesce(k.owed, 0) as owed,"
            " (select coalesce(sum(f.charged), 0) from copy_trading.fees f where f.subscription_id = s.id) as charged"
            " from copy_trading.subscriptions s join copy_trading.masters m on m.id = s.master_id"
            " left join copy_trading.fee_marks k on k.master_id = s.master_id and k.account_id = s.account_id"
            " where s.id = any(cast(:ids as uuid[])) and not s.mock"
        ),
        {"ids": uuids(subscription_ids)},
    ).all()
    earned = realised(session, {(row.master_id, row.account_id) for row in rows})
    lines = {}
    for row in rows:
        pnl = earned.get((row.master_id, row.account_id), ZERO)
        accrued = fee_on(pnl, row.mark, row.percent)
        lines[row.id] = FeeLine(row.percent, pnl, row.mark, accrued, row.charged, row.owed)
    return lines


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a master has earned by fees, in the currency of the master's account.

    :ivar month: since the first of the running month by the tenant's calendar.
    """

    total: Decimal = ZERO
    month: Decimal = ZERO


def earnings_of(session: TenantSession, master_ids: Collection[UUID], month: str) -> dict[UUID, Earnings]:
    """Earnings by master. ``month`` is the running one (``2026-11``): what was reckoned for months before came in during it."""
    rows = session.execute(
        text(
            "select f.master_id, sum(f.credited), coalesce(sum(f.credited) filter (where"
            " to_char(f.at at time zone t.time_zone, 'YYYY-MM') = :month), 0)"
            " from copy_trading.fees f join tenants.tenants t on t.id = f.tenant_id"
            " where f.master_id = any(cast(:ids as uuid[])) group by f.master_id"
        ),
        {"ids": uuids(master_ids), "month": month},
    )
    found = {row[0]: Earnings(row[1], row[2]) for row in rows}
    return {master_id: found.get(master_id, Earnings()) for master_id in master_ids}


@dataclass(frozen=True, slots=True)
class FeeEntry:
    """One reckoning as people read it: the follower's side in ``currency``, the master's in ``master_currency``."""

    id: UUID
    subscription_id: UUID
    at: datetime
    customer: str
    account: str
    cause: str
    period: str
    pnl: Decimal
    mark: Decimal
    percent: Decimal
    due: Decimal
    charged: Decimal
    owed: Decimal
    currency: str
    credited: Decimal
    master_currency: str


def fee_entries(
    session: TenantSession, *, master_id: UUID | None = None, subscription_id: UUID | None = None, limit: int = 500
) -> list[FeeEntry]:
    """The newest reckonings of a master, or of one copy."""
    rows = session.execute(
        text(
            "select f.id, f.subscription_id, f.at, c.name, a.number, f.cause, f.period, f.pnl, f.mark, f.fee_percent, f.due,"
            " f.charged, f.owed, f.currency, f.credited, f.master_currency"
            " from copy_trading.fees f join copy_trading.subscriptions s on s.id = f.subscription_id"
            " join core.accounts a on a.id = f.account_id join tenants.customers c on c.id = s.customer_id"
            " where (cast(:master as uuid) is null or f.master_id = :master)"
            " and (cast(:subscription as uuid) is null or f.subscription_id = :subscription)"
            " order by f.at desc, f.number desc limit :limit"
        ),
        {"master": master_id, "subscription": subscription_id, "limit": limit},
    )
    return [FeeEntry(*row) for row in rows]
