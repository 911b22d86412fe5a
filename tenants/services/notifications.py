"""Telling people what concerns them: written in the transaction of what happened, read on their pages."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text

from tenants.db import TenantSession, new_id
from tenants.text import freeze

Tone = Literal["info", "success", "warning", "danger"]

_WRITE: Final = text("""
insert into tenants.notifications (id, staff_id, customer_id, source, code, tone, words, href, mail)
select i, case when :kind = 'staff' then p end, case when :kind = 'customer' then p end,
  :source, :code, :tone, cast(:words as jsonb), :href, :mail
from unnest(cast(:ids as uuid[]), cast(:people as uuid[])) as t (i, p)
""")


def write(
    session: TenantSession,
    people: Collection[UUID],
    message: str,
    *,
    kind: Literal["staff", "customer"] = "customer",
    source: str,
    code: str,
    href: str = "",
    tone: Tone = "info",
    mail: bool = False,
) -> None:
    """Tell each of the people once, in one statement.

    :param message: a marked text, kept so that each reader gets it in their own language.
    :param mail: also mail it, to those who want mails of this code.
    """
    if not people:
        return
    session.execute(
        _WRITE,
        {
            "ids": [new_id() for _ in people],
            "people": list(people),
            "kind": kind,
            "source": source,
            "code": code,
            "tone": tone,
            "words": json.dumps(freeze(message)),
            "href": href,
            "mail": "wanted" if mail else "none",
        },
    )
