"""Trading for plugins: the same services as the platform's own pages use, over the session of one tenant."""

from core.trading.fill_events import AccountFill, read_fills
from core.trading.locked import (
    HeldPosition,
    LockedAccount,
    LockedAccounts,
    MarketView,
    lock_accounts_with_markets,
)
from core.trading.types import (
    MANUAL,
    AccountState,
    FillResult,
    OrderRequest,
    OrderResult,
    Origin,
    QuoteView,
    Side,
)

__all__ = [
    "MANUAL",
    "AccountFill",
    "AccountState",
    "FillResult",
    "HeldPosition",
    "LockedAccount",
    "LockedAccounts",
    "MarketView",
    "OrderRequest",
    "OrderResult",
    "Origin",
    "QuoteView",
    "Side",
    "lock_accounts_with_markets",
    "read_fills",
]

# Functions that core.trading.services offers and this module hands on (session: TenantSession first):
#   place_orders(session, requests) -> list[OrderResult]          any number, a fixed number of statements
#   cancel_orders(session, order_ids, reason) -> list[OrderResult]
#   set_protection(session, position_id, stop_loss, take_profit)
#   account_states(session, account_ids) -> dict[UUID, AccountState]
#   quotes(session, account_id, symbol_ids) -> dict[UUID, QuoteView]
#   reserve(session, account_id, owner_kind, owner_id, amount) / release(session, owner_id)
#   watch_account(session, account_id, plugin) / unwatch_account(...)
#   start_subject(session, ...) / change_subject / end_subject       reactors' subjects
