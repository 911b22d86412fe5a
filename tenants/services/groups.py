"""Permission groups of staff, and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from tenants.db import SystemSession, TenantSession, new_id
from tenants.models import Group, GroupMember, GroupPermission, Staff
from tenants.services import audit, permissions, validation
from tenants.services.actor import Actor
from tenants.services.builtin import GROUPS, OWNER
from tenants.services.errors import InvalidError, LastOwnerError, NotAllowedError, NotFoundError, TakenError
from tenants.text import _


def make_builtin(session: SystemSession, tenant_id: UUID) -> dict[str, UUID]:
    """Make the groups a tenant starts with, filled by the declared permissions. Returns key → identifier."""
    made = {key: new_id() for key in GROUPS}
    session.execute(
        insert(Group),
        [
            {"tenant_id": tenant_id, "id": made[key], "key": key, "name": name, "description": description}
            for key, (name, description) in GROUPS.items()
        ],
    )
    permissions.fill_default_groups(session, tenant_id, made)
    return made


def groups(session: TenantSession) -> Sequence[Group]:
    """All groups, the built-in ones first."""
    return session.scalars(select(Group).order_by(Group.key.is_(None), Group.id)).all()


def group(session: TenantSession, group_id: UUID) -> Group:
    """:raises NotFoundError: where the tenant has no such group."""
    found = session.get(Group, (session.tenant_id, group_id))
    if found is None:
        raise NotFoundError(_("There is no such group."))
    return found


def by_key(session: TenantSession, key: str) -> Group:
    """A built-in group. :raises NotFoundError: for an unknown key."""
    found = session.scalar(select(Group).where(Group.key == key))
    if found is None:
        raise NotFoundError(_("There is no built-in group {key}.", key=key))
    return found


def group_permissions(session: TenantSession, group_id: UUID) -> frozenset[str]:
    """The permissions of a group; of the Owner group all that staff can hold."""
    if group(session, group_id).key == OWNER:
        return frozenset(row.key for row in permissions.known(session, "staff"))
    return frozenset(session.scalars(select(GroupPermission.permission).where(GroupPermission.group_id == group_id)))


def members(session: TenantSession) -> Mapping[UUID, frozenset[UUID]]:
    """Staff member → groups."""
    found: dict[UUID, set[UUID]] = {}
    for staff_id, group_id in session.execute(select(GroupMember.staff_id, GroupMember.group_id)):
        found.setdefault(staff_id, set()).add(group_id)
    return {staff_id: frozenset(of) for staff_id, of in found.items()}


def make_group(
    session: TenantSession, name: str, wanted: Collection[str], actor: Actor, description: str = ""
) -> Group:
    """Make a group of the tenant's own.

    :raises TakenError: where the name is in use.
    :raises InvalidError: for an unknown permission.
    """
    name = validation.name(name)
    if session.scalar(select(Group.id).where(func.lower(Group.name) == name.lower())):
        raise TakenError("name", _("There is a group {name} already.", name=name))
    _check_permissions(session, wanted)
    guard_reach(session, actor, wanted)
    made = Group(id=new_id(), name=name, description=description.strip()[:500])
    session.add(made)
    session.flush()
    _write_permissions(session, made.id, wanted)
    audit.record(session, actor, "group.make", "group", made.id, after={"name": name, "permissions": sorted(wanted)})
    return made


def set_group_permissions(session: TenantSession, group_id: UUID, wanted: Collection[str], actor: Actor) -> None:
    """Replace what a group holds.

    :raises NotAllowedError: for the Owner group, which holds all there is.
    :raises InvalidError: for an unknown permission, or one about ownership and billing, which is the owners' alone.
    """
    found = group(session, group_id)
    if found.key == OWNER:
        raise NotAllowedError(_("The Owner group holds every permission."))
    before = group_permissions(session, group_id)
    if before == set(wanted):
        return
    _check_permissions(session, wanted)
    guard_reach(session, actor, set(wanted) ^ before)
    session.execute(delete(GroupPermission).where(GroupPermission.group_id == group_id))
    _write_permissions(session, group_id, wanted)
    audit.record(
        session,
        actor,
        "group.permissions",
        "group",
        group_id,
        before={"name": found.name, "permissions": sorted(before)},
        after={"name": found.name, "permissions": sorted(wanted)},
    )


def describe_group(session: TenantSession, group_id: UUID, name: str, description: str, actor: Actor) -> None:
    """Rename a group of the tenant's own, and say what it is for.

    :raises NotAllowedError: for a built-in one.
    :raises TakenError: where the name is in use.
    """
    found, name, description = group(session, group_id), validation.name(name), description.strip()[:500]
    if (found.name, found.description) == (name, description):
        return
    if found.key is not None:
        raise NotAllowedError(_("{name} is one of the groups that every brokerage has.", name=found.name))
    if session.scalar(select(Group.id).where(func.lower(Group.name) == name.lower(), Group.id != group_id)):
        raise TakenError("name", _("There is a group {name} already.", name=name))
    before = {"name": found.name, "description": found.description}
    found.name, found.description = name, description
    session.flush()
    audit.record(
        session,
        actor,
        "group.describe",
        "group",
        group_id,
        before=before,
        after={"name": name, "description": description},
    )


def remove_group(session: TenantSession, group_id: UUID, actor: Actor) -> None:
    """Remove a group of the tenant's own. :raises NotAllowedError: for a built-in one."""
    found = group(session, group_id)
    if found.key is not None:
        raise NotAllowedError(_("{name} is one of the groups that every brokerage has.", name=found.name))
    held = group_permissions(session, group_id)
    guard_reach(session, actor, held)
    before = {"name": found.name, "permissions": sorted(held)}
    session.delete(found)
    session.flush()
    audit.record(session, actor, "group.remove", "group", group_id, before=before)


def set_groups(session: TenantSession, staff_id: UUID, group_ids: Iterable[UUID], actor: Actor) -> None:
    """Put a staff member in exactly these groups.

    :raises LastOwnerError: where the tenant would be left without an active owner.
    :raises NotAllowedError: where somebody who is not an owner makes or removes one.
    :raises NotFoundError: for an unknown person or group.
    """
    person = session.get(Staff, (session.tenant_id, staff_id))
    if person is None:
        raise NotFoundError(_("There is no such staff member."))
    names = {found.id: found.name for found in session.scalars(select(Group))}
    wanted = set(group_ids)
    if wanted - names.keys():
        raise NotFoundError(_("There is no such group."))
    owner = owner_group(session)
    before = set(session.scalars(select(GroupMember.group_id).where(GroupMember.staff_id == staff_id)))
    if owner in before ^ wanted:
        guard_owners(session, actor)
    if owner in before - wanted:
        ensure_other_owner(session, staff_id)
    if before == wanted:
        return
    for changed in (before ^ wanted) - {owner}:
        guard_reach(session, actor, group_permissions(session, changed))
    session.execute(delete(GroupMember).where(GroupMember.staff_id == staff_id, GroupMember.group_id.not_in(wanted)))
    if wanted - before:
        session.execute(insert(GroupMember), [{"group_id": found, "staff_id": staff_id} for found in wanted - before])
    audit.record(
        session,
        actor,
        "staff.groups",
        "staff",
        staff_id,
        before={"email": person.email, "groups": sorted(names[found] for found in before)},
        after={"email": person.email, "groups": sorted(names[found] for found in wanted)},
    )


def owner_group(session: TenantSession) -> UUID:
    """The Owner group, locked to the end of the transaction, so that two owners cannot remove each other at once."""
    return session.scalars(select(Group.id).where(Group.key == OWNER).with_for_update()).one()


def ensure_other_owner(session: TenantSession, staff_id: UUID) -> None:
    """:raises LastOwnerError: where nobody but ``staff_id`` is an active owner."""
    others = session.scalar(
        select(func.count())
        .select_from(GroupMember)
        .join(Staff, (Staff.tenant_id == GroupMember.tenant_id) & (Staff.id == GroupMember.staff_id))
        .where(GroupMember.group_id == owner_group(session), Staff.status == "active", Staff.id != staff_id)
    )
    if not others:
        raise LastOwnerError(_("The last owner stays: make somebody else an owner first."))


def guard_reach(session: TenantSession, actor: Actor, wanted: Iterable[str]) -> None:
    """:raises NotAllowedError: where a staff member would hand out what they do not hold themselves."""
    if actor.kind == "staff" and actor.id is not None:
        beyond = set(wanted) - permissions.one_staff_permissions(session, actor.id)
        if beyond:
            raise NotAllowedError(
                _(
                    "You cannot hand out what you may not do yourself: {permissions}.",
                    permissions=", ".join(sorted(beyond)),
                )
            )


def guard_owners(session: TenantSession, actor: Actor) -> None:
    """:raises NotAllowedError: where a staff member who is not an owner acts on ownership."""
    if actor.kind == "customer" or (actor.kind == "staff" and not (actor.id and is_owner(session, actor.id))):
        raise NotAllowedError(_("Only an owner may do this to an owner."))


def is_owner(session: TenantSession, staff_id: UUID) -> bool:
    """Whether a staff member is in the Owner group."""
    return bool(
        session.scalar(
            select(func.count())
            .select_from(GroupMember)
            .join(Group, (Group.tenant_id == GroupMember.tenant_id) & (Group.id == GroupMember.group_id))
            .where(Group.key == OWNER, GroupMember.staff_id == staff_id)
        )
    )


def _check_permissions(session: TenantSession, wanted: Collection[str]) -> None:
    reserved = sorted(key for key in wanted if key.startswith(("ownership.", "billing.")))
    if reserved:
        raise InvalidError("permission", _("Only owners hold {permissions}.", permissions=", ".join(reserved)))
    permissions.check_known(session, wanted, "staff")


def _write_permissions(session: TenantSession, group_id: UUID, wanted: Collection[str]) -> None:
    if wanted:
        session.execute(
            insert(GroupPermission), [{"group_id": group_id, "permission": permission} for permission in wanted]
        )
