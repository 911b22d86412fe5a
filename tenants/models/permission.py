"""Permissions that exist on this installation, and the groups and single rulings by which people hold them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import CURRENT_TENANT, Base, TenantRow, Timestamp, tenant_key
from tenants.models.subject import OfPerson, person_constraints
from tenants.models.tenant import SCHEMA


class PermissionRow(Base):
    """A permission that the platform or a module declares, the same for all tenants."""

    __tablename__ = "permissions"
    __table_args__ = (
        CheckConstraint("audience in ('staff', 'customer')", name="audience"),
        {"schema": SCHEMA},
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    module: Mapped[str]
    """The declaring module's key; ``core`` for the platform's own."""
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    audience: Mapped[str] = mapped_column(server_default="staff")
    """Who can hold it: ``staff`` or ``customer``."""
    default_groups: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Keys of the built-in staff groups that get it when it first appears."""
    customer_default: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether customers have it unless it is denied to them."""


class Group(TenantRow, Base):
    """A permission group of a tenant's staff."""

    __tablename__ = "groups"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id"], ["tenants.tenants.id"]),
        {"schema": SCHEMA},
    )

    key: Mapped[str | None]
    """``owner``, ``admin``, ``risk`` or ``support`` for the groups made at the start; null for a tenant's own."""
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")


class GroupPermission(Base):
    """A permission of a group. The Owner group has none of these: it holds all there are."""

    __tablename__ = "group_permissions"
    __table_args__ = (tenant_key("tenants.groups", "group_id", ondelete="CASCADE"), {"schema": SCHEMA})

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)


class GroupMember(Base):
    """A staff member's place in a group."""

    __tablename__ = "group_members"
    __table_args__ = (
        tenant_key("tenants.groups", "group_id", ondelete="CASCADE"),
        tenant_key("tenants.staff", "staff_id", ondelete="CASCADE"),
        Index("ix_group_members_staff_id", "tenant_id", "staff_id"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(primary_key=True)


class Ruling(OfPerson, TenantRow, Base):
    """A single permission granted or denied to one person, on top of groups and defaults."""

    __tablename__ = "rulings"
    __table_args__ = (
        *person_constraints(),
        CheckConstraint("effect in ('grant', 'deny')", name="effect"),
        UniqueConstraint("tenant_id", "staff_id", "permission"),
        UniqueConstraint("tenant_id", "customer_id", "permission", name="uq_rulings_customer"),
        {"schema": SCHEMA},
    )

    permission: Mapped[str]
    effect: Mapped[str]
    """``grant`` or ``deny``; a denial wins."""
    decided_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    decided_by: Mapped[str] = mapped_column(server_default="")
