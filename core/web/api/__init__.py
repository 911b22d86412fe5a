"""The API: the same services as the pages, for programs."""

from litestar.types import ControllerRouterHandler

from core.web.api import accounts, customers, market, openapi, products, settings, trading

__all__ = ["API_ROUTES"]

API_ROUTES: list[ControllerRouterHandler] = [
    *accounts.ROUTES,
    *customers.ROUTES,
    *market.ROUTES,
    *trading.ROUTES,
    *products.ROUTES,
    *settings.ROUTES,
    *openapi.ROUTES,
]
