"""Customers and staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.web.reading.sql import Page, Where, page_of
from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["CustomerRow", "StaffRow", "list_customers", "list_staff"]


@dataclass(frozen=True)
class CustomerRow:
    """A customer, and how many accounts they have."""

    id: UUID
    name: str
    email: str
    status: str
    country: str
    last_sign_in_at: datetime | None
    created_at: datetime
    accounts: int


@dataclass(frozen=True)
class StaffRow:
    """A member of staff with the names of their groups."""

    id: UUID
    name: str
    email: str
    status: str
    second_factor: bool
    last_sign_in_at: datetime | None
    groups: str


def list_customers(session: TenantSession, query: TableQuery) -> Page[CustomerRow]:
    """A page of customers. Filters: ``search`` (name, e-mail), ``status``."""
    where = Where()
    if search := query.get("search"):
        where.contains(search, "c.name", "c.email")
    if status := query.get("status"):
        where.add("c.status = :status", status=status)
    sorts = {name: f"c.{name}" for name in ("name", "status", "created_at", "last_sign_in_at")}
    select = (
        "c.id, c.name, c.email, c.status, c.country, c.last_sign_in_at, c.created_at,"
        " (select count(*) from core.accounts a where a.customer_id = c.id) as accounts"
    )
    rows, total = page_of(
        session,
        select,
        " from tenants.customers c",
        where,
        query,
        sorts=sorts,
        default="c.created_at desc",
        unique="c.id",
    )
    return Page([CustomerRow(**row._mapping) for row in rows], total)


def list_staff(session: TenantSession, query: TableQuery) -> Page[StaffRow]:
    """A page of staff. Filter: ``search`` (name, e-mail)."""
    where = Where()
    if search := query.get("search"):
        where.contains(search, "s.name", "s.email")
    select = (
        "s.id, s.name, s.email, s.status, s.totp_confirmed_at is not null as second_factor, s.last_sign_in_at,"
        " coalesce((select string_agg(g.name, ', ' order by g.name) from tenants.group_members m"
        " join tenants.groups g on (g.tenant_id, g.id) = (m.tenant_id, m.group_id) where m.staff_id = s.id), '') as groups"
    )
    rows, total = page_of(
        session,
        select,
        " from tenants.staff s",
        where,
        query,
        sorts={"name": "s.name"},
        default="s.name",
        unique="s.id",
    )
    return Page([StaffRow(**row._mapping) for row in rows], total)
