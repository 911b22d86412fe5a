"""Accounts and their ledgers; who the token stands for."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from core.web.api.scope import account_of, customer_of, query_of
from core.web.api.shapes import AccountOut, LedgerOut, ListOf, Me, listed
from core.web.page import Page
from core.web.reading import list_accounts, list_ledger

__all__ = ["ROUTES"]

PageNumber = Annotated[int, QueryParameter(ge=1, le=10_000, description="Which page, from 1.")]
PageSize = Annotated[int, QueryParameter(ge=1, le=100, description="Rows of a page.")]


@get("/me", tags=["Me"])
async def me(web: Page) -> Me:
    """Who the token stands for, and what it may."""
    holder = web.visit.holder
    if holder is None:
        raise LookupError("a token's request has a holder")
    return Me(
        kind=holder.kind, email=holder.email, name=holder.name, token=holder.token_name,
        scopes=sorted(holder.scopes), permissions=sorted(holder.permissions),
    )  # fmt: skip


@get("/accounts", sync_to_thread=True, tags=["Accounts"])
def accounts(web: Page, page: PageNumber = 1, size: PageSize = 50, search: FromQuery[str] = "") -> ListOf[AccountOut]:
    """Accounts: a customer's own, or all of them for staff."""
    query = query_of(page, size, search=search)
    with web.session() as session:
        return listed(AccountOut, list_accounts(session, query, customer=customer_of(web)), query)


@get("/accounts/{account_id:uuid}", sync_to_thread=True, tags=["Accounts"])
def account(web: Page, account_id: FromPath[UUID]) -> AccountOut:
    """One account at the current quotes."""
    with web.session() as session:
        return AccountOut.model_validate(account_of(web, session, account_id))


@get("/accounts/{account_id:uuid}/ledger", sync_to_thread=True, tags=["Accounts"])
def ledger(web: Page, account_id: FromPath[UUID], page: PageNumber = 1, size: PageSize = 50) -> ListOf[LedgerOut]:
    """The account's ledger, the newest entry first."""
    query = query_of(page, size)
    with web.session() as session:
        account_of(web, session, account_id)
        return listed(LedgerOut, list_ledger(session, query, account=account_id), query)


ROUTES = [me, accounts, account, ledger]
