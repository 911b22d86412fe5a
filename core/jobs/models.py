"""What is kept of jobs: their outcomes, schedules and alerts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, TenantRow, Timestamp, new_id


class JobRun(Base):
    """An outcome of a job. ``tenant_id`` is null for the platform's own jobs."""

    __tablename__ = "job_runs"
    __table_args__ = (Index(None, "started_at"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID | None]
    job: Mapped[str]
    status: Mapped[str]
    """``running``, ``done``, ``failed`` or ``parked``."""
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    error: Mapped[str | None]
    started_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    ended_at: Mapped[Timestamp | None]


class Schedule(Base):
    """When a scheduled job was last due, for each tenant (the nil id stands for the platform)."""

    __tablename__ = "schedules"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    job: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[UUID] = mapped_column(primary_key=True)
    last_due_at: Mapped[Timestamp | None]


class Alert(TenantRow, Base):
    """Something a person of the tenant should look at."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_open", "tenant_id", postgresql_where=text("closed_at is null")),
        {"schema": SCHEMA},
    )

    source: Mapped[str]
    """``core`` or a plugin's key."""
    code: Mapped[str]
    severity: Mapped[str]
    """``info``, ``warning`` or ``critical``."""
    message: Mapped[str]
    subject: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    closed_at: Mapped[Timestamp | None]
    closed_by: Mapped[str | None]
