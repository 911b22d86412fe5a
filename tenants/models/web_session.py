"""Sign-ins of browsers."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow, Timestamp
from tenants.models.subject import OfPerson, person_constraints
from tenants.models.tenant import SCHEMA


class WebSession(OfPerson, TenantRow, Base):
    """One sign-in of one browser on one surface. The token itself is only in the browser."""

    __tablename__ = "web_sessions"
    __table_args__ = (
        *person_constraints(),
        UniqueConstraint("tenant_id", "token_hash"),
        CheckConstraint("surface in ('admin', 'portal')", name="surface"),
        CheckConstraint("stage in ('full', 'second_factor', 'enrol')", name="stage"),
        Index("ix_web_sessions_staff_id", "tenant_id", "staff_id"),
        Index("ix_web_sessions_customer_id", "tenant_id", "customer_id"),
        {"schema": SCHEMA},
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the token."""
    surface: Mapped[str]
    stage: Mapped[str] = mapped_column(server_default="full")
    """``second_factor``: the password was right, the code is awaited. ``enrol``: a second factor must be set up first."""
    address: Mapped[str] = mapped_column(server_default="")
    user_agent: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    expires_at: Mapped[Timestamp]
    revoked_at: Mapped[Timestamp | None]
