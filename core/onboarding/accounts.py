"""Opening an account for a customer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from core.trading.models import Account, AccountType
from tenants.db import TenantSession, new_id
from tenants.models import Customer
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.errors import NotAllowedError, NotFoundError

FIRST_NUMBER = 100_001


def open_account(session: TenantSession, customer_id: UUID, account_type_id: UUID, actor: Actor) -> Account:
    """Open an account with the next free number.

    :raises NotFoundError: for a customer or an account type that the tenant does not have.
    :raises NotAllowedError: for a blocked customer, or a type that takes no new accounts.
    """
    customer = session.get(Customer, (session.tenant_id, customer_id))
    kind = session.get(AccountType, (session.tenant_id, account_type_id))
    if customer is None or kind is None:
        raise NotFoundError("There is no such customer or account type.")
    if customer.status == "blocked":
        raise NotAllowedError(f"{customer.email} is blocked: unblock them first.")
    if kind.status != "active":
        raise NotAllowedError(f"{kind.name} takes no new accounts.")
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


def _next_number(session: TenantSession) -> str:
    # Two that open at once wait for each other, to the end of the transaction.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('account numbers ' || :tenant, 0))"),
        {"tenant": str(session.tenant_id)},
    )
    highest = session.scalar(text("select max(number::bigint) from core.accounts where number ~ '^[0-9]{1,15}$'"))
    return str(max(FIRST_NUMBER, int(highest or 0) + 1))
