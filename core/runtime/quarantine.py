"""Quarantine: a plugin that fails too often is kept from doing harm, for one tenant or for all.

Its module drains (so that what reduces risk goes on), its pages answer 503, the tenant's staff get an alert. It ends when
staff switch the module on again, for all tenants only when the platform's operator has lifted it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import insert, text

from core.jobs.models import Alert
from core.runtime.models import PluginFault
from tenants.db import Database, SystemSession, TenantSession, new_id
from tenants.services import products
from tenants.services.actor import SYSTEM, Actor

FAULTS: Final = 10
"""Errors of a plugin for one tenant within the window that bring it into quarantine there."""
WINDOW_S: Final = 300
TENANTS: Final = 3
"""Tenants in quarantine within the window that make it the plugin's fault altogether."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of a contribution. ``tenant_id`` is none where no tenant was involved."""

    plugin: str
    tenant_id: UUID | None
    contribution: str
    trace: str

    @property
    def error(self) -> str:
        """The last line of the trace."""
        lines = self.trace.strip().splitlines()
        return lines[-1] if lines else ""


def record(database: Database, fault: Fault) -> None:
    """Keep an error, and quarantine the plugin if that was one too many."""
    with database.system() as session:
        session.execute(
            insert(PluginFault).values(
                plugin=fault.plugin,
                tenant_id=fault.tenant_id,
                contribution=fault.contribution,
                error=fault.error,
                trace=fault.trace,
            )
        )
        recent = session.scalar(
            text(
                "select count(*) from core.plugin_faults where plugin = :plugin and tenant_id is not distinct from :tenant"
                # Errors from before a quarantine was lifted are forgiven.
                " and at > greatest(now() - make_interval(secs => :window), (select max(lifted_at) from core.quarantines"
                " where plugin = :plugin and (tenant_id is null or tenant_id is not distinct from :tenant)))"
            ),
            {"plugin": fault.plugin, "tenant": fault.tenant_id, "window": WINDOW_S},
        )
    if (recent or 0) < FAULTS:
        return
    reason = f"{recent} errors in {WINDOW_S // 60} minutes, the last in {fault.contribution}: {fault.error}"
    if fault.tenant_id is None:
        quarantine_everywhere(database, fault.plugin, reason, fault.trace)
        return
    with database.tenant(fault.tenant_id) as tenant_session:
        quarantine_tenant(tenant_session, fault.plugin, reason, fault.trace)
    with database.system() as session:
        tenants = session.scalar(
            text(
                "select count(*) from core.quarantines where plugin = :plugin and tenant_id is not null"
                " and lifted_at is null and since > now() - make_interval(secs => :window)"
            ),
            {"plugin": fault.plugin, "window": WINDOW_S},
        )
    if (tenants or 0) >= TENANTS:
        quarantine_everywhere(database, fault.plugin, f"in quarantine for {tenants} tenants; {reason}", fault.trace)


def quarantine_tenant(session: TenantSession, plugin: str, reason: str, trace: str) -> bool:
    """Put a plugin into quarantine for the session's tenant; whether it was not there already."""
    if not _stand(session, plugin, session.tenant_id, reason, trace):
        return False
    _drain(session, plugin, reason, trace)
    _log.error("%s is in quarantine for tenant %s: %s", plugin, session.tenant_id, reason)
    return True


def quarantine_everywhere(database: Database, plugin: str, reason: str, trace: str) -> bool:
    """Put a plugin into quarantine for all tenants; whether it was not there already."""
    with database.system() as session:
        if not _stand(session, plugin, None, reason, trace):
            return False
        tenants = session.scalars(
            text("select tenant_id from tenants.product_configs where module = :plugin and state = 'on' order by 1"),
            {"plugin": plugin},
        ).all()
    for tenant_id in tenants:
        with database.tenant(tenant_id) as tenant_session:
            _drain(tenant_session, plugin, reason, trace)
    _log.error("%s is in quarantine for all tenants: %s", plugin, reason)
    return True


def lift(session: SystemSession | TenantSession, plugin: str, tenant_id: UUID | None, actor: Actor) -> bool:
    """End a quarantine; whether there was one. The module stays as it is until it is switched on."""
    lifted = session.execute(
        text(
            "update core.quarantines set lifted_at = now(), lifted_by = :actor where plugin = :plugin"
            " and tenant_id is not distinct from cast(:tenant as uuid) and lifted_at is null"
        ),
        {"plugin": plugin, "tenant": tenant_id, "actor": actor.name},
    )
    return bool(lifted.rowcount)  # type: ignore[attr-defined]  # an update gives a CursorResult


def standing(session: SystemSession) -> frozenset[tuple[str, UUID | None]]:
    """All quarantines in force: plugin and tenant, none for all tenants."""
    rows = session.execute(text("select plugin, tenant_id from core.quarantines where lifted_at is null"))
    return frozenset((row.plugin, row.tenant_id) for row in rows)


def _stand(
    session: SystemSession | TenantSession, plugin: str, tenant_id: UUID | None, reason: str, trace: str
) -> bool:
    made = session.execute(
        text(
            "insert into core.quarantines (id, plugin, tenant_id, reason, trace)"
            " values (:id, :plugin, :tenant, :reason, :trace) on conflict do nothing returning id"
        ),
        {"id": new_id(), "plugin": plugin, "tenant": tenant_id, "reason": reason, "trace": trace},
    )
    return made.first() is not None


def _drain(session: TenantSession, plugin: str, reason: str, trace: str) -> None:
    if products.state_of(session, plugin, lock=True) == "on":
        products.set_state(session, plugin, "draining", SYSTEM, reason=f"quarantine: {reason}")
    session.add(
        Alert(
            source=plugin,
            code="quarantine",
            severity="critical",
            message=f"{plugin} failed too often and was taken out of service. What reduces risk goes on."
            " Look at the trace, then switch it on again in Settings → Product Configs.",
            subject=plugin,
            detail={"reason": reason, "trace": trace},
        )
    )
