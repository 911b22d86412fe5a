"""Tables and sessions for plugins.

A plugin's tables live in a schema named as its key. Each belongs to tenants: derive from ``TenantRow`` and ``Base``,
refer to other tables with :func:`tenant_key`, and protect them in the migration with ``core.sdk.migrations``.
Foreign keys into the platform may go to ``core.accounts``, ``core.symbols``, ``core.account_types``, ``core.positions``
and ``tenants.customers``.
"""

from tenants.db import Amount, Base, Price, TenantRow, TenantSession, Timestamp, Volume, new_id, tenant_key
from tenants.db.base import CURRENT_TENANT

__all__ = [
    "CURRENT_TENANT",
    "Amount",
    "Base",
    "Price",
    "TenantRow",
    "TenantSession",
    "Timestamp",
    "Volume",
    "new_id",
    "tenant_key",
]
