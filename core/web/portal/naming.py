"""The account and the symbol that a request names."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core.web.page import WebPage
from core.web.reading import AccountRow, SymbolRow, account_row, symbols_of_account
from core.web.refusals import NotFoundError
from tenants.db import TenantSession

__all__ = ["account_and_symbol", "digits_of"]


def account_and_symbol(web: WebPage, session: TenantSession, given: Mapping[str, str]) -> tuple[AccountRow, SymbolRow]:
    """The customer's account and a symbol of it, as they are named. :raises NotFoundError: where either is not theirs."""
    try:
        account = account_row(session, UUID(str(given.get("account", ""))), customer=web.person_id)
    except ValueError:
        account = None
    if account is None:
        raise NotFoundError("account")
    symbol = next((s for s in symbols_of_account(session, account.id) if s.code == given.get("symbol")), None)
    if symbol is None:
        raise NotFoundError("symbol")
    return account, symbol


def digits_of(symbol: SymbolRow) -> int:
    """Decimals of the symbol's prices."""
    exponent = symbol.tick.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
