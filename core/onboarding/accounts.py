"""Opening an account for a customer, holding it back, and closing it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import select, text

from core.trading.models import Account, AccountType
from tenants.db import TenantSession, new_id
from tenants.models import Customer
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.errors import NotAllowedError, NotFoundError
from tenants.text import _

FIRST_NUMBER = 100_001
AccountStatus = Literal["active", "close_only", "disabled"]
_BUSY = text(
    "select exists (select from core.positions where account_id = :id and closed_ts_ms is null)"
    " or exists (select from core.orders where account_id = :id and status in ('pending', 'resting', 'waiting', 'unknown'))"
)


def open_account(session: TenantSession, customer_id: UUID, account_type_id: UUID, actor: Actor) -> Account:
    """Open an account with the next free number.

    :raises NotFoundError: for a customer or an account type that the tenant does not have.
    :raises NotAllowedError: for a blocked customer, or a type that takes no new accounts.
    """
    customer = session.get(Customer, (session.tenant_id, customer_id))
    kind = session.get(AccountType, (session.tenant_id, account_type_id))
    if customer is None or kind is None:
        raise NotFoundError(_("There is no such customer or account type."))
    if customer.status == "blocked":
        raise NotAllowedError(_("{email} is blocked: unblock them first.", email=customer.email))
    if kind.status != "active":
        raise NotAllowedError(_("{type} takes no new accounts.", type=kind.name))
    made = Account(
        id=new_id(),
        number=_next_number(session),
        customer_id=customer_id,
        account_type_id=account_type_id,
        currency=kind.currency,
        mode=kind.mode,
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "account.open", "account", made.id, after={"number": made.number, "type": kind.name})
    return made


def set_account_status(
    session: TenantSession, account_id: UUID, status: AccountStatus, actor: Actor, reason: str
) -> Account:
    """Let an account trade (``active``), only close (``close_only``), or close it for good (``disabled``).

    :raises NotFoundError: for an account that the tenant does not have.
    :raises NotAllowedError: where an account with positions, orders, reserved money or a balance would be closed.
    """
    account = session.scalar(select(Account).where(Account.id == account_id).with_for_update())
    if account is None:
        raise NotFoundError(_("There is no such account."))
    if status == "disabled":
        if session.execute(_BUSY, {"id": account_id}).scalar_one():
            raise NotAllowedError(_("The account has open positions or working orders: close them first."))
        if account.reserved:
            raise NotAllowedError(_("Money of the account is reserved: stop what has reserved it first."))
        if account.balance:
            raise NotAllowedError(_("There is money on the account: pay it out first."))
    if account.status != status:
        before, account.status = account.status, status
        session.flush()
        audit.record(
            session, actor, "account.status", "account", account.id,
            before={"number": account.number, "status": before}, after={"number": account.number, "status": status}, note=reason,
        )  # fmt: skip
    return account


def _next_number(session: TenantSession) -> str:
    # Two that open at once wait for each other, to the end of the transaction.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('account numbers ' || :tenant, 0))"),
        {"tenant": str(session.tenant_id)},
    )
    highest = session.scalar(text("select max(number::bigint) from core.accounts where number ~ '^[0-9]{1,15}$'"))
    return str(max(FIRST_NUMBER, int(highest or 0) + 1))
