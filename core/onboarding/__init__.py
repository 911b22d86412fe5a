"""Making a brokerage ready for business: the tenant, and trading with sensible conditions."""

from core.onboarding.accounts import open_account
from core.onboarding.brokerage import make_brokerage
from core.onboarding.conditions import SymbolConditions, conditions_of
from core.onboarding.defaults import DEFAULT_TYPES, NewAccountType, add_account_type, add_symbols

__all__ = [
    "DEFAULT_TYPES",
    "NewAccountType",
    "SymbolConditions",
    "add_account_type",
    "add_symbols",
    "conditions_of",
    "make_brokerage",
    "open_account",
]
