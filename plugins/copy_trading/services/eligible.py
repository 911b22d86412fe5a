"""Who may copy: the gates that every path asks (page, API, job), for one customer and account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk.data import TenantSession
from core.sdk.people import customers_holding
from core.sdk.text import _
from core.sdk.trading import hold_module
from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.applying import closes_a_circle

MODULE = "copy_trading"
COPY = "copy_trading.copy"
APPLY = "copy_trading.apply"


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """An account of a customer with what decides about copying."""

    id: UUID
    number: str
    currency: str
    mode: str
    demo: bool
    problem: str | None
    """Why it may not copy, in words for the customer; none when it may."""


def own_accounts(session: TenantSession, customer_id: UUID) -> list[OwnAccount]:
    """The customer's accounts by number."""
    rows = session.execute(
        text(
            "select a.id, a.number, a.currency, a.mode, t.demo, a.status, t.status as type_status, t.copy_allowed, t.name"
            " from core.accounts a join core.account_types t on t.id = a.account_type_id"
            " where a.customer_id = :customer order by a.number"
        ),
        {"customer": customer_id},
    )
    return [OwnAccount(row.id, row.number, row.currency, row.mode, row.demo, _problem(row)) for row in rows]


def _problem(row: Row[Sequence[object]]) -> str | None:
    if row.status != "active":
        return _("This account is not open for new trades.")
    if row.type_status != "active" or not row.copy_allowed:
        return _("Accounts of the type {type} cannot copy or be copied.", type=row.name)
    return None


def account_problem(session: TenantSession, customer_id: UUID, account_id: UUID, permission: str) -> str | None:
    """Why this customer's account may not copy (or be copied, by ``permission``); none when it may.

    A foreign account is answered as one that does not exist. The module's switch is held until the transaction ends.
    """
    if hold_module(session, MODULE) != "on":
        return _("Copy Trading is switched off at your brokerage.")
    if customer_id not in customers_holding(session, permission, [customer_id]):
        return _("Ask your brokerage for the permission to copy trades.")
    found = next((one for one in own_accounts(session, customer_id) if one.id == account_id), None)
    return _("Choose one of your own accounts.") if found is None else found.problem


def follow_problem(session: TenantSession, customer_id: UUID, account_id: UUID, master: Master) -> str | None:
    """Why this account may not follow this master; none when it may."""
    problem = account_problem(session, customer_id, account_id, COPY)
    if problem is not None:
        return problem
    rows = session.execute(
        text("select id, mode from core.accounts where id = any(:ids)"), {"ids": [account_id, master.account_id]}
    )
    modes: dict[UUID, str] = {row[0]: row[1] for row in rows}
    if modes[account_id] != modes[master.account_id]:
        return _("This master trades in {mode} mode: choose an account of that mode.", mode=modes[master.account_id])
    pairs = session.execute(
        text(
            "select s.customer_id, m.customer_id from copy_trading.subscriptions s"
            " join copy_trading.masters m on m.id = s.master_id where s.status <> 'stopped' and not s.mock"
        )
    )
    if closes_a_circle(((row[0], row[1]) for row in pairs), customer_id, master.customer_id):
        return _("Nobody can copy themselves, directly or through others.")
    return None
