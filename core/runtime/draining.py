"""Modules on their way off: once nothing is left of a draining module, it is off."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import text

from core.runtime.gate import PluginError
from core.runtime.modules import measure
from tenants.services import products
from tenants.services.actor import SYSTEM

if TYPE_CHECKING:
    from core.platform import Platform

_log = logging.getLogger(__name__)


def settle_draining(platform: Platform) -> int:
    """Ask each draining module what it still holds, and switch those off that hold nothing; how many."""
    with platform.database.system() as session:
        rows = session.execute(
            text("select tenant_id, module from tenants.product_configs where state = 'draining' order by 1, 2")
        ).all()
    settled = 0
    for row in rows:
        plugin = platform.runtime.get(row.module)
        if plugin is None:  # it is not installed any more; whoever takes it out drops its tables as well
            continue
        try:
            with platform.database.tenant(row.tenant_id) as tenant_session:
                remaining = measure(platform.gate, tenant_session, plugin).remaining
                settled += products.settle(tenant_session, row.module, remaining, SYSTEM).changed
        except PluginError as error:
            platform.gate.record(error)
    if settled:
        _log.info("%d modules are off, now that nothing is left of them", settled)
    return settled
