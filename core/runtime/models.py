"""What is kept of plugins: since when a module has been on, its faults, and quarantines."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, Timestamp, new_id
from tenants.db.base import CURRENT_TENANT


class ModulePeriod(Base):
    """Since when a tenant's module has been on: what happened before is not news to its handlers."""

    __tablename__ = "module_periods"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    module: Mapped[str] = mapped_column(primary_key=True)
    first_on_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    on_since: Mapped[Timestamp] = mapped_column(server_default=func.now())


class KnownHandler(Base):
    """Since when the installation has had a handler: a new handler of a plugin that was here before does not start at the
    beginning of history. The first ones of a plugin have been here for ever (minus infinity)."""

    __tablename__ = "known_handlers"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    handler: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[Timestamp] = mapped_column(server_default=func.now())


class PluginFault(Base):
    """An error of something that a plugin contributed. ``tenant_id`` is null where no tenant was involved."""

    __tablename__ = "plugin_faults"
    __table_args__ = (Index("ix_plugin_faults_recent", "plugin", "at"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    plugin: Mapped[str]
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.tenants.id"))
    contribution: Mapped[str]
    """Kind and name, such as ``job statistics``."""
    error: Mapped[str]
    trace: Mapped[str]
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class Quarantine(Base):
    """A plugin that is kept from doing harm, for one tenant, or for all where ``tenant_id`` is null."""

    __tablename__ = "quarantines"
    __table_args__ = (
        CheckConstraint("(lifted_at is null) = (lifted_by is null)", name="lifted"),
        Index(
            "uq_quarantines_standing",
            "plugin",
            text("coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
            unique=True,
            postgresql_where=text("lifted_at is null"),
        ),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    plugin: Mapped[str]
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.tenants.id"))
    reason: Mapped[str]
    trace: Mapped[str]
    since: Mapped[Timestamp] = mapped_column(server_default=func.now())
    lifted_at: Mapped[Timestamp | None]
    lifted_by: Mapped[str | None]
