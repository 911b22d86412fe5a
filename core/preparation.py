"""Making a database ready for this version: schema, roles, policies, and what the installed modules declare."""

from __future__ import annotations

from core.addresses import resolve
from core.migrations.runner import migrate
from core.permissions import all_permissions
from core.runtime import Runtime
from core.secret import sealer
from core.settings import Settings
from tenants.db import Database
from tenants.services.permissions import declare
from tenants.services.sealing import SEALER, seal_second_factors


def prepare(settings: Settings, runtime: Runtime | None = None) -> Runtime:
    """Bring the database that `settings` name to this version. Safe at each start; several at once wait for each other.

    Returns the installed plugins (or `runtime`'s) without those whose tables do not fit.
    """
    addresses = resolve(settings)
    fitting = migrate(settings, addresses, runtime)
    database = Database(addresses.app, addresses.system, pooled=False)
    database.session_info[SEALER] = sealer(settings)
    with database.system() as session:
        declare(session, all_permissions(fitting))
        seal_second_factors(session)
    database.dispose()
    return fitting
