"""The smaller contributions through the gate: fragments of pages, health checks, pre-trade checks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.runtime.gate import GATE, Contribution, Gate, PluginError
from core.runtime.records import LoadedPlugin
from core.runtime.states import module_state
from core.sdk.declarations import OrderCheck, Slot
from tenants.db import TenantSession

SLOT_S: Final = 2.0
CHECK_FAILED: Final = "check_failed"
"""Reason of a refusal because a check failed: an open that nobody could check is not opened."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """A health check's outcome; ``problem`` is none when all is well."""

    plugin: str
    name: str
    problem: str | None


def render_slot(
    gate: Gate, tenant_id: UUID, plugin: LoadedPlugin, slot: Slot, context: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """The template and context of a fragment, in a transaction of its own; none where it has nothing to show or failed."""

    def render() -> tuple[str, dict[str, Any]] | None:
        with gate.database.tenant(tenant_id) as session:
            return slot.render(session, context)

    return gate.attempt(Contribution(plugin.key, "slot", slot.title), tenant_id, render, SLOT_S)


def check_health(gate: Gate, tenant_id: UUID, plugin: LoadedPlugin) -> list[Health]:
    """Run a plugin's health checks for a tenant, each in a transaction of its own and no longer than it may take."""
    return [_health(gate, tenant_id, plugin, number) for number in range(len(plugin.health))]


def _health(gate: Gate, tenant_id: UUID, plugin: LoadedPlugin, number: int) -> Health:
    check = plugin.health[number]

    def look() -> str | None:
        with gate.database.tenant(tenant_id) as session:
            return check.check(session)

    try:
        problem = gate.call(Contribution(plugin.key, "health", check.name), tenant_id, look, check.timeout_s)
    except PluginError as error:
        gate.record(error)
        problem = f"the check failed: {error.error}"
    return Health(plugin.key, check.name, problem)


def order_checks(session: TenantSession, orders: Sequence[Any]) -> dict[str, str]:
    """Reasons by client order id for the orders that modules of the tenant refuse. ``orders`` are opens only: nothing holds
    a close back.

    Runs in the order's transaction, each check behind a savepoint. A check that fails refuses the whole batch, and in the
    end brings its plugin into quarantine, which takes the check away.
    """
    gate: Gate | None = session.info.get(GATE)
    refused: dict[str, str] = {}
    if gate is None or not orders:
        return refused
    for plugin, check in gate.runtime.order_checks:
        if module_state(session, plugin.key) == "on":
            for client_order_id, reason in _check(gate, session, plugin, check, orders).items():
                refused.setdefault(client_order_id, reason)
    return refused


def _check(
    gate: Gate, session: TenantSession, plugin: LoadedPlugin, check: OrderCheck, orders: Sequence[Any]
) -> dict[str, str]:
    contribution = Contribution(plugin.key, "order check", check.name)
    try:
        with session.begin_nested():
            return gate.call(
                contribution, session.tenant_id, lambda: dict(check.check(session, orders)), check.timeout_s
            )
    except PluginError as error:
        gate.record_later(session, error)
        return {order.client_order_id: CHECK_FAILED for order in orders}
