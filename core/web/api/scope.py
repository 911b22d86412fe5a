"""Whose rows a token reaches: a customer's own, or with the permission all of the brokerage's."""

from __future__ import annotations

from uuid import UUID

from core.web.page import Page
from core.web.reading import AccountRow, account_row
from core.web.refusals import NotFoundError
from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["account_of", "customer_of", "query_of"]


def customer_of(web: Page, permission: str = "trading.view") -> UUID | None:
    """The customer to whom rows are narrowed; none for staff with the permission.

    :raises NotFoundError: for staff without it.
    """
    if web.visit.kind == "customer":
        return web.person_id
    if not web.may(permission):
        raise NotFoundError(permission)
    return None


def account_of(web: Page, session: TenantSession, account_id: UUID, permission: str = "trading.view") -> AccountRow:
    """An account that the token reaches.

    :raises NotFoundError: for any other.
    """
    found = account_row(session, account_id, customer=customer_of(web, permission))
    if found is None:
        raise NotFoundError(str(account_id))
    return found


def query_of(page: int, size: int, **filters: str) -> TableQuery:
    """The page that is asked for; empty filters ask nothing."""
    return TableQuery(page=page, size=size, filters={key: value for key, value in filters.items() if value})
