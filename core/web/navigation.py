"""The navigation of both surfaces: the core's own entries and the modules', as far as the tenant has and the person may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.runtime import Runtime
from core.web.visit import Visit
from tenants.text import _

__all__ = ["Link", "Section", "active_link", "navigation_for"]


@dataclass(frozen=True)
class Link:
    """A link as it is drawn."""

    label: str
    href: str
    icon: str = "circle"
    active: bool = False
    count: int = 0


@dataclass(frozen=True)
class Section:
    """Links under a heading; the first section has none."""

    label: str
    entries: tuple[Link, ...]


@dataclass(frozen=True)
class _Entry:
    section: str
    label: str
    href: str
    icon: str
    permission: str | None = None
    order: int = 100


_SECTIONS = ("", _("Trading"), _("People"), _("Settings"), _("Developers"))

_ADMIN = (
    _Entry("", _("Dashboard"), "/admin", "layout-dashboard", None, 0),
    _Entry("", _("Alerts"), "/admin/alerts", "bell-exclamation", "trading.view", 5),
    _Entry(_("Trading"), _("Accounts"), "/admin/accounts", "wallet", "trading.view", 10),
    _Entry(_("Trading"), _("Positions"), "/admin/positions", "chart-candle", "trading.view", 20),
    _Entry(_("Trading"), _("Orders"), "/admin/orders", "list-details", "trading.view", 30),
    _Entry(_("People"), _("Customers"), "/admin/customers", "users", "customers.view", 10),
    _Entry(_("Settings"), _("Staff & roles"), "/admin/staff", "id-badge-2", "staff.view", 60),
    _Entry(_("Settings"), _("Setup"), "/admin/settings/setup", "list-check", "company.view", 1),
    _Entry(_("Settings"), _("Company"), "/admin/settings/company", "building", "company.view", 2),
    _Entry(_("Settings"), _("Account types"), "/admin/settings/account-types", "briefcase", "company.view", 4),
    _Entry(_("Settings"), _("Symbols"), "/admin/settings/symbols", "coins", "company.view", 6),
    _Entry(_("Settings"), _("Product Configs"), "/admin/settings/products", "toggle-right", "products.view", 10),
    _Entry(_("Settings"), _("API tokens"), "/admin/settings/tokens", "key", None, 80),
    _Entry(_("Settings"), _("Audit log"), "/admin/settings/audit", "history", "audit.view", 90),
    _Entry(_("Developers"), _("Components"), "/admin/developers/components", "components", "developers.view", 10),
)
_PORTAL = (
    _Entry("", _("Overview"), "/", "home", None, 0),
    _Entry("", _("Trade"), "/trade", "chart-candle", None, 10),
    _Entry("", _("History"), "/history", "history", None, 200),
    _Entry("", _("Statements"), "/statements", "receipt", None, 210),
)


def navigation_for(visit: Visit, runtime: Runtime, path: str) -> tuple[Section, ...]:
    """The sections of the surface that the visit is on."""
    if visit.person is None:
        return ()
    own = _ADMIN if visit.area == "admin" else _PORTAL
    shown = [
        entry for entry in (*own, *_modules(visit, runtime)) if entry.permission is None or visit.may(entry.permission)
    ]
    active = _active(shown, path)
    names = [*_SECTIONS, *dict.fromkeys(entry.section for entry in shown if entry.section not in _SECTIONS)]
    sections = []
    for name in names:
        entries = sorted((entry for entry in shown if entry.section == name), key=lambda entry: entry.order)
        if entries:
            sections.append(Section(name, tuple(Link(e.label, e.href, e.icon, e is active) for e in entries)))
    return tuple(sections)


def _modules(visit: Visit, runtime: Runtime) -> Iterable[_Entry]:
    surface = "admin" if visit.area == "admin" else "portal"
    for plugin, entry in runtime.navigation(surface):
        if not visit.tenant.is_on(plugin.key):
            continue
        base = f"/admin/{plugin.path}" if surface == "admin" else f"/{plugin.path}"
        href = f"{base}/{entry.path.strip('/')}".rstrip("/")
        yield _Entry(
            entry.section if surface == "admin" else "", entry.label, href, entry.icon, entry.permission, entry.order
        )


def _active(entries: list[_Entry], path: str) -> _Entry | None:
    found = active_link([entry.href for entry in entries], path)
    return next((entry for entry in entries if entry.href == found), None)


def active_link(hrefs: Iterable[str], path: str) -> str | None:
    """The address that is the longest beginning of the path; a surface's first page begins nothing but itself."""
    matching = [href for href in hrefs if path == href or (href not in ("/", "/admin") and path.startswith(href + "/"))]
    return max(matching, key=len, default=None)
