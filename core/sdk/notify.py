"""Notifications for plugins: tell people what concerns them, in the transaction of what happened."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal
from uuid import UUID

from core.sdk.live import publish
from tenants.db import TenantSession
from tenants.services import notifications
from tenants.services.notifications import Tone

__all__ = ["Tone", "notify"]

MOST_LIVE: Final = 200
"""Beyond so many people at once open pages are not told: they see it at their next look."""


def notify(
    session: TenantSession,
    source: str,
    code: str,
    people: Collection[UUID],
    text: str,
    *,
    href: str = "",
    tone: Tone = "info",
    mail: bool = False,
    kind: Literal["staff", "customer"] = "customer",
) -> None:
    """Tell each of the people once. Their bell shows it, and with ``mail`` they get it by mail where they want that.

    :param source: the plugin's key.
    :param code: what kind of message it is, such as ``copy_paused``.
    :param text: a marked text, ``_("{master} was paused", master=name)``; each reader gets it in their own language.
    :param href: where it leads, an address of the person's surface.
    """
    chosen = list(dict.fromkeys(people))
    notifications.write(session, chosen, text, kind=kind, source=source, code=code, href=href, tone=tone, mail=mail)
    for person in chosen[:MOST_LIVE]:
        publish(session, f"notifications:{person}", {})
