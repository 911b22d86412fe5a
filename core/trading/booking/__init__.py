"""Booking: the one set-based engine that turns order requests into everything that follows from them."""

from core.trading.booking.engine import UnknownReferenceError, book, close_batch, open_batch
from core.trading.booking.fire import fire
from core.trading.booking.load import lock_accounts, module_states
from core.trading.booking.views import CurrentQuote

__all__ = [
    "CurrentQuote",
    "UnknownReferenceError",
    "book",
    "close_batch",
    "fire",
    "lock_accounts",
    "module_states",
    "open_batch",
]
