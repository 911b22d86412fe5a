"""Plugins' routes, mounted exactly like the core's own: below the plugin's name in each area, behind the same guard."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from litestar import Litestar, Router
from litestar.exceptions import LitestarException
from litestar.types import ControllerRouterHandler

from core.runtime import LoadedPlugin, Runtime

__all__ = ["PREFIXES", "plugin_routers"]

PREFIXES = {"admin": "/admin", "portal": "", "api": "/api/v1"}
RESERVED = frozenset(
    [
        "accounts",
        "account",
        "positions",
        "orders",
        "customers",
        "staff",
        "settings",
        "developers",
        "sign-in",
        "sign-out",
        "register",
        "trade",
        "history",
        "live",
        "static",
        "brand",
        "healthz",
        "symbols",
        "quotes",
        "ledger",
        "product-configs",
        "me",
        "openapi-json",
        "second-factor",
        "chart",
        "statements",
        "notifications",
        "email",
        "invitation",
        "reset",
        "forgot",
    ]
)
_log = logging.getLogger("tradeyard.web")


def plugin_routers(runtime: Runtime, probe: Callable[[Sequence[ControllerRouterHandler]], Litestar]) -> list[Router]:
    """A router for each plugin and area. A plugin whose handlers do not fit is left out with a word in the log.

    :param probe: makes an application of the given routes alone; it raises where they do not fit.
    """
    routers: list[Router] = []
    for plugin in runtime.plugins.values():
        if plugin.path in RESERVED:
            _log.error("the pages of %s are left out: %r is an address of the core's own", plugin.key, plugin.path)
            continue
        try:
            made = list(_routers(plugin))
            if made:
                probe(made)
        except (LitestarException, TypeError, ValueError, NameError) as error:
            _log.exception("the pages of %s are left out: %s", plugin.key, error)
            continue
        # The probe has bound the first set to its own application.
        routers += _routers(plugin)
    return routers


def _routers(plugin: LoadedPlugin) -> Iterable[Router]:
    for area, start in PREFIXES.items():
        handlers: Sequence[ControllerRouterHandler] = getattr(plugin.routes, area)
        if handlers:
            options: dict[str, Any] = {"module": plugin.key, "area": area}
            api = area == "api"
            yield Router(
                f"{start}/{plugin.path}",
                route_handlers=list(handlers),
                opt=options,
                include_in_schema=api,
                tags=[plugin.manifest.title] if api else None,
            )
