"""The one order of locks: the module's switch, accounts by their ids, subjects, bots, commands."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.sdk.data import TenantSession
from core.sdk.trading import LockedAccounts, hold_module, lock_accounts_with_markets
from plugins.bot_trading.services.moving import MODULE

__all__ = ["lock_accounts", "module_is_on"]


def lock_accounts(session: TenantSession, account_ids: Collection[UUID]) -> LockedAccounts:
    """Accounts under their locks, and the module's switch before them.

    Switching the module off takes the switch and then the accounts of its bots: the other way round a command that places
    an order and a switch would wait for each other.
    """
    hold_module(session, MODULE)
    return lock_accounts_with_markets(session, account_ids)


def module_is_on(session: TenantSession) -> bool:
    """Whether the module is on, and stays so until the transaction ends."""
    return hold_module(session, MODULE) == "on"
