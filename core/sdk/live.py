"""Live pages for plugins: tell those that are open that something changed, from any session.

Staff's pages hear every topic of a module that is on; a customer's page hears ``<topic>:<customer's id>`` of its own person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.live import CLIENT
from core.live import publish as send
from tenants.db import TenantSession

__all__ = ["publish"]


def publish(session: TenantSession, topic: str, data: Mapping[str, Any]) -> None:
    """Send a message once this transaction is committed. It may be lost: pages show what the database says."""
    client, tenant_id = session.info.get(CLIENT), session.tenant_id
    if client is not None:
        session.after_commit(lambda: send(client, tenant_id, topic, data))
