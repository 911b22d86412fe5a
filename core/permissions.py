"""Every permission of an installation: the tenants' own, those of trading, and what the modules declare."""

from __future__ import annotations

from core.runtime import Runtime
from tenants.services.builtin import ADMIN, OWNER, PERMISSIONS, RISK, SUPPORT
from tenants.services.permissions import PermissionSpec
from tenants.text import _

__all__ = ["PLATFORM", "all_permissions"]

_READ = (OWNER, ADMIN, RISK, SUPPORT)
_ACT = (OWNER, ADMIN, RISK)

PLATFORM: tuple[PermissionSpec, ...] = (
    PermissionSpec("trading.view", "core", _("See accounts, positions and orders"), "", "staff", _READ),
    PermissionSpec(
        "trading.manage",
        "core",
        _("Close positions and cancel orders"),
        _("For any customer of the brokerage."),
        "staff",
        _ACT,
    ),
    PermissionSpec(
        "trading.deposit", "core", _("Book deposits, withdrawals and corrections"), "", "staff", (OWNER, ADMIN)
    ),
    PermissionSpec(
        "settings.account_types",
        "core",
        _("Change account types"),
        _("Leverage, levels, costs, and which symbols they trade."),
        "staff",
        (OWNER, ADMIN),
    ),
    PermissionSpec(
        "settings.symbols",
        "core",
        _("Change symbols"),
        _("Add them, switch them on and off, and change sizes, hours and swaps."),
        "staff",
        (OWNER, ADMIN),
    ),
    PermissionSpec(
        "settings.domains",
        "core",
        _("Change domains"),
        _("Under which hosts customers find you."),
        "staff",
        (OWNER, ADMIN),
    ),
    PermissionSpec("developers.view", "core", _("See the pages for developers"), "", "staff", (OWNER, ADMIN)),
    PermissionSpec("trading.trade", "core", _("Trade by hand"), "", "customer", default=True),
)
"""The permissions of the platform's own pages about trading."""


def all_permissions(runtime: Runtime) -> list[PermissionSpec]:
    """What :func:`tenants.services.permissions.declare` makes known at start."""
    modules = [
        PermissionSpec(item.key, plugin, item.title, "", item.audience, item.groups, item.default)
        for plugin, item in runtime.permissions
    ]
    return [*PERMISSIONS, *PLATFORM, *modules]
