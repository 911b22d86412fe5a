"""Making a database ready for this version: schema, roles, policies, and what the installed modules declare."""

from __future__ import annotations

from core.addresses import resolve
from core.migrations.runner import migrate
from core.permissions import all_permissions
from core.runtime import Runtime
from core.settings import Settings
from tenants.db import Database
from tenants.services.permissions import declare


def prepare(settings: Settings, runtime: Runtime | None = None) -> Runtime:
    """Bring the database that `settings` name to this version. Safe at each start; several at once wait for each other.

    Returns the plugins (those of `runtime`, or all installed) without those whose tables do not fit.
    """
    addresses = resolve(settings)
    plugins = migrate(settings, addresses, runtime)
    database = Database(addresses.app, addresses.system, pooled=False)
    with database.system() as session:
        declare(session, all_permissions(plugins))
    database.dispose()
    return plugins
