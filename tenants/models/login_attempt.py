"""Attempts to sign in, which lock-out and rate limits count."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow, Timestamp
from tenants.models.tenant import SCHEMA


class LoginAttempt(TenantRow, Base):
    """One attempt, whether or not anybody of that address exists."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"]),
        Index("ix_login_attempts_email", "tenant_id", "surface", "email", "at"),
        Index("ix_login_attempts_address", "tenant_id", "address", "at"),
        {"schema": SCHEMA},
    )

    surface: Mapped[str]
    email: Mapped[str]
    address: Mapped[str]
    succeeded: Mapped[bool]
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
