"""What a module may do in which state."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from tenants.db import TenantSession

_STATE: Final = text("""
select t.status, coalesce((select state from tenants.product_configs where tenant_id = t.id and module = :module), 'off')
from tenants.tenants t where t.id = :tenant
""")


_HOLD: Final = text("select from tenants.product_configs where tenant_id = :tenant and module = :module for share")


def module_state(session: TenantSession, module: str, *, hold: bool = False) -> str:
    """``on``, ``off``, ``draining`` or ``halted``, read in this transaction; a suspended tenant's modules are draining.

    :param hold: keep a switch waiting until the transaction ends. What will book orders says so before it locks accounts: a
        switch holds the module first and then closes what is left, and two orders of locking would wait for each other.
    """
    if hold:
        session.execute(_HOLD, {"tenant": session.tenant_id, "module": module})
    status, state = session.execute(_STATE, {"tenant": session.tenant_id, "module": module}).one()
    return "draining" if state == "on" and status != "active" else str(state)


def may_run(state: str, *, reduces: bool) -> bool:
    """Whether a job, a handler or a reactor runs in a state: what reduces risk does in every state but ``halted``."""
    return state == "on" or (reduces and state != "halted")
