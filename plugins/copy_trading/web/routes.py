"""All routes of the module, by area."""

from __future__ import annotations

from core.sdk import Routes
from plugins.copy_trading.web import (
    admin_applications,
    admin_commands,
    admin_drift,
    admin_master,
    admin_masters,
    admin_status,
    admin_summary,
    api,
    api_mastering,
    api_staff,
    portal_apply,
    portal_changing,
    portal_copies,
    portal_dry_run,
    portal_follow,
    portal_masters,
    portal_mine,
    reference,
)


def routes() -> Routes:
    """What the module adds to the back office, the portal and the API."""
    return Routes(
        admin=[
            *admin_masters.ROUTES,
            *admin_applications.ROUTES,
            *admin_summary.ROUTES,
            *admin_master.ROUTES,
            *admin_status.ROUTES,
            *admin_commands.ROUTES,
            *admin_drift.ROUTES,
            *reference.ADMIN,
        ],
        portal=[
            *portal_masters.ROUTES,
            *portal_follow.ROUTES,
            *portal_dry_run.ROUTES,
            *portal_copies.ROUTES,
            *portal_changing.ROUTES,
            *portal_apply.ROUTES,
            *portal_mine.ROUTES,
            *reference.PORTAL,
        ],
        api=[*api_staff.ROUTES, *api.ROUTES, *api_mastering.ROUTES],
        origins={"copy": "copies/{id}"},
    )
