"""Accounts whose fills have an event stream of their own."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from core.trading.booking import UnknownReferenceError, lock_accounts
from tenants.db import TenantSession


def watch_account(session: TenantSession, account_id: UUID, plugin: str) -> None:
    """From now on every fill of the account is an event `fills` in the stream `account:<id>`. Again: nothing changes.

    The account is locked, so the watch begins between two of its fills, never within one.
    """
    _lock(session, account_id)
    session.execute(
        text(
            "insert into core.account_watches (id, account_id, plugin) values (gen_random_uuid(), :account, :plugin)"
            " on conflict (tenant_id, account_id, plugin) do nothing"
        ),
        {"account": account_id, "plugin": plugin},
    )
    session.execute(text("update core.accounts set watched = true where id = :id and not watched"), {"id": account_id})


def unwatch_account(session: TenantSession, account_id: UUID, plugin: str) -> None:
    """End a plugin's watch; the stream ends with the last one."""
    _lock(session, account_id)
    session.execute(
        text("delete from core.account_watches where account_id = :account and plugin = :plugin"),
        {"account": account_id, "plugin": plugin},
    )
    session.execute(
        text(
            "update core.accounts a set watched = false where a.id = :id and a.watched"
            " and not exists (select from core.account_watches w where w.account_id = a.id)"
        ),
        {"id": account_id},
    )


def _lock(session: TenantSession, account_id: UUID) -> None:
    if not lock_accounts(session, [account_id]):
        raise UnknownReferenceError(f"no such account: {account_id}")
