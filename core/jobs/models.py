"""What is kept of jobs: what is to be done and what became of it, schedules and alerts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, TenantRow, Timestamp, new_id
from tenants.db.base import CURRENT_TENANT


class JobRun(Base):
    """A job to be run, and its outcome. The row is written in the transaction that wants it; the queue only wakes."""

    __tablename__ = "job_runs"
    __table_args__ = (
        CheckConstraint("status in ('queued', 'running', 'done', 'failed', 'parked')", name="status"),
        Index("ix_job_runs_due", "due_at", postgresql_where=text("status = 'queued'")),
        Index(
            "ix_job_runs_open", "tenant_id", "job", postgresql_where=text("status in ('queued', 'running', 'parked')")
        ),
        Index("ix_job_runs_queued_at", "queued_at", postgresql_using="brin"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    job: Mapped[str]
    """Plugin and name, such as ``copy_trading.statistics``."""
    queue: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    status: Mapped[str] = mapped_column(server_default="queued")
    """``queued``, ``running``, ``done``, ``failed`` (given up) or ``parked`` (its module is not on)."""
    attempt: Mapped[int] = mapped_column(server_default="0")
    """Moves with each start; only the newest may write an outcome."""
    worker: Mapped[UUID | None]
    """The process that runs it."""
    queued_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    due_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    started_at: Mapped[Timestamp | None]
    ended_at: Mapped[Timestamp | None]
    error: Mapped[str | None]
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    """How much there is to do, in steps of the job's own; 0 while it is not known."""
    result: Mapped[dict[str, Any] | None]
    """What the job has found, as it says itself."""


class Schedule(Base):
    """When a scheduled job was last due, for each tenant."""

    __tablename__ = "schedules"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger)
    """Number of the interval, counted from 1970, in which it last ran."""


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
    """In English."""
    words: Mapped[dict[str, Any] | None]
    """The message as :func:`tenants.text.freeze` keeps it, for readers of other languages."""
    subject: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    closed_at: Mapped[Timestamp | None]
    closed_by: Mapped[str | None]
