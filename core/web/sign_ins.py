"""Where somebody is signed in: the same table for one's own sign-ins, and for those of others that staff look after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.web.page import Page
from core.web.tables import Action, Column, Empty, Table
from tenants.db import TenantSession
from tenants.models import Customer, Staff
from tenants.services import sessions
from tenants.text import _

__all__ = ["sessions_table"]

_COLUMNS = (
    Column("device", _("Device"), "custom", heading=True),
    Column("address", _("Address")),
    Column("last_seen_at", _("Last used"), "ago"),
    Column("created_at", _("Signed in"), "time", wide="md"),
)


def sessions_table(
    web: Page,
    session: TenantSession,
    person: Staff | Customer,
    base: str,
    *,
    manages: bool,
    current: UUID | None = None,
) -> Table:
    """The browsers in which somebody is signed in.

    :param base: the address below which one of them is revoked.
    :param current: the reader's own session, which signs out by the menu.
    """
    idle = timedelta(minutes=web.kit.platform.settings.session_idle_minutes)
    rows = sessions.live_sessions(session, person, idle=idle)

    def actions(row: Any) -> Sequence[Action]:
        if row.id == current or not manages:
            return ()
        return (Action(_("Sign out"), f"{base}/{row.id}/revoke", "logout", dialog=True, danger=True),)

    return Table(
        "sessions", _COLUMNS, rows, path=web.path, caption=_("Sign-ins"), actions=actions if manages else None,
        empty=Empty(_("Not signed in"), _("There is no browser signed in now."), "device-laptop"),
    )  # fmt: skip
