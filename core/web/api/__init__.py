"""The API: the same services as the pages, for programs."""

from core.web.api import accounts, market, openapi, products, trading

__all__ = ["API_ROUTES"]

API_ROUTES = [*accounts.ROUTES, *market.ROUTES, *trading.ROUTES, *products.ROUTES, *openapi.ROUTES]
