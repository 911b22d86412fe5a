"""Which modules a tenant has, in which state and with which settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import CURRENT_TENANT, Base, Timestamp
from tenants.models.tenant import SCHEMA


class ProductConfig(Base):
    """A row of Settings → Product Configs. A module without a row is off."""

    __tablename__ = "product_configs"
    __table_args__ = (
        CheckConstraint("state in ('off', 'on', 'draining', 'halted')", name="state"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    module: Mapped[str] = mapped_column(primary_key=True)
    """The plugin's key."""
    state: Mapped[str] = mapped_column(server_default="off")
    allowed: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether the tenant's plan allows the module; the platform operator sets it."""
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    leave: Mapped[str | None]
    """How what remains is left after switching off, one of the choices that the module's exposure report names."""
    reason: Mapped[str | None]
    """Why the module is halted or was drained by the platform."""
    version: Mapped[int] = mapped_column(server_default="1")
    changed_at: Mapped[Timestamp | None]
    changed_by: Mapped[str | None]
