"""Staff of a tenant."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base
from tenants.models.person import Person
from tenants.models.tenant import SCHEMA


class Staff(Person, Base):
    """Somebody who works for a brokerage."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("tenant_id", "email"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("status in ('invited', 'active', 'blocked')", name="status"),
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"]),
        {"schema": SCHEMA},
    )

    status: Mapped[str] = mapped_column(server_default="invited")
    """``invited``, ``active`` or ``blocked``."""
