"""Performance fees: reckoned up against the high-water mark each month and on stop, paid from follower to master.

Both payments are ledger entries of the platform's funds service, in one transaction with the mark. Their key is made of
master, account and the number of the reckoning, so that none can be booked twice. No more is taken than a withdrawal could
take (margin and floating profit stay); the rest stays owed and is taken once it is free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from core.sdk import JobContext
from core.sdk.arrays import numbers, texts, uuids
from core.sdk.calendar import local_time
from core.sdk.data import TenantSession, new_id
from core.sdk.money import round_amount
from core.sdk.notify import notify
from core.sdk.text import _
from core.sdk.trading import LockedAccount, Payment, pay
from plugins.copy_trading.models import Master
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.rules.fees import Reckoning, reckon
from plugins.copy_trading.rules.numbers import ZERO, quotient
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services.locking import lock_accounts, lock_cursors

CHUNK = 200
"""Accounts that are reckoned up in one transaction: the master's stays locked meanwhile."""


def asked_fee(settings: CopyTradingSettings, master: Master) -> Decimal:
    """The performance fee that a new follower of this master confirms, percent."""
    return min(master.fee_percent, settings.max_fee_percent)


def begin_fees(session: TenantSession, master_id: UUID, account_id: UUID) -> None:
    """Open the mark of an account with a master in the running month; one that is there from an earlier copy goes on."""
    session.execute(
        text(
            "insert into copy_trading.fee_marks (master_id, account_id, period) values (:master, :account, :period)"
            " on conflict do nothing"
        ),
        {"master": master_id, "account": account_id, "period": _month(session)},
    )


def _month(session: TenantSession, now: datetime | None = None) -> str:
    return f"{local_time(session, now):%Y-%m}"


class Due(NamedTuple):
    """A copy whose fee is to be reckoned up now, and why: ``month``, ``stop`` or ``owed``."""

    subscription_id: UUID
    master_id: UUID
    account_id: UUID
    master_account: UUID
    customer_id: UUID
    master: str
    fee_percent: Decimal
    """As the follower has confirmed it, or what the master asks now if that is less."""
    cause: str


# Of each account with each master one reckoning: a stop before the month, the month before what is owed.
_DUE = text("""
select distinct on (d.master_id, d.account_id) d.id, d.master_id, d.account_id, m.account_id, d.customer_id, m.name,
  least(d.fee_percent, m.fee_percent), d.cause
from (
  select s.*, 'stop' as cause, 0 as rank from copy_trading.subscriptions s
    where s.status = 'stopped' and not s.fee_settled and not s.mock
  union all
  select s.*, 'month', 1 from copy_trading.subscriptions s
    left join copy_trading.fee_marks k on k.master_id = s.master_id and k.account_id = s.account_id
    where s.status <> 'stopped' and not s.mock and coalesce(k.period, '') <> :period
  union all
  select s.*, 'owed', 2 from copy_trading.fee_marks k
    join copy_trading.subscriptions s on s.master_id = k.master_id and s.account_id = k.account_id and not s.mock
    where k.owed > 0
) d join copy_trading.masters m on m.id = d.master_id
order by d.master_id, d.account_id, d.rank, d.created_at desc, d.id
""")


class Mark(NamedTuple):
    """A mark under its lock."""

    mark: Decimal
    owed: Decimal
    number: int
    period: str


def charge(ctx: JobContext, now: datetime | None = None) -> int:
    """Reckon up whatever is due, in chunks with a commit after each. How many payments were made.

    :param now: the moment whose month is running, by the tenant's calendar.
    """
    period = _month(ctx.session, now)
    due = [Due(*row) for row in ctx.session.execute(_DUE, {"period": period})]
    paid = 0
    for at in range(0, len(due), CHUNK):
        paid += _charge(ctx.session, ctx.settings(), due[at : at + CHUNK], period)
        ctx.commit()
    return paid


def _charge(session: TenantSession, settings: CopyTradingSettings, chunk: Sequence[Due], period: str) -> int:
    """One chunk, under the locks of its accounts; what another run has reckoned up meanwhile is left out."""
    locked = lock_accounts(session, {one for due in chunk for one in (due.account_id, due.master_account)})
    lock_cursors(session, [due.subscription_id for due in chunk])
    marks = _marks(session, chunk)
    earned = realised(session, [(due.master_id, due.account_id) for due in chunk])
    demo = _demo_accounts(session, locked.accounts)
    rows: list[dict[str, Any]] = []
    payments: list[Payment] = []
    for due in chunk:
        before = marks[due.master_id, due.account_id]
        if due.cause == "month" and before.period == period:
            continue
        pnl = earned.get((due.master_id, due.account_id), ZERO)
        percent = min(due.fee_percent, settings.max_fee_percent)
        if (due.account_id in demo) != (due.master_account in demo):
            # Play money never becomes real money.
            percent = ZERO
        own, masters = locked.accounts[due.account_id], locked.accounts[due.master_account]
        rate = locked.middle_rate(own.currency, masters.currency)
        free = ZERO if rate is None else _free(own)
        # A mark without a month is a copy's from before fees were reckoned: its first month begins now.
        counts = due.cause == "stop" or (due.cause == "month" and before.period)
        made = reckon(pnl if counts else before.mark, before.mark, percent, before.owed, free)
        number = before.number + 1 if made.due or made.charged else before.number
        credited = ZERO
        if made.charged and rate is not None:
            credited = round_amount(made.charged * quotient(*rate))
            payments += _payments(due, number, before.period or period, made.charged, credited)
        rows.append(
            _row(due, before, made, number, period)
            | {"pnl": pnl, "percent": percent, "credited": credited, "currency": own.currency, "to": masters.currency}
        )
    results = pay(session, payments)
    if any(result.repeated for result in results):
        raise RuntimeError("a fee with this number has been paid before: its mark was set back")
    _write(session, rows)
    _tell(session, [row for row in rows if row["charged"]])
    return len(payments) // 2


def _free(account: LockedAccount) -> Decimal:
    """What a withdrawal could take: floating profit is not money yet."""
    equity = account.equity
    if equity is None:
        return ZERO
    return max(account.free_margin - max(equity - account.balance, ZERO), ZERO)


def _payments(due: Due, number: int, period: str, charged: Decimal, credited: Decimal) -> Iterator[Payment]:
    key = f"copy-fee:{due.master_id.hex}:{due.account_id.hex}:{number}"
    note = f"Performance fee {period}, {due.master}"
    for account_id, amount in ((due.account_id, -charged), (due.master_account, credited)):
        yield Payment(account_id, amount, key, "fee", note, origin="copy", origin_id=due.subscription_id)


def _row(due: Due, before: Mark, made: Reckoning, number: int, period: str) -> dict[str, Any]:
    return {
        "due_of": due,
        "numbered": number != before.number,
        "number": number,
        "mark_before": before.mark,
        "mark": made.mark,
        "due": made.due,
        "charged": made.charged,
        "owed": made.owed,
        "reckoned": before.period or period,
        # What is owed is taken in between and ends no month; nor does the stop of a copy.
        "period": period if due.cause == "month" or not before.period else before.period,
    }


def _marks(session: TenantSession, chunk: Sequence[Due]) -> dict[tuple[UUID, UUID], Mark]:
    values = {"masters": uuids(due.master_id for due in chunk), "accounts": uuids(due.account_id for due in chunk)}
    session.execute(
        text(
            "insert into copy_trading.fee_marks (master_id, account_id) select * from"
            " unnest(cast(:masters as uuid[]), cast(:accounts as uuid[])) on conflict do nothing"
        ),
        values,
    )
    rows = session.execute(
        text(
            "select k.master_id, k.account_id, k.mark, k.owed, k.number, k.period from copy_trading.fee_marks k"
            " join unnest(cast(:masters as uuid[]), cast(:accounts as uuid[])) as t(master_id, account_id)"
            " on t.master_id = k.master_id and t.account_id = k.account_id"
            " order by k.master_id, k.account_id for update of k"
        ),
        values,
    )
    return {(row[0], row[1]): Mark(*row[2:]) for row in rows}


def realised(session: TenantSession, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Decimal]:
    """Cumulative net realised P&L by (master, follower's account), over all copies of the pair, in the account's currency.

    Net of commission and swap; of linked positions only, until closed or detached.
    """
    rows = session.execute(
        text(
            "select s.master_id, s.account_id, coalesce(sum(case when l.state = 'detached' then l.final_pnl else"
            " (select sum(p.realised - p.commission + p.swap) from core.positions p"
            "  where p.tenant_id = l.tenant_id and p.id = any(l.position_ids)) end), 0)"
            " from unnest(cast(:masters as uuid[]), cast(:accounts as uuid[])) as t(master_id, account_id)"
            " join copy_trading.subscriptions s on s.master_id = t.master_id and s.account_id = t.account_id and not s.mock"
            " join copy_trading.links l on l.subscription_id = s.id group by s.master_id, s.account_id"
        ),
        {"masters": uuids(pair[0] for pair in pairs), "accounts": uuids(pair[1] for pair in pairs)},
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _demo_accounts(session: TenantSession, accounts: Collection[UUID]) -> frozenset[UUID]:
    rows = session.scalars(
        text(
            "select a.id from core.accounts a join core.account_types t on t.id = a.account_type_id"
            " where t.demo and a.id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids(accounts)},
    )
    return frozenset(rows)


def _write(session: TenantSession, rows: Sequence[dict[str, Any]]) -> None:
    session.execute(
        text(
            "update copy_trading.fee_marks k set mark = t.mark, owed = t.owed, number = t.number, period = t.period"
            " from unnest(cast(:masters as uuid[]), cast(:accounts as uuid[]), cast(:marks as numeric[]),"
            " cast(:owed as numeric[]), cast(:numbers as int[]), cast(:periods as text[]))"
            " as t(master_id, account_id, mark, owed, number, period)"
            " where k.master_id = t.master_id and k.account_id = t.account_id"
        ),
        {
            "masters": uuids(row["due_of"].master_id for row in rows),
            "accounts": uuids(row["due_of"].account_id for row in rows),
            "marks": numbers(row["mark"] for row in rows),
            "owed": numbers(row["owed"] for row in rows),
            "numbers": numbers(row["number"] for row in rows),
            "periods": texts(row["period"] for row in rows),
        },
    )
    session.execute(
        text(
            "update copy_trading.subscriptions s set fee_settled = true"
            " from unnest(cast(:masters as uuid[]), cast(:accounts as uuid[])) as t(master_id, account_id)"
            " where s.master_id = t.master_id and s.account_id = t.account_id and s.status = 'stopped' and not s.fee_settled"
        ),
        {
            "masters": uuids(row["due_of"].master_id for row in rows if row["due_of"].cause == "stop"),
            "accounts": uuids(row["due_of"].account_id for row in rows if row["due_of"].cause == "stop"),
        },
    )
    _write_fees(session, [row for row in rows if row["numbered"]])


def _write_fees(session: TenantSession, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    amounts = ("pnl", "mark_before", "percent", "due", "charged", "owed", "credited")
    session.execute(
        text(
            "insert into copy_trading.fees (id, master_id, account_id, subscription_id, number, cause, period, currency,"
            " master_currency, pnl, mark, fee_percent, due, charged, owed, credited)"
            " select * from unnest(cast(:ids as uuid[]), cast(:masters as uuid[]), cast(:accounts as uuid[]),"
            " cast(:subscriptions as uuid[]), cast(:numbers as int[]), cast(:causes as text[]), cast(:periods as text[]),"
            " cast(:currencies as text[]), cast(:master_currencies as text[]), cast(:pnl as numeric[]),"
            " cast(:mark_before as numeric[]), cast(:percent as numeric[]), cast(:due as numeric[]),"
            " cast(:charged as numeric[]), cast(:owed as numeric[]), cast(:credited as numeric[]))"
        ),
        {
            "ids": uuids(new_id() for _row in rows),
            "masters": uuids(row["due_of"].master_id for row in rows),
            "accounts": uuids(row["due_of"].account_id for row in rows),
            "subscriptions": uuids(row["due_of"].subscription_id for row in rows),
            "numbers": numbers(row["number"] for row in rows),
            "causes": texts(row["due_of"].cause for row in rows),
            "periods": texts(row["reckoned"] for row in rows),
            "currencies": texts(row["currency"] for row in rows),
            "master_currencies": texts(row["to"] for row in rows),
            **{name: numbers(row[name] for row in rows) for name in amounts},
        },
    )


def _tell(session: TenantSession, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        due: Due = row["due_of"]
        notify(
            session,
            source=MODULE,
            code="fee_charged",
            people=[due.customer_id],
            text=_(
                "A performance fee of {amount} {currency} was paid to {master}",
                amount=f"{row['charged']:.2f}",
                currency=row["currency"],
                master=due.master,
            ),
            href=f"/copy-trading/copies/{due.subscription_id}",
        )
