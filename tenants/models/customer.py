"""A customer of a tenant."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, Timestamp
from tenants.models.person import Person
from tenants.models.tenant import SCHEMA


class Customer(Person, Base):
    """Somebody who trades at a brokerage."""

    __tablename__ = "customers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "email"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("status in ('new', 'verified', 'blocked')", name="status"),
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"]),
        Index("ix_customers_status", "tenant_id", "status"),
        Index("ix_customers_created", "tenant_id", "created_at", "id"),
        {"schema": SCHEMA},
    )

    status: Mapped[str] = mapped_column(server_default="new")
    """``new``, ``verified`` or ``blocked``."""
    phone: Mapped[str] = mapped_column(server_default="")
    country: Mapped[str] = mapped_column(server_default="")
    """ISO 3166 two-letter code, or empty."""
    verified_at: Mapped[Timestamp | None]
    invited: Mapped[bool] = mapped_column(server_default=text("false"))
