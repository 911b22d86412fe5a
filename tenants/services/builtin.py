"""The permission groups every tenant starts with, and the permissions of the tenants' own pages."""

from __future__ import annotations

from tenants.services.permissions import PermissionSpec
from tenants.text import _

OWNER, ADMIN, RISK, SUPPORT = "owner", "admin", "risk", "support"

GROUPS = {
    OWNER: ("Owner", _("Everything, ownership and billing included.")),
    ADMIN: ("Admin", _("Everything but ownership and billing.")),
    RISK: ("Risk", _("Sees all of trading; pauses and stops.")),
    SUPPORT: ("Support", _("Reads.")),
}
"""Key → name and description."""

_ADMIN = (OWNER, ADMIN)
_READ = (OWNER, ADMIN, RISK, SUPPORT)


def _own(key: str, title: str, groups: tuple[str, ...], description: str = "") -> PermissionSpec:
    return PermissionSpec(key, "core", title, description, "staff", groups)


PERMISSIONS: tuple[PermissionSpec, ...] = (
    _own("company.view", _("See the company's settings and set-up"), _READ),
    _own(
        "company.manage",
        _("Change the company's settings"),
        _ADMIN,
        _("Name, language, time zone, currencies, sign-in."),
    ),
    _own("brand.manage", _("Change the brand"), _ADMIN, _("Colours, logo and icon.")),
    _own("products.view", _("See Product Configs"), _READ),
    _own("products.manage", _("Switch modules on and off and change their settings"), _ADMIN),
    _own("staff.view", _("See staff and roles"), (OWNER, ADMIN)),
    _own("staff.manage", _("Invite, block and change staff and roles"), _ADMIN),
    _own("customers.view", _("See customers"), _READ),
    _own("customers.manage", _("Invite, verify and block customers and rule on what they may"), _ADMIN),
    _own("audit.view", _("See the audit log"), (OWNER, ADMIN, RISK)),
    _own("ownership.manage", _("Make and remove owners"), (OWNER,)),
    _own("billing.manage", _("See and change billing"), (OWNER,)),
)
"""Permissions about the tenant itself. The platform declares those of trading, modules their own."""
