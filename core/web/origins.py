"""Where the page of what placed an order is: a copy, a bot. Modules say so with their routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.web.page import WebPage

__all__ = ["origin_link"]


def origin_link(web: WebPage) -> Callable[[Any], str]:
    """The portal's address for a row's ``origin`` and ``origin_id``; empty where there is no page for it, or no module on."""
    addresses: dict[str, str] = {}
    if web.surface == "portal":
        for plugin in web.kit.platform.runtime.plugins.values():
            if web.visit.tenant.is_on(plugin.key):
                addresses |= {kind: f"/{plugin.path}/{path}" for kind, path in plugin.routes.origins.items()}

    def link(row: Any) -> str:
        address = addresses.get(row.origin) if row.origin_id else None
        return address.replace("{id}", str(row.origin_id)) if address else ""

    return link
