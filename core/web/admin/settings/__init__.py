"""Settings of a brokerage: setup, company, brand, domains, currencies, account types, symbols."""

from litestar.types import ControllerRouterHandler

from core.web.admin.settings import (
    account_types,
    brand,
    company,
    currencies,
    domains,
    setup,
    symbols,
    symbols_adding,
    type_symbols,
)

__all__ = ["ROUTES"]

ROUTES: list[ControllerRouterHandler] = [
    *setup.ROUTES,
    *company.ROUTES,
    *brand.ROUTES,
    *domains.ROUTES,
    *currencies.ROUTES,
    *account_types.ROUTES,
    *type_symbols.ROUTES,
    *symbols.ROUTES,
    *symbols_adding.ROUTES,
]
