"""Symbols and quotes."""

from __future__ import annotations

from uuid import UUID

from litestar import get
from litestar.params import FromPath

from core.trading.services import quotes as current_quotes
from core.web.api.scope import account_of
from core.web.api.shapes import QuoteOut, SymbolOut
from core.web.page import Page
from core.web.reading import list_symbols, symbols_of_account

__all__ = ["ROUTES"]


@get("/symbols", sync_to_thread=True, tags=["Market"])
def symbols(web: Page) -> list[SymbolOut]:
    """The brokerage's symbols."""
    with web.session() as session:
        return [SymbolOut.model_validate(item) for item in list_symbols(session)]


@get("/accounts/{account_id:uuid}/quotes", sync_to_thread=True, tags=["Market"])
def quotes(web: Page, account_id: FromPath[UUID]) -> list[QuoteOut]:
    """The current quotes as the account sees them; symbols without a quote are left out."""
    with web.session() as session:
        account_of(web, session, account_id)
        codes = {item.id: item.code for item in symbols_of_account(session, account_id)}
        found = current_quotes(session, account_id, list(codes))
    return [
        QuoteOut(
            symbol=codes[key], seq=q.seq, ts_ms=q.ts_ms, bid=q.bid, ask=q.ask, tradable=q.tradable, reason=q.reason
        )
        for key, q in found.items()
    ]


ROUTES = [symbols, quotes]
