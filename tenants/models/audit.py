"""Who did what, when and from where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow, Timestamp
from tenants.models.tenant import SCHEMA


class AuditEntry(TenantRow, Base):
    """A row of the audit log. Neither role may change or delete one, and a trigger refuses it to everybody."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"]),
        CheckConstraint("actor_kind in ('staff', 'customer', 'operator', 'system')", name="actor_kind"),
        Index("ix_audit_entries_at", "tenant_id", "at"),
        Index("ix_audit_entries_action", "tenant_id", "action"),
        Index("ix_audit_entries_object", "tenant_id", "object_kind", "object_id"),
        Index("ix_audit_entries_actor", "tenant_id", "actor_id"),
        {"schema": SCHEMA},
    )

    at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    """No foreign key: the entry outlives the person."""
    actor_name: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    """The network address the request came from."""
    action: Mapped[str]
    """What was done, as ``object.verb``: ``product.state``, ``customer.verify``."""
    object_kind: Mapped[str]
    object_id: Mapped[str] = mapped_column(server_default="")
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    note: Mapped[str] = mapped_column(server_default="")
    """The reason that was given."""
    request_id: Mapped[str] = mapped_column(server_default="")
