"""What pages, API, jobs and plugins ask of trading: plain functions over the session of one tenant."""

from core.trading.booking import UnknownReferenceError
from core.trading.booking import book as place_orders
from core.trading.services.favourites import favourites, set_favourite
from core.trading.services.funds import (
    FundsError,
    FundsResult,
    Payment,
    correct,
    deposit,
    pay,
    release,
    reserve,
    reserve_many,
    withdraw,
)
from core.trading.services.lookups import OrderFate, money_moved, order_fates
from core.trading.services.modules import hold_module
from core.trading.services.orders import (
    Protection,
    ProtectionError,
    cancel_orders,
    close_positions,
    set_protection,
    set_protections,
)
from core.trading.services.outcomes import profits_at
from core.trading.services.previewing import OrderPreview, preview_order
from core.trading.services.releasing import hand_over
from core.trading.services.replacing import Replacement, ReplacementError, replace_order
from core.trading.services.states import account_states, quotes
from core.trading.services.values import floating_by_position
from core.trading.services.watching import unwatch_account, watch_account

__all__ = [
    "FundsError",
    "FundsResult",
    "OrderFate",
    "OrderPreview",
    "Payment",
    "Protection",
    "ProtectionError",
    "Replacement",
    "ReplacementError",
    "UnknownReferenceError",
    "account_states",
    "cancel_orders",
    "close_positions",
    "correct",
    "deposit",
    "favourites",
    "floating_by_position",
    "hand_over",
    "hold_module",
    "money_moved",
    "order_fates",
    "pay",
    "place_orders",
    "preview_order",
    "profits_at",
    "quotes",
    "release",
    "replace_order",
    "reserve",
    "reserve_many",
    "set_favourite",
    "set_protection",
    "set_protections",
    "unwatch_account",
    "watch_account",
    "withdraw",
]
