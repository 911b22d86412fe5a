"""Reading a snapshot: a fixed number of statements in one consistent view, whatever the number of tenants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, select, text

from tenants.db import SystemSession
from tenants.models import (
    Brand,
    Group,
    GroupMember,
    GroupPermission,
    PermissionRow,
    ProductConfig,
    Ruling,
    SnapshotState,
    Staff,
    Tenant,
    TenantHost,
)
from tenants.services.permissions import effective_staff
from tenants.snapshot.model import PLAIN_BRAND, BrandView, ModuleView, Snapshot, TenantView

_T = TypeVar("_T")
_BRAND_FIELDS = tuple(BrandView.__dataclass_fields__)


def load(session: SystemSession) -> Snapshot:
    """Read the snapshot. The session must be fresh: its transaction becomes a read-only one with one consistent view."""
    session.execute(text("set transaction isolation level repeatable read, read only"))
    version = session.scalar(select(SnapshotState.version)) or 0
    hosts = session.execute(
        select(TenantHost.tenant_id, TenantHost.host).order_by(TenantHost.main.desc(), TenantHost.host)
    )
    hosts_of: dict[UUID, list[str]] = defaultdict(list)
    for tenant_id, host in hosts:
        hosts_of[tenant_id].append(host)
    brands = {
        row.tenant_id: BrandView(**{name: getattr(row, name) for name in _BRAND_FIELDS})
        for row in session.execute(select(Brand.tenant_id, *(getattr(Brand, name) for name in _BRAND_FIELDS)))
    }
    modules: dict[UUID, dict[str, ModuleView]] = defaultdict(dict)
    for tenant_id, module, state, allowed, moved, reason in session.execute(
        select(
            ProductConfig.tenant_id,
            ProductConfig.module,
            ProductConfig.state,
            ProductConfig.allowed,
            ProductConfig.version,
            ProductConfig.reason,
        )
    ):
        modules[tenant_id][module] = ModuleView(state, allowed, moved, reason or "")  # type: ignore[arg-type]  # checked by a constraint
    staff = _staff(session)
    tenants = {
        row.id: TenantView(
            id=row.id,
            key=row.key,
            name=row.name,
            legal_entity=row.legal_entity,
            status=row.status,  # type: ignore[arg-type]  # checked by a constraint
            language=row.language,
            time_zone=row.time_zone,
            currencies=tuple(row.currencies),
            registration=row.registration,
            staff_second_factor=row.staff_second_factor,
            hosts=tuple(hosts_of[row.id]),
            brand=brands.get(row.id, PLAIN_BRAND),
            modules=MappingProxyType(modules[row.id]),
            staff=MappingProxyType(staff[row.id]),
        )
        for row in session.scalars(select(Tenant))
    }
    defaults = session.scalars(
        select(PermissionRow.key).where(PermissionRow.audience == "customer", PermissionRow.customer_default)
    )
    return Snapshot(
        version=version,
        tenants=MappingProxyType(tenants),
        hosts=MappingProxyType({host: tenant_id for tenant_id, of in hosts_of.items() for host in of}),
        customer_defaults=frozenset(defaults),
    )


def _staff(session: SystemSession) -> dict[UUID, dict[UUID, frozenset[str]]]:
    people = _by_tenant(
        session.execute(select(Staff.tenant_id, Staff.id).where(Staff.status == "active")), lambda row: row.id
    )
    members = _by_tenant(
        session.execute(select(GroupMember.tenant_id, GroupMember.staff_id, GroupMember.group_id)),
        lambda row: (row.staff_id, row.group_id),
    )
    owners = _by_tenant(
        session.execute(select(Group.tenant_id, Group.id).where(Group.key == "owner")), lambda row: row.id
    )
    held = _by_tenant(
        session.execute(select(GroupPermission.tenant_id, GroupPermission.group_id, GroupPermission.permission)),
        lambda row: (row.group_id, row.permission),
    )
    rulings = _by_tenant(
        session.execute(
            select(Ruling.tenant_id, Ruling.staff_id, Ruling.permission, Ruling.effect).where(
                Ruling.staff_id.is_not(None)
            )
        ),
        lambda row: (row.staff_id, row.permission, row.effect),
    )
    declared: Sequence[str] = session.scalars(select(PermissionRow.key).where(PermissionRow.audience == "staff")).all()
    found: dict[UUID, dict[UUID, frozenset[str]]] = defaultdict(dict)
    for tenant_id, staff in people.items():
        found[tenant_id] = effective_staff(
            staff, members[tenant_id], owners[tenant_id], held[tenant_id], rulings[tenant_id], declared
        )
    return found


def _by_tenant(rows: Iterable[Row[Any]], pick: Callable[[Row[Any]], _T]) -> dict[UUID, list[_T]]:
    found: dict[UUID, list[_T]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(pick(row))
    return found
