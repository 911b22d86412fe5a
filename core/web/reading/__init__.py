"""Reads for pages and the API: one page of rows in a fixed number of statements, whatever there is in all.

Every read works for the session's tenant; ``customer`` narrows it to one customer's own.
"""

from core.web.reading.accounts import AccountRow, account_row, list_accounts
from core.web.reading.history import LedgerRow, list_ledger
from core.web.reading.orders import OrderRow, list_orders, order_row
from core.web.reading.positions import PositionRow, list_positions, position_row
from core.web.reading.sql import Page as Rows
from core.web.reading.symbols import SymbolRow, candles, list_symbols, symbols_of_account, usual_gap_s

__all__ = [
    "AccountRow",
    "LedgerRow",
    "OrderRow",
    "PositionRow",
    "Rows",
    "SymbolRow",
    "account_row",
    "candles",
    "list_accounts",
    "list_ledger",
    "list_orders",
    "list_positions",
    "list_symbols",
    "order_row",
    "position_row",
    "symbols_of_account",
    "usual_gap_s",
]
