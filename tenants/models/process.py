"""Processes of the installation and the version of the snapshot that each has seen."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, Timestamp, new_id
from tenants.models.tenant import SCHEMA


class SnapshotState(Base):
    """One row: the version that every commit moves which changes what snapshots hold."""

    __tablename__ = "snapshot_state"
    __table_args__ = (CheckConstraint("id", name="one_row"), {"schema": SCHEMA})

    id: Mapped[bool] = mapped_column(primary_key=True, default=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")


class Process(Base):
    """A running process that holds a snapshot."""

    __tablename__ = "processes"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    """``web``, ``worker``, ``lane``, ``scheduler``, ``feed`` and so on."""
    place: Mapped[str]
    """The machine and its process namespace, in which ``pid`` means something."""
    pid: Mapped[int]
    snapshot_version: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    heartbeat_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
