"""What one person may: defaults or groups, and the single grants and denials on top, grouped by module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.web.page import Page
from tenants.db import TenantSession
from tenants.models import Customer, GroupPermission, PermissionRow, Staff
from tenants.services import groups, people, permissions
from tenants.services.permissions import Audience, Effect
from tenants.text import Text, _

__all__ = ["AccessRow", "AccessSection", "access_of", "by_module", "take_rulings"]

CHOICES = ("default", "grant", "deny")


@dataclass(frozen=True)
class AccessRow:
    """One permission of one person.

    :ivar usual: whether they hold it without a ruling.
    :ivar effect: ``grant``, ``deny`` or ``default``.
    """

    key: str
    title: str
    description: str
    usual: bool
    effect: str

    @property
    def held(self) -> bool:
        """Whether they hold it now."""
        return self.usual if self.effect == "default" else self.effect == "grant"


@dataclass(frozen=True)
class AccessSection:
    """The permissions of one module."""

    title: str
    rows: Sequence[AccessRow]


def by_module(web: Page, rows: Sequence[PermissionRow]) -> list[tuple[str, list[PermissionRow]]]:
    """Permissions under their modules' titles, the platform's own first; those of modules that are off are left out."""
    titles = {key: plugin.manifest.title for key, plugin in web.kit.platform.runtime.plugins.items()}
    found: dict[str, list[PermissionRow]] = {}
    for row in sorted(rows, key=lambda row: (row.module != "core", row.module)):
        if row.module == "core" or (row.module in titles and web.visit.tenant.state(row.module) != "off"):
            found.setdefault(row.module, []).append(row)
    return [(_("General") if key == "core" else titles[key], of) for key, of in found.items()]


def access_of(web: Page, session: TenantSession, person: Staff | Customer) -> list[AccessSection]:
    """What a person may, by module."""
    audience: Audience = "staff" if isinstance(person, Staff) else "customer"
    rulings = permissions.rulings_of(session, person)
    usual = _of_groups(session, person) if isinstance(person, Staff) else None

    def row(item: PermissionRow) -> AccessRow:
        by_default = item.customer_default if usual is None else item.key in usual
        effect = rulings.get(item.key, "default")
        # Titles are declared in English; each reader gets them in their own language.
        return AccessRow(
            item.key, Text(item.title, {}), Text(item.description, {}) if item.description else "", by_default, effect
        )

    known = permissions.known(session, audience)
    if audience == "staff":
        known = [item for item in known if not item.key.startswith(("ownership.", "billing."))]
    return [AccessSection(title, [row(item) for item in rows]) for title, rows in by_module(web, known)]


def take_rulings(web: Page, session: TenantSession, person: Staff | Customer, form: Mapping[str, Sequence[str]]) -> int:
    """Write what a form says of each permission it shows (``rule.<key>``); how many changed."""
    changed = 0
    for section in access_of(web, session, person):
        for row in section.rows:
            sent = (form.get(f"rule.{row.key}") or [row.effect])[-1]
            if sent in CHOICES and sent != row.effect:
                effect: Effect | None = None if sent == "default" else "grant" if sent == "grant" else "deny"
                people.rule(session, person, row.key, effect, web.who)
                changed += 1
    return changed


def _of_groups(session: TenantSession, person: Staff) -> frozenset[str]:
    mine = groups.members(session).get(person.id, frozenset())
    if groups.is_owner(session, person.id):
        return frozenset(row.key for row in permissions.known(session, "staff"))
    rows = session.scalars(select(GroupPermission.permission).where(GroupPermission.group_id.in_(mine)))
    return frozenset(rows)
