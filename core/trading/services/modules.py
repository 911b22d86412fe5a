"""A module's switch, held still while something is done for it."""

from __future__ import annotations

from core.trading.booking.load import module_states
from tenants.db import TenantSession


def hold_module(session: TenantSession, module: str) -> str:
    """The module's state (``on``, ``draining``, ``off`` or ``halted``), which stays until the transaction ends.

    Whoever locks accounts for a module holds it first: a switch takes the module before the accounts, too, and two
    callers that take the same locks in different orders would end each other.
    """
    return module_states(session, [module])[module]
