"""A tenant: one brokerage."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, Timestamp, new_id

SCHEMA = "tenants"


class Tenant(Base):
    """A brokerage. ``key`` is its short name for commands and addresses."""

    __tablename__ = "tenants"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    legal_entity: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="active")
    """``active`` or ``suspended``."""
    language: Mapped[str] = mapped_column(server_default="en")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class TenantHost(Base):
    """A host name under which a tenant is reached."""

    __tablename__ = "hosts"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    host: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.tenants.id"), index=True)
