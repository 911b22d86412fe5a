"""Invite codes: how a master lets followers in whom nobody else may find."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from core.sdk.data import TenantSession, new_id
from core.sdk.notify import notify
from core.sdk.text import _
from plugins.copy_trading.models import InviteCode, Master
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.services.errors import NotFoundError, RefusedError

MOST = 200
"""Codes of one master that can be used at a time."""
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that look alike: codes are read out and typed."""


def make(
    session: TenantSession,
    master: Master,
    *,
    note: str = "",
    max_uses: int | None = None,
    expires_at: datetime | None = None,
) -> InviteCode:
    """A new code, good for ``max_uses`` followers (none: any number) until ``expires_at`` (none: until it is revoked)."""
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise RefusedError(
            "in_the_past", _("Choose a time that is still to come."), expires_at=_("Choose a later time.")
        )
    if len([one for one in codes(session, master.id) if state(one) == "usable"]) >= MOST:
        raise RefusedError("too_many", _("Revoke a code first: there are as many as there may be."))
    code = InviteCode(
        id=new_id(),
        master_id=master.id,
        code="".join(secrets.choice(_LETTERS) for _letter in range(10)),
        note=note.strip(),
        max_uses=max_uses,
        expires_at=expires_at,
    )
    session.add(code)
    session.flush()
    return code


def revoke(session: TenantSession, master_id: UUID, code_id: UUID) -> InviteCode:
    """Make a code worthless; who has used it stays a follower. Raises :class:`NotFoundError` for another master's."""
    code = session.get(InviteCode, (session.tenant_id, code_id), with_for_update=True)
    if code is None or code.master_id != master_id:
        raise NotFoundError
    code.revoked_at = code.revoked_at or datetime.now(UTC)
    session.flush()
    return code


def codes(session: TenantSession, master_id: UUID) -> Sequence[InviteCode]:
    """A master's codes, the newest first."""
    query = select(InviteCode).where(InviteCode.master_id == master_id)
    return session.scalars(query.order_by(InviteCode.created_at.desc(), InviteCode.id)).all()


def state(code: InviteCode) -> str:
    """``usable``, ``revoked``, ``expired`` or ``used_up``."""
    if code.revoked_at is not None:
        return "revoked"
    if code.expires_at is not None and code.expires_at <= datetime.now(UTC):
        return "expired"
    return "used_up" if code.max_uses is not None and code.uses >= code.max_uses else "usable"


def _good(master_id: UUID | None, given: str) -> list[ColumnElement[Any]]:
    of_master = [] if master_id is None else [InviteCode.master_id == master_id]
    return [
        *of_master,
        func.upper(InviteCode.code) == given.strip().upper(),
        InviteCode.revoked_at.is_(None),
        or_(InviteCode.expires_at.is_(None), InviteCode.expires_at > datetime.now(UTC)),
        or_(InviteCode.max_uses.is_(None), InviteCode.uses < InviteCode.max_uses),
    ]


def master_of(session: TenantSession, given: str) -> UUID | None:
    """The master that a code leads to; none for one that is unknown or not usable any more."""
    return session.scalar(select(InviteCode.master_id).where(*_good(None, given))) if given.strip() else None


def opens(session: TenantSession, master_id: UUID, given: str) -> bool:
    """Whether a code lets somebody see and follow this master now."""
    return bool(given.strip()) and master_of(session, given) == master_id


def use(session: TenantSession, master: Master, given: str) -> bool:
    """Count a follower who comes by a code, and tell the master; false where the code is good no more.

    The row is changed only where there is a use left, so that two at once cannot both be the last.
    """
    if not given.strip():
        return False
    used = session.scalar(
        update(InviteCode).where(*_good(master.id, given)).values(uses=InviteCode.uses + 1).returning(InviteCode.code)
    )
    if used is None:
        return False
    notify(
        session,
        source=MODULE,
        code="invite_used",
        people=[master.customer_id],
        text=_("Somebody follows {name} with the invite code {code}.", name=master.name, code=used),
        href=f"/copy-trading/mine/{master.id}?tab=invites",
        tone="success",
    )
    return True
