"""People → Customers: the list, and one customer with what they have, may and did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.params import FromPath
from litestar.response import Response
from sqlalchemy import text

from core.web.admin.access import access_of
from core.web.admin.audit_log import WORDS, entries_table
from core.web.devices import device_of
from core.web.page import Page
from core.web.reading import AccountRow, list_accounts
from core.web.reading.people import holdings_of, list_customers
from core.web.refusals import NotFoundError
from core.web.sign_ins import sessions_table
from core.web.slots import available_slots, render_slots
from core.web.tables import Action, Column, Empty, Filter, Table, TableQuery
from tenants.db import TenantSession
from tenants.models import Customer
from tenants.services import people
from tenants.text import _

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "customers.view"}
_EVERY = 1_000_000
_CUSTOMERS = (
    Column("name", _("Customer"), sort=True, sub="email", href=lambda row: f"/admin/customers/{row.id}", heading=True),
    Column("status", _("Status"), "status", sort=True),
    Column("accounts", _("Accounts"), "number"),
    Column("country", _("Country"), sort=True, wide="lg"),
    Column("last_sign_in_at", _("Last sign-in"), "ago", sort=True, wide="md"),
    Column("created_at", _("Registered"), "day", sort=True),
)
_ACCOUNTS = (
    Column("number", _("Account"), href=lambda row: f"/admin/accounts/{row.id}", heading=True),
    Column("type", _("Type"), "custom"),
    Column("balance", _("Balance"), "money", currency="currency"),
    Column("equity", _("Equity"), "money", currency="currency"),
    Column("status", _("Status"), "status", wide="md"),
)
_FILTERS = (
    Filter("search", _("Name, e-mail or account number"), "search"),
    Filter(
        "status", _("Status"), "select", (("new", _("New")), ("verified", _("Verified")), ("blocked", _("Blocked")))
    ),
    Filter("accounts", _("Accounts"), "select", (("some", _("With accounts")), ("none", _("Without accounts")))),
    Filter("since", _("From"), "date"),
    Filter("until", _("To"), "date"),
)


@get("/customers", opt=_VIEW, sync_to_thread=True)
def customers(web: Page) -> Response[str]:
    """All customers."""
    query = TableQuery.read(web.query, _CUSTOMERS, _FILTERS)
    with web.session() as session:
        found = list_customers(session, query)
    export = "/admin/customers.csv" + (f"?{urlencode(query.params(page=1))}" if query.params(page=1) else "")
    manages = web.may("customers.manage")
    invite = Action(_("Invite a customer"), "/admin/customers/invite", "user-plus", dialog=True, primary=True)
    table = Table(
        "customers", _CUSTOMERS, found.rows, query, found.total, web.path, filters=_FILTERS, caption=_("Customers"), export=export,
        empty=Empty(
            _("No customers yet"), _("Share your portal's address, or invite somebody: they appear here."), "users",
            invite if manages else None,
        ),
    )  # fmt: skip
    return web.render(
        "admin/customers.html", table=table, actions=[invite] if manages else [], title=_("Customers"),
        open=web.visit.tenant.registration == "open",
    )  # fmt: skip


@get("/customers.csv", opt=_VIEW, sync_to_thread=True)
def export(web: Page) -> Response[str]:
    """All of them as a file, under the same filters."""
    query = replace(TableQuery.read(web.query, _CUSTOMERS, _FILTERS), page=1, size=_EVERY)
    with web.session() as session:
        return web.csv("customers", _CUSTOMERS, list_customers(session, query).rows)


@get("/customers/{customer_id:uuid}", opt=_VIEW, sync_to_thread=True)
def customer(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """One customer: a tab for each kind of thing there is about them."""
    slots = available_slots(web, "admin.customer.tab")
    own = [("accounts", _("Accounts")), ("access", _("Permissions")), ("sessions", _("Sign-ins"))]
    if web.may("audit.view"):
        own.append(("activity", _("Activity")))
    tab = web.query.get("tab", "accounts")
    if tab not in {key for key, _title in (*own, *slots)}:
        raise NotFoundError(tab)
    with web.session() as session:
        person = people.customer(session, customer_id)
        held = holdings_of(session, customer_id)
        table = _table(web, session, person, tab)
        access = access_of(web, session, person) if tab == "access" else ()
    body = render_slots(web, "admin.customer.tab", {"customer_id": customer_id}, only=tab)
    counts = {"accounts": held.accounts, "sessions": held.sessions}
    tabs = [(key, title, f"{web.path}?tab={key}", counts.get(key)) for key, title in (*own, *slots)]
    return web.render(
        "admin/customer.html", person=person, held=held, table=table, access=access, tab=tab, tabs=tabs,
        slot=body[0] if body else None, actions=_actions(web, person), device_of=device_of, words=WORDS, title=person.name,
    )  # fmt: skip


def _table(web: Page, session: TenantSession, person: Customer, tab: str) -> Table | None:
    if tab == "accounts":
        return _accounts_table(web, session, person)
    if tab == "sessions":
        base = f"/admin/customers/{person.id}/sessions"
        return sessions_table(web, session, person, base, manages=web.may("customers.manage"))
    if tab == "activity":
        ids = session.execute(text("select id from core.accounts where customer_id = :id"), {"id": person.id}).scalars()
        return entries_table(web, session, (person.id, *ids), keep={"tab": "activity"})
    return None


def _accounts_table(web: Page, session: TenantSession, person: Customer) -> Table:
    query = TableQuery.read(web.query, _ACCOUNTS)
    found = list_accounts(session, query, customer=person.id)
    may_open = web.may("customers.manage") and person.status != "blocked"
    new = Action(_("Open an account"), f"/admin/customers/{person.id}/accounts/new", "plus", dialog=True)

    def actions(row: AccountRow) -> Sequence[Action]:
        money = Action(_("Deposit or withdraw"), f"/admin/accounts/{row.id}/funds", "cash", dialog=True)
        status = Action(_("Change"), f"/admin/accounts/{row.id}/status", "settings", dialog=True)
        return (
            *((money,) if web.may("trading.deposit") else ()),
            *((status,) if web.may("customers.manage") else ()),
        )

    return Table(
        "accounts", _ACCOUNTS, found.rows, query, found.total, web.path, caption=_("Accounts"), actions=actions,
        empty=Empty(_("No accounts"), _("This customer has none yet."), "wallet", new if may_open else None),
    )  # fmt: skip


def _actions(web: Page, person: Customer) -> list[Action]:
    if not web.may("customers.manage"):
        return []
    base = f"/admin/customers/{person.id}"
    found = [Action(_("Edit"), f"{base}/edit", "pencil", dialog=True)]
    if person.totp_confirmed_at is not None:
        found.append(Action(_("Remove second factor"), f"{base}/second-factor", "shield-lock", dialog=True))
    if person.password_hash is None:
        found.append(Action(_("Send the invitation again"), f"{base}/invite", "mail", dialog=True))
    if person.status == "blocked":
        found.append(Action(_("Unblock"), f"{base}/unblock", "lock-open", dialog=True, primary=True))
    else:
        found.append(Action(_("Block"), f"{base}/block", "ban", dialog=True, danger=True))
    if person.status == "new":
        found.append(Action(_("Verify"), f"{base}/verify", "user-check", dialog=True, primary=True))
    return found


ROUTES = [customers, export, customer]
