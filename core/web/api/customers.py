"""Customers, for staff: listed, invited, verified, blocked, ruled on; money booked; statements for everybody's own accounts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import BaseModel, Field

from core.onboarding.accounts import open_account
from core.trading.services import FundsError
from core.web.admin.funds import Operation, book
from core.web.api.accounts import PageNumber, PageSize
from core.web.api.scope import account_of, query_of
from core.web.api.shapes import AccountOut, Exact, ListOf, Shape, listed
from core.web.mails import send_after, write_invitation
from core.web.page import Page
from core.web.reading import account_row
from core.web.reading.people import list_customers
from core.web.reading.statements import statement_of
from core.web.reasons import reason_text
from core.web.refusals import RefusedError
from core.web.statements import period_of
from tenants.db import TenantSession
from tenants.models import Customer
from tenants.services import people, permissions

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "customers.view", "audience": "staff"}
_MANAGE: dict[str, Any] = {"permission": "customers.manage", "audience": "staff", "scope": "manage"}
_FUNDS: dict[str, Any] = {"permission": "trading.deposit", "audience": "staff", "scope": "manage"}
_TAGS = ["Customers"]


class CustomerOut(Shape):
    """A customer."""

    id: UUID
    name: str
    email: str
    status: str
    country: str
    created_at: datetime
    last_sign_in_at: datetime | None


class CustomerDetail(CustomerOut):
    """A customer with what they may: permissions they hold now, and the single grants and denials behind them."""

    phone: str
    verified_at: datetime | None
    permissions: list[str]
    rulings: dict[str, str]


class GuestIn(BaseModel):
    """Who is invited. ``verified``: they may trade as soon as they have set a password."""

    name: Annotated[str, Field(min_length=2, max_length=120)]
    email: Annotated[str, Field(max_length=254)]
    verified: bool = False


class ReasonIn(BaseModel):
    """Why; kept in the audit log."""

    reason: Annotated[str, Field(min_length=3, max_length=200)]


class RulingIn(BaseModel):
    """``grant`` or ``deny`` a permission on top of the default; null takes the ruling back."""

    effect: Literal["grant", "deny"] | None


class NewAccountIn(BaseModel):
    """The account's type."""

    account_type_id: UUID


class FundsIn(BaseModel):
    """Money in or out. The same key again books nothing and gives the first result."""

    kind: Literal["deposit", "withdrawal", "correction"]
    amount: Annotated[Decimal, Field(max_digits=26, decimal_places=8, allow_inf_nan=False)]
    reason: Annotated[str, Field(min_length=3, max_length=200)]
    key: Annotated[str, Field(min_length=1, max_length=80)]


class FundsOut(BaseModel):
    """The ledger's entry and the balance after it; ``repeated`` where the key had been booked before."""

    entry_id: UUID
    balance: Exact
    currency: str
    repeated: bool


class StatementOut(BaseModel):
    """Sums of a period; ``opening`` and all the others together are ``closing``."""

    account_id: UUID
    currency: str
    since: datetime
    until: datetime
    opening: Exact
    profit: Exact
    commission: Exact
    others: dict[str, Exact]
    closing: Exact


@get("/customers", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def customers(
    web: Page, page: PageNumber = 1, size: PageSize = 50, search: FromQuery[str] = "", status: FromQuery[str] = ""
) -> ListOf[CustomerOut]:
    """Customers, the latest first."""
    query = query_of(page, size, search=search, status=status)
    with web.session() as session:
        return listed(CustomerOut, list_customers(session, query), query)


@post("/customers", opt=_MANAGE, sync_to_thread=True, tags=_TAGS)
def invite(web: Page, data: JSONBody[GuestIn]) -> CustomerDetail:
    """Invite a customer by mail."""
    with web.session() as session:
        invited = people.invite_customer(session, data.email, data.name, web.who, verified=data.verified)
        send_after(web, session, write_invitation(web, invited.person, invited.token))
        return _detail(session, people.customer(session, invited.person.id))


@get("/customers/{customer_id:uuid}", opt=_VIEW, sync_to_thread=True, tags=_TAGS)
def customer(web: Page, customer_id: FromPath[UUID]) -> CustomerDetail:
    """One customer."""
    with web.session() as session:
        return _detail(session, people.customer(session, customer_id))


@post("/customers/{customer_id:uuid}/verify", opt=_MANAGE, sync_to_thread=True, status_code=200, tags=_TAGS)
def verify(web: Page, customer_id: FromPath[UUID]) -> CustomerDetail:
    """Say that they are who they say they are."""
    with web.session() as session:
        return _detail(session, people.verify_customer(session, customer_id, web.who))


@post("/customers/{customer_id:uuid}/block", opt=_MANAGE, sync_to_thread=True, status_code=200, tags=_TAGS)
def block(web: Page, customer_id: FromPath[UUID], data: JSONBody[ReasonIn]) -> CustomerDetail:
    """Shut them out: nothing is opened any more, closes go on."""
    with web.session() as session:
        found = people.customer(session, customer_id)
        people.block(session, found, web.who, data.reason)
        return _detail(session, found)


@post("/customers/{customer_id:uuid}/unblock", opt=_MANAGE, sync_to_thread=True, status_code=200, tags=_TAGS)
def unblock(web: Page, customer_id: FromPath[UUID]) -> CustomerDetail:
    """Let them in again, as they were."""
    with web.session() as session:
        found = people.customer(session, customer_id)
        people.unblock(session, found, web.who)
        return _detail(session, found)


@put("/customers/{customer_id:uuid}/permissions/{permission:str}", opt=_MANAGE, sync_to_thread=True, tags=_TAGS)
def rule(web: Page, customer_id: FromPath[UUID], permission: FromPath[str], data: JSONBody[RulingIn]) -> CustomerDetail:
    """Grant or deny one permission."""
    with web.session() as session:
        found = people.customer(session, customer_id)
        people.rule(session, found, permission, data.effect, web.who)
        return _detail(session, found)


@post("/customers/{customer_id:uuid}/accounts", opt=_MANAGE, sync_to_thread=True, tags=_TAGS)
def open_new(web: Page, customer_id: FromPath[UUID], data: JSONBody[NewAccountIn]) -> AccountOut:
    """Open an account for them."""
    with web.session() as session:
        people.customer(session, customer_id)
        made = open_account(session, customer_id, data.account_type_id, web.who)
        return AccountOut.model_validate(account_row(session, made.id))


@post("/accounts/{account_id:uuid}/funds", opt=_FUNDS, sync_to_thread=True, status_code=200, tags=["Accounts"])
def funds(web: Page, account_id: FromPath[UUID], data: JSONBody[FundsIn]) -> FundsOut:
    """Book a deposit, a withdrawal or a correction."""
    wanted = Operation(kind=data.kind, amount=data.amount, reason=data.reason)
    try:
        with web.session() as session:
            account, result = book(session, account_id, wanted, f"api:{data.key}", web.who)
    except FundsError as error:
        raise RefusedError(error.reason, reason_text(error.reason, error.detail), **error.detail) from error
    return FundsOut(
        entry_id=result.entry_id, balance=result.balance, currency=account.currency, repeated=result.repeated
    )


@get("/accounts/{account_id:uuid}/statement", sync_to_thread=True, tags=["Accounts"])
def statement(
    web: Page, account_id: FromPath[UUID], first: FromQuery[date | None] = None, last: FromQuery[date | None] = None
) -> StatementOut:
    """The sums of an account from one day to another, both included, in the brokerage's time zone; this month by default."""
    period = period_of("", str(first or ""), str(last or ""), web.visit.tenant.time_zone)
    with web.session() as session:
        account = account_of(web, session, account_id)
        sums = statement_of(session, account_id, period.since, period.until)
    return StatementOut(
        account_id=account_id, currency=account.currency, since=period.since, until=period.until, opening=sums.opening,
        profit=sums.profit, commission=sums.commission, others=dict(sums.parts), closing=sums.closing,
    )  # fmt: skip


def _detail(session: TenantSession, found: Customer) -> CustomerDetail:
    return CustomerDetail(
        id=found.id, name=found.name, email=found.email, status=found.status, country=found.country,
        created_at=found.created_at, last_sign_in_at=found.last_sign_in_at, phone=found.phone, verified_at=found.verified_at,
        permissions=sorted(permissions.customer_permissions(session, found.id)),
        rulings=dict(permissions.rulings_of(session, found)),
    )  # fmt: skip


ROUTES = [customers, invite, customer, verify, block, unblock, rule, open_new, funds, statement]
