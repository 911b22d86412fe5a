"""A tenant: one brokerage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, Timestamp, new_id

SCHEMA = "tenants"


class Tenant(Base):
    """A brokerage. ``key`` is its short name for commands and addresses."""

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint("key ~ '^[a-z][a-z0-9-]{0,39}$'", name="key"),
        CheckConstraint("status in ('active', 'suspended')", name="status"),
        CheckConstraint("registration in ('open', 'invited')", name="registration"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    legal_entity: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="active")
    """``active`` or ``suspended``."""
    language: Mapped[str] = mapped_column(server_default="en")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    currencies: Mapped[list[Any]] = mapped_column(server_default=text("""'["USD"]'::jsonb"""))
    """ISO 4217 codes (or a coin's ticker) in which accounts may be held, the main one first."""
    registration: Mapped[str] = mapped_column(server_default="open")
    """``open``: anybody may register; ``invited``: customers come by invitation only."""
    staff_second_factor: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether staff must prove a second factor to sign in."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class TenantHost(Base):
    """A host name under which a tenant is reached."""

    __tablename__ = "hosts"
    __table_args__ = (CheckConstraint("host = lower(host)", name="host_lower"), {"schema": SCHEMA})

    host: Mapped[str] = mapped_column(primary_key=True)
    """Lower case, without a port."""
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.tenants.id"), index=True)
    main: Mapped[bool] = mapped_column(server_default=text("false"))
    """The host that addresses in mails name."""
