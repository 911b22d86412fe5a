"""The one order of locks: the module's switch, the master, accounts by their ids, cursors, subscriptions."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.trading import LockedAccounts, hold_module, lock_accounts_with_markets
from plugins.copy_trading.replication.orders import MODULE

__all__ = ["hold", "lock_accounts", "lock_cursors"]


def hold(session: TenantSession) -> str:
    """The module's state, which stays until the transaction ends. Every command asks first, before any other lock:

    switching the module takes its state and then changes subscriptions, and two orders of locking would end each other.
    """
    return hold_module(session, MODULE)


def lock_accounts(session: TenantSession, account_ids: Collection[UUID]) -> LockedAccounts:
    """Accounts under their locks, and the module's switch before them."""
    hold(session)
    return lock_accounts_with_markets(session, account_ids)


def lock_cursors(session: TenantSession, ids: Collection[UUID]) -> None:
    """Let fills that are being copied to these subscriptions finish first, and hold others back until the transaction ends."""
    session.execute(
        text(
            "select from copy_trading.cursors where subscription_id = any(cast(:ids as uuid[]))"
            " order by subscription_id for update"
        ),
        {"ids": uuids(ids)},
    )
