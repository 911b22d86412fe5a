"""Operators themselves: made, blocked and given new passwords, by a command on the platform's own machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, update

from core.operator import log
from core.operator.models import Operator, OperatorSession
from tenants.db import SystemSession, new_id
from tenants.services import validation
from tenants.services.actor import Actor
from tenants.services.errors import NotFoundError, TakenError
from tenants.services.passwords import hash_password


def create(session: SystemSession, email: str, name: str, password: str, actor: Actor) -> Operator:
    """Make an operator who can sign in at once.

    :raises TakenError: where there is one with that address.
    :raises InvalidError: for an address, name or password that cannot be taken.
    """
    found = validation.email(email)
    if session.scalar(select(Operator.id).where(Operator.email == found)):
        raise TakenError("email", f"There is an operator {found} already.")
    made = Operator(
        id=new_id(),
        email=found,
        name=validation.name(name),
        password_hash=hash_password(validation.password(password)),
        status="active",
    )
    session.add(made)
    session.flush()
    log.record(session, actor, "operator.make", subject=found, detail={"name": made.name})
    return made


def listed(session: SystemSession) -> Sequence[Operator]:
    """All operators by their address."""
    return session.scalars(select(Operator).order_by(Operator.email)).all()


def by_email(session: SystemSession, email: str) -> Operator:
    """An operator. :raises NotFoundError: where there is none with that address."""
    found = session.scalar(select(Operator).where(Operator.email == email.strip().lower()))
    if found is None:
        raise NotFoundError(f"There is no operator {email}.")
    return found


def set_status(session: SystemSession, operator: Operator, status: str, actor: Actor) -> None:
    """Block an operator, which ends all sign-ins, or let one in again (``active``)."""
    if operator.status == status:
        return
    operator.status = status
    session.flush()
    if status == "blocked":
        end_sessions(session, operator.id)
    log.record(session, actor, "operator.status", subject=operator.email, detail={"status": status})


def set_password(
    session: SystemSession, operator: Operator, password: str, actor: Actor, *, keep: UUID | None = None
) -> None:
    """Give an operator a new password; all sign-ins but ``keep`` end. :raises InvalidError: for one that cannot be taken."""
    operator.password_hash = hash_password(validation.password(password))
    session.flush()
    end_sessions(session, operator.id, but=keep)
    log.record(session, actor, "operator.password", subject=operator.email)


def end_sessions(session: SystemSession, operator_id: UUID, *, but: UUID | None = None) -> None:
    """End an operator's sign-ins, all or all but one."""
    ending = update(OperatorSession).where(
        OperatorSession.operator_id == operator_id, OperatorSession.revoked_at.is_(None)
    )
    if but is not None:
        ending = ending.where(OperatorSession.id != but)
    session.execute(ending.values(revoked_at=datetime.now(UTC)))
