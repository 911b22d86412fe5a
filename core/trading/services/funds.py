"""Money in and out of accounts, and money set aside. Every operation is idempotent by its key."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import text

from core.trading.booking import close_batch, open_batch
from core.trading.booking.account import AccountWork
from core.trading.booking.arrays import texts, uuids
from core.trading.booking.batch import Notice
from core.trading.rules.money import ZERO, round_amount, subtract, total
from tenants.db import TenantSession

FundsKind = Literal["deposit", "withdrawal", "correction", "fee", "swap"]


class FundsError(ValueError):
    """An operation that cannot be done; `reason` is its code, `detail` the numbers behind it."""

    def __init__(self, reason: str, **detail: Decimal) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = {key: str(value) for key, value in detail.items()}


@dataclass(frozen=True, slots=True)
class Payment:
    """A change of a balance: `amount` in the account's currency, negative takes money away."""

    account_id: UUID
    amount: Decimal
    key: str
    kind: FundsKind
    note: str | None = None
    origin: str = "manual"
    origin_id: UUID | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class FundsResult:
    """What became of a payment; `repeated` when its key had been booked before."""

    entry_id: UUID
    balance: Decimal
    repeated: bool = False


def deposit(
    session: TenantSession,
    account_id: UUID,
    amount: Decimal,
    *,
    key: str,
    actor: str | None = None,
    note: str | None = None,
) -> FundsResult:
    """Money in. Raises `FundsError` (`amount_not_positive`) and `UnknownReferenceError`."""
    if amount <= ZERO:
        raise FundsError("amount_not_positive", amount=amount)
    return pay(session, [Payment(account_id, amount, key, "deposit", note, actor=actor)])[0]


def withdraw(
    session: TenantSession,
    account_id: UUID,
    amount: Decimal,
    *,
    key: str,
    actor: str | None = None,
    note: str | None = None,
) -> FundsResult:
    """Money out, of what is free: margin and reservations stay.

    Raises `FundsError` (`amount_not_positive`, `insufficient_funds` with what is free) and `UnknownReferenceError`.
    """
    if amount <= ZERO:
        raise FundsError("amount_not_positive", amount=amount)
    return pay(session, [Payment(account_id, amount.copy_negate(), key, "withdrawal", note, actor=actor)])[0]


def correct(
    session: TenantSession, account_id: UUID, amount: Decimal, *, key: str, actor: str, note: str
) -> FundsResult:
    """Staff's correction, either way; unlike a withdrawal it may leave less than is bound."""
    return pay(session, [Payment(account_id, amount, key, "correction", note, actor=actor)])[0]


def pay(session: TenantSession, payments: Sequence[Payment]) -> list[FundsResult]:
    """Book payments in their order, a fixed number of statements. All of them, or none when one cannot be done.

    :raises FundsError: `insufficient_funds` when a withdrawal exceeds what is free (balance and floating loss, less margin
        and reservations); `no_quote` when that cannot be told now.
    """
    if not payments:
        return []
    batch = open_batch(session, {payment.account_id for payment in payments})
    known = _known(session, payments)
    ts_ms = time.time_ns() // 1_000_000
    results = []
    for payment in payments:
        key = (payment.account_id, payment.key)
        if key in known:
            results.append(known[key])
            continue
        account = batch.accounts[payment.account_id]
        amount = round_amount(payment.amount)
        if payment.kind == "withdrawal":
            _check_free(account, amount.copy_negate())
        entry = account.enter(
            payment.kind, amount, payment.key, ts_ms=ts_ms, origin=payment.origin, origin_id=payment.origin_id,
            actor=payment.actor, note=payment.note, swap=amount if payment.kind == "swap" else ZERO,
        )  # fmt: skip
        results.append(FundsResult(entry.id, entry.balance))
        known[key] = FundsResult(entry.id, entry.balance, repeated=True)
        if account.row.watched:
            payload = {
                "account_id": str(payment.account_id),
                "kind": payment.kind,
                "amount": str(amount),
                "balance": str(entry.balance),
                "fill_no": account.row.fill_no,
            }
            batch.notices.append(Notice(payment.account_id, "account_changed", payload))
    close_batch(session, batch)
    return results


def reserve(session: TenantSession, account_id: UUID, owner_kind: str, owner_id: UUID, amount: Decimal) -> Decimal:
    """Set what an owner has reserved on an account to `amount`; gives the change.

    Raises `FundsError` (`insufficient_funds` with what is free) when more is asked for than is free.
    """
    return reserve_many(session, [(account_id, owner_kind, owner_id, amount)])[0]


def reserve_many(
    session: TenantSession, wishes: Sequence[tuple[UUID, str, UUID, Decimal]], *, checked: bool = True
) -> list[Decimal]:
    """Set reservations (account, owner's kind, owner, amount); gives the changes.

    :param checked: refuse what is not free. A lane that moves an owner's own money between margin and reservation does not
        check.
    """
    if not wishes:
        return []
    batch = open_batch(session, {wish[0] for wish in wishes})
    changes = []
    for account_id, owner_kind, owner_id, amount in wishes:
        account = batch.accounts[account_id]
        change = subtract(round_amount(amount), account.reservation(owner_id))
        if checked and change > ZERO:
            _check_free(account, change)
        account.reserve(owner_kind, owner_id, round_amount(amount))
        changes.append(change)
    close_batch(session, batch)
    return changes


def release(session: TenantSession, owner_id: UUID) -> Decimal:
    """Give back all that an owner has reserved, on whichever accounts; gives the sum."""
    rows = session.execute(
        text("select account_id, owner_kind from core.reservations where owner_id = :owner"), {"owner": owner_id}
    ).all()
    return total(reserve_many(session, [(row[0], row[1], owner_id, ZERO) for row in rows])).copy_negate()


def _check_free(account: AccountWork, amount: Decimal) -> None:
    equity = account.equity()
    if equity is None:
        raise FundsError("no_quote")
    # What is only floating cannot be taken out or set aside: it may be gone on the next quote.
    free = subtract(subtract(min(equity, account.row.balance), account.row.margin), account.row.reserved)
    if amount > free:
        raise FundsError("insufficient_funds", needed=amount, free=max(free, ZERO))


def _known(session: TenantSession, payments: Collection[Payment]) -> dict[tuple[UUID, str], FundsResult]:
    rows = session.execute(
        text(
            "select e.account_id, e.key, e.id, e.balance from core.ledger_entries e"
            " join unnest(cast(:accounts as uuid[]), cast(:keys as text[])) as k(account_id, key)"
            " on e.account_id = k.account_id and e.key = k.key"
        ),
        {
            "accounts": uuids(payment.account_id for payment in payments),
            "keys": texts(payment.key for payment in payments),
        },
    )
    return {(row[0], row[1]): FundsResult(row[2], row[3], repeated=True) for row in rows}
