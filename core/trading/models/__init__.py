"""Tables of trading: instruments, symbols, accounts, orders, positions, fills, ledger."""

from core.trading.models.account import Account, AccountType, AccountTypeSymbol, AccountWatch, Reservation
from core.trading.models.favourite import FavouriteSymbol
from core.trading.models.instrument import Instrument, Symbol
from core.trading.models.ledger import LedgerEntry
from core.trading.models.order import Fill, Order
from core.trading.models.position import Position

__all__ = [
    "Account",
    "AccountType",
    "AccountTypeSymbol",
    "AccountWatch",
    "FavouriteSymbol",
    "Fill",
    "Instrument",
    "LedgerEntry",
    "Order",
    "Position",
    "Reservation",
    "Symbol",
]
