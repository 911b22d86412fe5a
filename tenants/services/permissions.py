"""What people may do: permissions declared by the platform and its modules, groups, and single rulings on top.

Staff hold what their groups hold, plus what is granted to them, less what is denied. Owners hold everything and
nothing can be denied to them. Customers hold each permission whose default says so, plus grants, less denials,
once they are verified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert

from tenants.db import SystemSession, TenantSession
from tenants.models import Customer, Group, GroupMember, GroupPermission, PermissionRow, Ruling, Staff
from tenants.services.errors import InvalidError
from tenants.text import _

Audience = Literal["staff", "customer"]
Effect = Literal["grant", "deny"]


@dataclass(frozen=True, slots=True)
class PermissionSpec:
    """A permission as it is declared.

    :ivar key: unique; a module's begin with the module's key.
    :ivar module: the declaring module's key, ``core`` for the platform's own.
    :ivar groups: keys of the built-in groups that hold it from the start (staff).
    :ivar default: whether customers hold it unless denied.
    """

    key: str
    module: str
    title: str
    description: str = ""
    audience: Audience = "staff"
    groups: tuple[str, ...] = ()
    default: bool = False


def declare(session: SystemSession, specs: Iterable[PermissionSpec]) -> list[str]:
    """Make the declared permissions known; called at start with everything installed. Returns the new ones.

    A permission that is new goes to its default groups in every tenant; one that is known keeps what each tenant made
    of it. A permission that is no longer declared is forgotten, its places in groups are kept for its return.
    """
    wanted = {spec.key: spec for spec in specs}
    known = set(session.scalars(select(PermissionRow.key)))
    fresh = [spec for key, spec in wanted.items() if key not in known]
    rows = [
        {
            "key": spec.key,
            "module": spec.module,
            "title": spec.title,
            "description": spec.description,
            "audience": spec.audience,
            "default_groups": list(spec.groups),
            "customer_default": spec.default,
        }
        for spec in wanted.values()
    ]
    if rows:
        statement = pg_insert(PermissionRow)
        changed = {column: statement.excluded[column] for column in rows[0] if column != "key"}
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_=changed,
                # Nothing is written where nothing changed, or every start would move the snapshot's version.
                where=text(
                    "(permissions.module, permissions.title, permissions.description, permissions.audience,"
                    " permissions.default_groups, permissions.customer_default) is distinct from (excluded.module,"
                    " excluded.title, excluded.description, excluded.audience, excluded.default_groups,"
                    " excluded.customer_default)"
                ),
            ),
            rows,
        )
    for spec in fresh:
        session.execute(
            pg_insert(GroupPermission)
            .from_select(
                ["tenant_id", "group_id", "permission"],
                select(Group.tenant_id, Group.id, text(":permission").bindparams(permission=spec.key)).where(
                    Group.key.in_([key for key in spec.groups if key != "owner"])
                ),
            )
            .on_conflict_do_nothing()
        )
    gone = known - wanted.keys()
    if gone:
        session.execute(delete(PermissionRow).where(PermissionRow.key.in_(gone)))
    return [spec.key for spec in fresh]


def known(session: TenantSession, audience: Audience | None = None) -> Sequence[PermissionRow]:
    """All permissions, by module and key."""
    query = select(PermissionRow).order_by(PermissionRow.module, PermissionRow.key)
    return session.scalars(query if audience is None else query.where(PermissionRow.audience == audience)).all()


def staff_permissions(session: TenantSession, staff_ids: Collection[UUID] | None = None) -> dict[UUID, frozenset[str]]:
    """The effective permissions of staff (of all staff without ``staff_ids``); nobody who is not active has any."""
    query = select(Staff.id).where(Staff.status == "active")
    members = select(GroupMember.staff_id, GroupMember.group_id)
    rulings = select(Ruling.staff_id, Ruling.permission, Ruling.effect).where(Ruling.staff_id.is_not(None))
    if staff_ids is not None:
        query = query.where(Staff.id.in_(staff_ids))
        members = members.where(GroupMember.staff_id.in_(staff_ids))
        rulings = rulings.where(Ruling.staff_id.in_(staff_ids))
    return effective_staff(
        session.scalars(query),
        session.execute(members),
        session.execute(select(Group.id).where(Group.key == "owner")).scalars(),
        session.execute(select(GroupPermission.group_id, GroupPermission.permission)),
        ((person, permission, effect) for person, permission, effect in session.execute(rulings) if person),
        session.scalars(select(PermissionRow.key).where(PermissionRow.audience == "staff")),
    )


def effective_staff(
    staff: Iterable[UUID],
    members: Iterable[tuple[UUID, UUID]],
    owner_groups: Iterable[UUID],
    group_permissions: Iterable[tuple[UUID, str]],
    rulings: Iterable[tuple[UUID, str, str]],
    declared: Iterable[str],
) -> dict[UUID, frozenset[str]]:
    """Compute effective permissions from plain rows; snapshots and sessions share it.

    :param members: staff and group.
    :param rulings: staff, permission and effect.
    :param declared: the permissions that exist; anything else is left out.
    """
    everything = frozenset(declared)
    owners = frozenset(owner_groups)
    held: dict[UUID, set[str]] = {}
    for group, permission in group_permissions:
        held.setdefault(group, set()).add(permission)
    groups: dict[UUID, set[UUID]] = {}
    for person, group in members:
        groups.setdefault(person, set()).add(group)
    granted: dict[UUID, set[str]] = {}
    denied: dict[UUID, set[str]] = {}
    for person, permission, effect in rulings:
        (granted if effect == "grant" else denied).setdefault(person, set()).add(permission)
    found = {}
    for person in staff:
        of = groups.get(person, set())
        if of & owners:
            found[person] = everything
            continue
        own = granted.get(person, set()).union(*(held.get(group, ()) for group in of))
        found[person] = everything & (own - denied.get(person, set()))
    return found


def one_staff_permissions(session: TenantSession, staff_id: UUID) -> frozenset[str]:
    """The effective permissions of one staff member, in one statement: what every request asks."""
    row = session.execute(
        text(
            "select array(select p.key from tenants.permissions p where p.audience = 'staff' and ("
            "  exists (select from tenants.group_members m join tenants.groups g on g.tenant_id = m.tenant_id"
            "    and g.id = m.group_id where m.tenant_id = s.tenant_id and m.staff_id = s.id and g.key = 'owner')"
            "  or coalesce((select r.effect = 'grant' from tenants.rulings r where r.tenant_id = s.tenant_id"
            "      and r.staff_id = s.id and r.permission = p.key),"
            "    exists (select from tenants.group_members m join tenants.group_permissions h"
            "      on h.tenant_id = m.tenant_id and h.group_id = m.group_id"
            "      where m.tenant_id = s.tenant_id and m.staff_id = s.id and h.permission = p.key))))"
            " from tenants.staff s where s.id = :id and s.tenant_id = :tenant and s.status = 'active'"
        ),
        {"id": staff_id, "tenant": session.tenant_id},
    ).scalar_one_or_none()
    return frozenset(row or ())


def customer_permissions(session: TenantSession, customer_id: UUID) -> frozenset[str]:
    """The effective permissions of a customer; only a verified one has any."""
    row = session.execute(
        text(
            "select array(select p.key from tenants.permissions p"
            " left join tenants.rulings r on r.permission = p.key and r.tenant_id = c.tenant_id"
            "  and r.customer_id = c.id"
            " where p.audience = 'customer'"
            "  and coalesce(r.effect = 'grant', p.customer_default))"
            " from tenants.customers c where c.id = :id and c.tenant_id = :tenant and c.status = 'verified'"
        ),
        {"id": customer_id, "tenant": session.tenant_id},
    ).scalar_one_or_none()
    return frozenset(row or ())


def customers_holding(session: TenantSession, permission: str, customer_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the customers who hold a permission: one statement, whatever their number."""
    if not customer_ids:
        return frozenset()
    rows = session.execute(
        text(
            # Look-ups and no join of lists: whatever the statistics of the tables say, each row is read once.
            "select c.id from tenants.customers c where c.tenant_id = :tenant and c.id = any(cast(:ids as uuid[]))"
            " and c.status = 'verified' and case"
            " (select p.customer_default from tenants.permissions p where p.key = :permission and p.audience = 'customer')"
            " when true then c.id not in (select r.customer_id from tenants.rulings r where r.tenant_id = :tenant"
            "  and r.permission = :permission and r.effect = 'deny' and r.customer_id is not null)"
            " when false then c.id in (select r.customer_id from tenants.rulings r where r.tenant_id = :tenant"
            "  and r.permission = :permission and r.effect = 'grant' and r.customer_id is not null)"
            " else false end"
        ),
        {"ids": list(customer_ids), "tenant": session.tenant_id, "permission": permission},
    ).scalars()
    return frozenset(rows)


def rulings_of(session: TenantSession, person: Staff | Customer) -> dict[str, Effect]:
    """The single grants and denials of a person."""
    column = Ruling.staff_id if isinstance(person, Staff) else Ruling.customer_id
    rows = session.execute(select(Ruling.permission, Ruling.effect).where(column == person.id))
    return {permission: "grant" if effect == "grant" else "deny" for permission, effect in rows}


def check_known(session: TenantSession, permissions: Iterable[str], audience: Audience) -> None:
    """:raises InvalidError: for a permission that does not exist for the audience."""
    wanted = set(permissions)
    have = set(
        session.scalars(
            select(PermissionRow.key).where(PermissionRow.audience == audience, PermissionRow.key.in_(wanted))
        )
    )
    if wanted - have:
        raise InvalidError(
            "permission", _("There is no such permission: {permissions}.", permissions=", ".join(sorted(wanted - have)))
        )


def fill_default_groups(session: SystemSession, tenant_id: UUID, groups: Mapping[str, UUID]) -> None:
    """Give a new tenant's built-in groups what the known permissions say. :param groups: group's key → identifier."""
    rows = [
        {"tenant_id": tenant_id, "group_id": groups[key], "permission": permission}
        for permission, keys in session.execute(
            select(PermissionRow.key, PermissionRow.default_groups).where(PermissionRow.audience == "staff")
        )
        for key in keys
        if key in groups and key != "owner"
    ]
    if rows:
        session.execute(insert(GroupPermission), rows)
