"""Making a database ready for this version: schema, roles, policies, and what the installed modules declare."""

from __future__ import annotations

from core.addresses import Addresses, resolve
from core.migrations.runner import migrate
from core.permissions import all_permissions
from core.runtime import Runtime, load_runtime
from core.settings import Settings
from tenants.db import Database
from tenants.services.permissions import declare


def prepare(settings: Settings, runtime: Runtime | None = None) -> Addresses:
    """Bring the database that `settings` name to this version. Safe at each start; several at once wait for each other."""
    addresses = resolve(settings)
    migrate(settings, addresses)
    database = Database(addresses.app, addresses.system, pooled=False)
    with database.system() as session:
        declare(session, all_permissions(runtime or load_runtime()))
    database.dispose()
    return addresses
