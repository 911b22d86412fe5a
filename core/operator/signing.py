"""Operators signing in: password, lock-out, second factor, sessions. As at a tenant's surfaces, over tables of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import func, insert, select, update

from core.operator import log, second_factor
from core.operator.models import Operator, OperatorAttempt, OperatorSession
from tenants.db import SystemSession, new_id
from tenants.services.actor import Actor
from tenants.services.authentication import ADDRESS_FAILURES, FAILURES, WINDOW, SignIn
from tenants.services.passwords import verify_password
from tenants.services.secrets import new_token, token_hash
from tenants.services.sessions import HALF_OPEN

LIFETIME: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=2)
_TOUCH_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedInOperator:
    """Which operator a request comes from. Plain data, good outside the transaction."""

    session_id: UUID
    person_id: UUID
    email: str
    name: str
    second_factor: bool

    @property
    def kind(self) -> Literal["operator"]:
        """Neither staff nor customer of anybody."""
        return "operator"


def sign_in(
    session: SystemSession,
    email: str,
    password: str,
    *,
    address: str = "",
    user_agent: str = "",
    lifetime: timedelta = LIFETIME,
) -> SignIn:
    """Try to sign in. Takes the same time whether or not there is such an operator; outcomes as in
    :class:`tenants.services.authentication.SignIn`, but for ``enrol``."""
    email = email.strip().lower()[:254]
    waiting = _wait_s(session, email, address)
    if waiting:
        return SignIn("locked", retry_after_s=waiting)
    operator = session.scalar(select(Operator).where(Operator.email == email))
    if not verify_password(operator.password_hash if operator else None, password) or operator is None:
        _attempt(session, email, address, succeeded=False)
        return SignIn("wrong")
    if operator.status != "active":
        _attempt(session, email, address, succeeded=False)
        return SignIn("blocked")
    if operator.totp_confirmed_at is not None:
        return SignIn("second_factor", _open(session, operator, "second_factor", HALF_OPEN, address, user_agent))
    return _welcome(session, operator, lifetime, address, user_agent)


def finish_sign_in(
    session: SystemSession,
    token: str,
    code: str,
    *,
    address: str = "",
    user_agent: str = "",
    lifetime: timedelta = LIFETIME,
) -> SignIn:
    """Prove the second factor of a half-open session, which ends; a full one with a new token begins."""
    row = find_row(session, token)
    if row is None or row.stage != "second_factor":
        return SignIn("wrong")
    operator = session.get_one(Operator, row.operator_id)
    waiting = _wait_s(session, operator.email, address)
    if waiting:
        return SignIn("locked", retry_after_s=waiting)
    if operator.status != "active":
        return SignIn("blocked")
    if not second_factor.take_code(session, operator, code):
        _attempt(session, operator.email, address, succeeded=False)
        return SignIn("wrong")
    row.revoked_at = datetime.now(UTC)
    session.flush()
    return _welcome(session, operator, lifetime, address, user_agent)


def find(session: SystemSession, token: str, *, idle: timedelta = IDLE) -> SignedInOperator | None:
    """Who a browser's token stands for; none where it is unknown, half-open, expired, idle, revoked or blocked."""
    row = find_row(session, token, idle=idle)
    if row is None or row.stage != "full":
        return None
    operator = session.get_one(Operator, row.operator_id)
    if operator.status != "active":
        return None
    now = datetime.now(UTC)
    if now - row.last_seen_at > _TOUCH_AFTER:
        session.execute(update(OperatorSession).where(OperatorSession.id == row.id).values(last_seen_at=now))
    return SignedInOperator(row.id, operator.id, operator.email, operator.name, operator.totp_confirmed_at is not None)


def find_row(session: SystemSession, token: str, *, idle: timedelta = IDLE) -> OperatorSession | None:
    """The live session of a token, whatever its stage."""
    now = datetime.now(UTC)
    return session.scalar(
        select(OperatorSession).where(
            OperatorSession.token_hash == token_hash(token),
            OperatorSession.revoked_at.is_(None),
            OperatorSession.expires_at > now,
            OperatorSession.last_seen_at > now - idle,
        )
    )


def sign_out(session: SystemSession, token: str) -> None:
    """End the session of a token, if there is one."""
    session.execute(
        update(OperatorSession)
        .where(OperatorSession.token_hash == token_hash(token))
        .values(revoked_at=datetime.now(UTC))
    )


def knows_password(session: SystemSession, operator: Operator, password: str, address: str) -> bool:
    """Whether who is signed in knows the password; wrong ones count towards lock-out, as at sign-in."""
    if _wait_s(session, operator.email, address) or not verify_password(operator.password_hash, password):
        _attempt(session, operator.email, address, succeeded=False)
        return False
    return True


def _welcome(session: SystemSession, operator: Operator, lifetime: timedelta, address: str, agent: str) -> SignIn:
    _attempt(session, operator.email, address, succeeded=True)
    operator.last_sign_in_at = datetime.now(UTC)
    session.flush()
    by = Actor("operator", operator.email, operator.id, address)
    log.record(session, by, "operator.sign_in", subject=operator.email)
    return SignIn("signed_in", _open(session, operator, "full", lifetime, address, agent))


def _open(
    session: SystemSession, operator: Operator, stage: str, lifetime: timedelta, address: str, user_agent: str
) -> str:
    token = new_token()
    session.add(
        OperatorSession(
            id=new_id(),
            operator_id=operator.id,
            token_hash=token_hash(token),
            stage=stage,
            address=address[:64],
            user_agent=user_agent[:300],
            expires_at=datetime.now(UTC) + lifetime,
        )
    )
    session.flush()
    return token


def _attempt(session: SystemSession, email: str, address: str, *, succeeded: bool) -> None:
    session.execute(insert(OperatorAttempt).values(id=new_id(), email=email, address=address, succeeded=succeeded))


def _wait_s(session: SystemSession, email: str, address: str) -> int:
    """Seconds until another attempt is taken; 0 for now. The same bounds as at a tenant's surfaces."""
    now = datetime.now(UTC)
    recent = OperatorAttempt.at > now - WINDOW
    last_success = (
        select(func.max(OperatorAttempt.at))
        .where(OperatorAttempt.email == email, OperatorAttempt.succeeded, recent)
        .scalar_subquery()
    )
    failed = select(func.count(), func.max(OperatorAttempt.at)).where(~OperatorAttempt.succeeded, recent)
    own, latest = session.execute(
        failed.where(OperatorAttempt.email == email, OperatorAttempt.at > func.coalesce(last_success, now - WINDOW))
    ).one()
    if own < FAILURES and address:
        own, latest = session.execute(failed.where(OperatorAttempt.address == address)).one()
        own -= ADDRESS_FAILURES - FAILURES
    return max(1, int((latest + WINDOW - now).total_seconds())) if own >= FAILURES else 0
