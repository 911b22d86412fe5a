"""Jobs for plugins: queue one from a page, a command or a lane. Jobs and handlers have ``context.enqueue`` for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.jobs.context import enqueue_job
from core.jobs.queues import SERVICE
from core.runtime.gate import GATE
from tenants.db import TenantSession

__all__ = ["enqueue"]


def enqueue(session: TenantSession, plugin: str, job: str, payload: Mapping[str, Any], *, delay_s: float = 0) -> None:
    """Write a run of a plugin's job in this transaction and wake a worker after the commit.

    :param delay_s: not before so many seconds from now, to the second.
    :raises LookupError: where the session belongs to no platform, or the plugin or job is not loaded in it.
    """
    gate, queues = session.info.get(GATE), session.info.get(SERVICE)
    found = gate.runtime.get(plugin) if gate is not None else None
    if found is None or queues is None:
        raise LookupError(f"no platform of this session has the plugin {plugin}")
    enqueue_job(session, found, job, payload, queues, delay_s=delay_s)
