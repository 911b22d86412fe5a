"""Customers and staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from core.web.reading.sql import Page, Source, Where, page_of
from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["CustomerRow", "Holdings", "StaffRow", "holdings_of", "list_customers", "list_staff"]


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


@dataclass(frozen=True)
class Holdings:
    """What a customer has, over all their accounts."""

    accounts: int
    positions: int
    orders: int
    tokens: int
    sessions: int


def holdings_of(session: TenantSession, customer_id: UUID) -> Holdings:
    """What a customer has now: accounts that are not closed, open positions, working orders, API tokens, sign-ins."""
    row = session.execute(
        text(
            "with mine as (select id, status from core.accounts where customer_id = :id)"
            " select (select count(*) from mine where status <> 'disabled') as accounts,"
            " (select count(*) from core.positions p where p.account_id in (select id from mine) and p.closed_ts_ms is null)"
            "  as positions,"
            " (select count(*) from core.orders o where o.account_id in (select id from mine)"
            "  and o.status in ('pending', 'resting', 'waiting', 'unknown')) as orders,"
            " (select count(*) from tenants.api_tokens t where t.customer_id = :id and t.revoked_at is null"
            "  and (t.expires_at is null or t.expires_at > now())) as tokens,"
            " (select count(*) from tenants.web_sessions s where s.customer_id = :id and s.stage = 'full'"
            "  and s.revoked_at is null and s.expires_at > now()) as sessions"
        ),
        {"id": customer_id},
    ).one()
    return Holdings(**row._mapping)


def list_customers(session: TenantSession, query: TableQuery) -> Page[CustomerRow]:
    """A page of customers. Filters: ``search`` (name, e-mail, an account's number), ``status``, ``since`` and ``until`` (days
    of registration, UTC), ``accounts`` (``some`` or ``none``)."""
    where = Where()
    if search := query.get("search"):
        numbered = "c.id in (select a.customer_id from core.accounts a where a.number = :number)"
        where.contains(search, "c.name", "c.email", otherwise=numbered).values["number"] = search
    if status := query.get("status"):
        where.add("c.status = :status", status=status)
    for key, sign in (("since", ">="), ("until", "<")):
        if day := query.get(key):
            shift = " + interval '1 day'" if key == "until" else ""
            where.add(f"c.created_at {sign} (cast(:{key} as date) at time zone 'UTC'){shift}", **{key: day})
    if having := query.get("accounts"):
        not_ = "not " if having == "none" else ""
        where.add(f"{not_}exists (select from core.accounts a where a.customer_id = c.id)")
    sorts = {name: f"c.{name}" for name in ("name", "status", "country", "created_at", "last_sign_in_at")}
    select = (
        "c.id, c.name, c.email, c.status, c.country, c.last_sign_in_at, c.created_at,"
        " (select count(*) from core.accounts a where a.customer_id = c.id) as accounts"
    )
    rows, total = page_of(
        session,
        select,
        Source("tenants.customers c", {}),
        where,
        query,
        sorts=sorts,
        default="c.created_at desc",
    )
    return Page([CustomerRow(**row._mapping) for row in rows], total)


def list_staff(session: TenantSession, query: TableQuery) -> Page[StaffRow]:
    """A page of staff. Filters: ``search`` (name, e-mail), ``status``, ``group`` (an identifier)."""
    where = Where()
    if search := query.get("search"):
        where.contains(search, "s.name", "s.email")
    if status := query.get("status"):
        where.add("s.status = :status", status=status)
    if group := query.get("group"):
        where.add(
            "exists (select from tenants.group_members m where m.staff_id = s.id and m.group_id = cast(:group as uuid))",
            group=group,
        )
    select = (
        "s.id, s.name, s.email, s.status, s.totp_confirmed_at is not null as second_factor, s.last_sign_in_at,"
        " coalesce((select string_agg(g.name, ', ' order by g.name) from tenants.group_members m"
        " join tenants.groups g on (g.tenant_id, g.id) = (m.tenant_id, m.group_id) where m.staff_id = s.id), '') as groups"
    )
    rows, total = page_of(
        session,
        select,
        Source("tenants.staff s", {}),
        where,
        query,
        sorts={"name": "s.name", "status": "s.status", "last_sign_in_at": "s.last_sign_in_at"},
        default="s.name",
    )
    return Page([StaffRow(**row._mapping) for row in rows], total)
