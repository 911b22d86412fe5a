"""Isolation of tenants in the database: base classes, roles, sessions and row-level security."""

from tenants.db.base import Amount, Base, Price, TenantRow, Timestamp, Volume, new_id, tenant_key
from tenants.db.database import Database
from tenants.db.isolation import Roles, grant_schema, protect_table, tenant_tables
from tenants.db.session import NoTenantError, SystemSession, TenantSession, WrongTenantError

__all__ = [
    "Amount",
    "Base",
    "Database",
    "NoTenantError",
    "Price",
    "Roles",
    "SystemSession",
    "TenantRow",
    "TenantSession",
    "Timestamp",
    "Volume",
    "WrongTenantError",
    "grant_schema",
    "new_id",
    "protect_table",
    "tenant_key",
    "tenant_tables",
]
