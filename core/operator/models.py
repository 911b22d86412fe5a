"""Operators, their sign-ins, and their log. None of it belongs to a tenant, and a tenant's session can read none of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, Timestamp, new_id


class Operator(Base):
    """Somebody who runs the installation."""

    __tablename__ = "operators"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("status in ('active', 'blocked')", name="status"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")
    password_hash: Mapped[str]
    """Argon2id in PHC form."""
    totp_secret: Mapped[str | None]
    """Secret of the second factor, also while it waits to be confirmed."""
    totp_confirmed_at: Mapped[Timestamp | None]
    """When the second factor was first proven; null means it is not asked for."""
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The 30-second step of the last code that was taken: no code works twice."""
    last_sign_in_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class OperatorSession(Base):
    """One sign-in of one browser. The token itself is only in the browser."""

    __tablename__ = "operator_sessions"
    __table_args__ = (
        CheckConstraint("stage in ('full', 'second_factor')", name="stage"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("core.operators.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the token."""
    stage: Mapped[str] = mapped_column(server_default="full")
    """``second_factor``: the password was right, the code is awaited."""
    address: Mapped[str] = mapped_column(server_default="")
    user_agent: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    expires_at: Mapped[Timestamp]
    revoked_at: Mapped[Timestamp | None]


class OperatorAttempt(Base):
    """One attempt to sign in, whether or not there is such an operator; lock-out counts them."""

    __tablename__ = "operator_attempts"
    __table_args__ = (Index("ix_operator_attempts_at", "at"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    address: Mapped[str]
    succeeded: Mapped[bool]
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class OperatorEntry(Base):
    """A row of the operators' log. Neither role may change or delete one, and a trigger refuses it to everybody."""

    __tablename__ = "operator_log"
    __table_args__ = (Index("ix_operator_log_at", "at"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    actor: Mapped[str]
    """The operator's address of mail, or ``operator`` for a command."""
    address: Mapped[str] = mapped_column(server_default="")
    """The network address the request came from."""
    action: Mapped[str]
    """What was done, as ``object.verb``: ``tenant.suspend``, ``module.halt``."""
    brokerage: Mapped[str] = mapped_column(server_default="")
    """The short name of the tenant that it was done to; empty for the platform's own. No key: the entry outlives it."""
    subject: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[dict[str, Any] | None]
    note: Mapped[str] = mapped_column(server_default="")
    """The reason that was given."""
    request_id: Mapped[str] = mapped_column(server_default="")
