"""People → Customers and Staff: who there is, and what customers have. Changing them has pages of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.web.page import Page
from core.web.reading import list_accounts
from core.web.reading.people import list_customers, list_staff
from core.web.slots import available_slots, render_slots
from core.web.tables import Column, Empty, Filter, Table, TableQuery
from tenants.services import people

__all__ = ["ROUTES"]

_CUSTOMERS = (
    Column("name", "Customer", sort=True, sub="email", href=lambda row: f"/admin/customers/{row.id}", heading=True),
    Column("status", "Status", "status", sort=True),
    Column("accounts", "Accounts", "number"),
    Column("country", "Country", wide="lg"),
    Column("last_sign_in_at", "Last sign-in", "ago", sort=True, wide="md"),
    Column("created_at", "Registered", "day", sort=True),
)
_STAFF = (
    Column("name", "Name", sort=True, sub="email", heading=True),
    Column("groups", "Roles"),
    Column("status", "Status", "status"),
    Column("second_factor", "Second factor", "flag", wide="md"),
    Column("last_sign_in_at", "Last sign-in", "ago"),
)
_ACCOUNTS = (
    Column("number", "Account", href=lambda row: f"/admin/accounts/{row.id}", heading=True),
    Column("type", "Type"),
    Column("balance", "Balance", "money", currency="currency"),
    Column("equity", "Equity", "money", currency="currency"),
    Column("status", "Status", "status"),
)
_STATUSES = Filter("status", "Status", "select", (("new", "New"), ("verified", "Verified"), ("blocked", "Blocked")))
_SEARCH = Filter("search", "Name or e-mail", "search")


@get("/customers", opt={"permission": "customers.view"}, sync_to_thread=True)
def customers(web: Page) -> Response[str]:
    """All customers."""
    filters = (_SEARCH, _STATUSES)
    query = TableQuery.read(web.query, _CUSTOMERS, filters)
    with web.session() as session:
        found = list_customers(session, query)
    table = Table(
        "customers", _CUSTOMERS, found.rows, query, found.total, web.path, filters=filters, caption="Customers",
        empty=Empty("No customers yet", "Share your portal's address; whoever registers appears here.", "users"),
    )  # fmt: skip
    return web.render("admin/customers.html", table=table, title="Customers")


@get("/customers/{customer_id:uuid}", opt={"permission": "customers.view"}, sync_to_thread=True)
def customer(web: Page, customer_id: FromPath[UUID]) -> Response[str]:
    """One customer and their accounts."""
    tab = web.query.get("tab", "accounts")
    with web.session() as session:
        person = people.customer(session, customer_id)
        query = TableQuery.read(web.query, _ACCOUNTS)
        found = list_accounts(session, query, customer=customer_id)
    table = Table(
        "accounts", _ACCOUNTS, found.rows, query, found.total, web.path, caption="Accounts",
        empty=Empty("No accounts", "This customer has opened none yet.", "wallet"),
    )  # fmt: skip
    slots = available_slots(web, "admin.customer.tab")
    body = render_slots(web, "admin.customer.tab", {"customer_id": customer_id}, only=tab) if tab != "accounts" else []
    tabs = [
        ("accounts", "Accounts", f"{web.path}", found.total),
        *((key, title, f"{web.path}?tab={key}", None) for key, title in slots),
    ]
    return web.render(
        "admin/customer.html",
        person=person,
        table=table,
        tab=tab,
        tabs=tabs,
        slot=body[0] if body else None,
        title=person.name,
    )


@post(
    "/customers/{customer_id:uuid}/verify", opt={"permission": "customers.manage"}, sync_to_thread=True, status_code=200
)
def verify(web: Page, customer_id: FromPath[UUID]) -> Response[Any]:
    """Say that a customer is who they say they are."""
    with web.session() as session:
        person = people.verify_customer(session, customer_id, web.who)
    return web.leave_for(f"/admin/customers/{customer_id}", notice=f"{person.name} is verified.")


@get("/staff", opt={"permission": "staff.view"}, sync_to_thread=True)
def staff(web: Page) -> Response[str]:
    """Everybody who works for the brokerage."""
    query = TableQuery.read(web.query, _STAFF, (_SEARCH,))
    with web.session() as session:
        found = list_staff(session, query)
    table = Table("staff", _STAFF, found.rows, query, found.total, web.path, filters=(_SEARCH,), caption="Staff")
    return web.render("admin/staff.html", table=table, title="Staff")


ROUTES = [customers, customer, verify, staff]
