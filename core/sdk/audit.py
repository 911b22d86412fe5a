"""The audit log for what a plugin does by itself; pages write theirs with ``web.audit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.db import TenantSession
from tenants.services import audit
from tenants.services.actor import SYSTEM

__all__ = ["record_own"]


def record_own(
    session: TenantSession,
    plugin: str,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry in the name of the platform, in the transaction of what was done."""
    audit.record(session, SYSTEM, action, plugin, subject, before=before, after=after)
