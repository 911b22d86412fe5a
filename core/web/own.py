"""What a person sets for themselves, on either surface: who they are, and the tabs of these pages."""

from __future__ import annotations

from core.web.page import Page
from tenants.db import TenantSession
from tenants.models import Customer, Staff
from tenants.services import people
from tenants.text import _

__all__ = ["base_of", "own_tabs", "person_of"]


def base_of(web: Page) -> str:
    """The beginning of the surface's addresses."""
    return "/admin" if web.surface == "admin" else ""


def person_of(session: TenantSession, web: Page) -> Staff | Customer:
    """Who is signed in."""
    if web.surface == "admin":
        return people.staff_member(session, web.person_id)
    return people.customer(session, web.person_id)


def own_tabs(web: Page) -> list[tuple[str, str, str]]:
    """The pages about oneself: key, title, address."""
    start = f"{base_of(web)}/settings"
    return [
        ("profile", _("Profile"), f"{start}/profile"),
        ("security", _("Security"), f"{start}/security"),
        ("notifications", _("Notifications"), f"{start}/notifications"),
        ("tokens", _("API tokens"), f"{start}/tokens"),
    ]
