"""Staff and customers: registered, invited, verified, blocked, and ruled on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, func, select

from tenants.db import TenantSession, new_id
from tenants.models import Customer, Ruling, Staff, Tenant
from tenants.services import audit, groups, permissions, validation
from tenants.services.actor import Actor
from tenants.services.errors import NotAllowedError, NotFoundError, TakenError
from tenants.services.passwords import hash_password
from tenants.services.permissions import Effect
from tenants.services.sessions import revoke_all
from tenants.services.tickets import issue_ticket
from tenants.text import _

Surface = Literal["admin", "portal"]
AnyPerson = Staff | Customer


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited, and the one-time token to send them; it is not kept anywhere."""

    person: AnyPerson
    token: str


def staff_member(session: TenantSession, staff_id: UUID) -> Staff:
    """:raises NotFoundError: where the tenant has nobody of that identifier."""
    found = session.get(Staff, (session.tenant_id, staff_id))
    if found is None:
        raise NotFoundError(_("There is no such staff member."))
    return found


def customer(session: TenantSession, customer_id: UUID) -> Customer:
    """:raises NotFoundError: where the tenant has nobody of that identifier."""
    found = session.get(Customer, (session.tenant_id, customer_id))
    if found is None:
        raise NotFoundError(_("There is no such customer."))
    return found


def by_email(session: TenantSession, surface: Surface, email: str) -> AnyPerson | None:
    """The person of that address who signs in on the surface: staff on ``admin``, customers on ``portal``."""
    found: AnyPerson | None
    if surface == "admin":
        found = session.scalar(select(Staff).where(Staff.email == email.strip().lower()))
    else:
        found = session.scalar(select(Customer).where(Customer.email == email.strip().lower()))
    return found


def register_customer(
    session: TenantSession, email: str, name: str, password: str, actor: Actor | None = None
) -> Customer:
    """A visitor registers; the customer is ``new`` until staff verify them.

    :param actor: who did it; by default the customer themself.
    :raises NotAllowedError: where the tenant takes customers by invitation only.
    :raises TakenError: where the address is in use.
    :raises InvalidError: for what cannot be taken.
    """
    tenant = session.get_one(Tenant, session.tenant_id)
    if tenant.registration != "open" and (actor is None or actor.kind == "customer"):
        raise NotAllowedError(_("{brokerage} takes customers by invitation.", brokerage=tenant.name))
    email, name = validation.email(email), validation.name(name)
    password_hash = hash_password(validation.password(password))
    _ensure_free(session, "portal", email)
    made = Customer(id=new_id(), email=email, name=name, password_hash=password_hash, status="new")
    session.add(made)
    session.flush()
    by = actor or Actor("customer", email, made.id)
    audit.record(session, by, "customer.register", "customer", made.id, after={"email": email, "name": name})
    return made


def invite_customer(session: TenantSession, email: str, name: str, actor: Actor, *, verified: bool = False) -> Invited:
    """Invite a customer, who sets a password by the returned token. :raises TakenError: where the address is in use."""
    email, name = validation.email(email), validation.name(name)
    _ensure_free(session, "portal", email)
    made = Customer(id=new_id(), email=email, name=name, invited=True, status="verified" if verified else "new")
    if verified:
        made.verified_at = session.scalar(select(func.now()))
    session.add(made)
    session.flush()
    audit.record(
        session,
        actor,
        "customer.invite",
        "customer",
        made.id,
        after={"email": email, "name": name, "status": made.status},
    )
    return Invited(made, issue_ticket(session, made, "invitation"))


def invite_staff(session: TenantSession, email: str, name: str, group_ids: Iterable[UUID], actor: Actor) -> Invited:
    """Invite a staff member into groups; they set a password by the returned token.

    :raises TakenError: where the address is in use.
    :raises NotAllowedError: where somebody who is not an owner invites one.
    """
    email, name = validation.email(email), validation.name(name)
    _ensure_free(session, "admin", email)
    made = Staff(id=new_id(), email=email, name=name, status="invited")
    session.add(made)
    session.flush()
    audit.record(session, actor, "staff.invite", "staff", made.id, after={"email": email, "name": name})
    groups.set_groups(session, made.id, group_ids, actor)
    return Invited(made, issue_ticket(session, made, "invitation"))


def invite_again(session: TenantSession, person: AnyPerson, actor: Actor) -> Invited:
    """A new invitation in place of the former one. :raises NotAllowedError: where it was accepted already."""
    if person.password_hash is not None:
        raise NotAllowedError(_("{email} has accepted the invitation.", email=person.email))
    audit.record(session, actor, f"{kind(person)}.invite", kind(person), person.id, after={"email": person.email})
    return Invited(person, issue_ticket(session, person, "invitation"))


def verify_customer(session: TenantSession, customer_id: UUID, actor: Actor) -> Customer:
    """Staff have checked who the customer is. A blocked one is unblocked first."""
    found = customer(session, customer_id)
    if found.status == "blocked":
        raise NotAllowedError(_("{email} is blocked: unblock them first.", email=found.email))
    if found.status != "verified":
        _set_status(session, found, "verified", actor, "verify")
        found.verified_at = session.scalar(select(func.now()))
    return found


def block(session: TenantSession, person: AnyPerson, actor: Actor, reason: str) -> None:
    """Shut somebody out at once: every session ends, tokens stop.

    :raises LastOwnerError: for the last active owner.
    :raises NotAllowedError: where somebody who is not an owner blocks one.
    """
    if isinstance(person, Staff) and groups.is_owner(session, person.id):
        groups.guard_owners(session, actor)
        groups.ensure_other_owner(session, person.id)
    if isinstance(person, Staff) and actor.id == person.id:
        raise NotAllowedError(_("You cannot block yourself: ask somebody else who may."))
    if person.status != "blocked":
        _set_status(session, person, "blocked", actor, "block", reason)
    revoke_all(session, person)


def unblock(session: TenantSession, person: AnyPerson, actor: Actor) -> None:
    """Let somebody in again, as they were: a customer who was verified is verified."""
    if person.status != "blocked":
        return
    if isinstance(person, Staff) and groups.is_owner(session, person.id):
        groups.guard_owners(session, actor)
    if isinstance(person, Customer):
        status = "verified" if person.verified_at else "new"
    else:
        status = "active" if person.password_hash else "invited"
    _set_status(session, person, status, actor, "unblock")


def rename(session: TenantSession, person: AnyPerson, name: str, actor: Actor) -> None:
    """Change a person's name. :raises InvalidError: for an empty one."""
    name = validation.name(name)
    if name != person.name:
        audit.record(
            session,
            actor,
            f"{kind(person)}.rename",
            kind(person),
            person.id,
            before={"name": person.name},
            after={"name": name},
        )
        person.name = name
        session.flush()


def rule(session: TenantSession, person: AnyPerson, permission: str, effect: Effect | None, actor: Actor) -> None:
    """Grant or deny one permission to one person, or take the ruling back (none).

    :raises InvalidError: for an unknown permission, or one of the other audience.
    :raises NotAllowedError: for a denial to an owner, or ownership and billing by a single grant.
    """
    permissions.check_known(session, [permission], "staff" if isinstance(person, Staff) else "customer")
    if permission.startswith(("ownership.", "billing.")):
        raise NotAllowedError(_("Ownership and billing are the Owner group's: make the person an owner."))
    if isinstance(person, Staff) and effect == "deny" and groups.is_owner(session, person.id):
        raise NotAllowedError(_("Nothing can be denied to an owner: take them out of the Owner group first."))
    before = permissions.rulings_of(session, person).get(permission)
    if before == effect:
        return
    if isinstance(person, Staff):
        groups.guard_reach(session, actor, [permission])
    column = Ruling.staff_id if isinstance(person, Staff) else Ruling.customer_id
    session.execute(delete(Ruling).where(column == person.id, Ruling.permission == permission))
    if effect is not None:
        owner = {"staff_id": person.id} if isinstance(person, Staff) else {"customer_id": person.id}
        session.add(Ruling(id=new_id(), permission=permission, effect=effect, decided_by=actor.name, **owner))
        session.flush()
    audit.record(
        session,
        actor,
        f"{kind(person)}.rule",
        kind(person),
        person.id,
        before={"email": person.email, permission: before or "default"},
        after={"email": person.email, permission: effect or "default"},
    )


def kind(person: AnyPerson) -> Literal["staff", "customer"]:
    """``staff`` or ``customer``, as the audit log names it."""
    return "staff" if isinstance(person, Staff) else "customer"


def _ensure_free(session: TenantSession, surface: Surface, email: str) -> None:
    if by_email(session, surface, email) is not None:
        raise TakenError("email", _("{email} is in use already.", email=email))


def _set_status(
    session: TenantSession, person: AnyPerson, status: str, actor: Actor, verb: str, reason: str = ""
) -> None:
    before, person.status = person.status, status
    session.flush()
    audit.record(
        session,
        actor,
        f"{kind(person)}.{verb}",
        kind(person),
        person.id,
        before={"email": person.email, "status": before},
        after={"email": person.email, "status": status},
        note=reason,
    )
