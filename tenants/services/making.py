"""A new tenant by one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, select

from tenants.db import SystemSession, new_id
from tenants.models import Brand, GroupMember, PersonTicket, Staff, Tenant
from tenants.services import audit, company, groups, validation
from tenants.services.actor import Actor
from tenants.services.builtin import OWNER
from tenants.services.errors import InvalidError, TakenError
from tenants.services.passwords import hash_password
from tenants.services.secrets import new_token, token_hash
from tenants.services.tickets import LIFETIME


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What a tenant is made of; only the first four are needed.

    :ivar key: short name for commands: lower-case letters, digits, hyphens.
    :ivar hosts: host names, the main one first.
    :ivar owner_password: without one the owner is invited and sets it by a one-time token.
    :ivar currencies: the main one first.
    """

    key: str
    name: str
    hosts: Sequence[str]
    owner_email: str
    owner_name: str = "Owner"
    owner_password: str | None = None
    legal_entity: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    currencies: Sequence[str] = ("USD",)


@dataclass(frozen=True, slots=True)
class MadeTenant:
    """The new tenant, its owner, and the owner's invitation where no password was given."""

    tenant_id: UUID
    owner_id: UUID
    invitation: str | None


def make_tenant(session: SystemSession, new: NewTenant, actor: Actor) -> MadeTenant:
    """Make a tenant with its hosts, brand, permission groups and owner, in one transaction.

    :raises TakenError: where the key or a host is in use.
    :raises InvalidError: for what cannot be taken.
    """
    key, name = validation.key(new.key), validation.name(new.name)
    owner_email, owner_name = validation.email(new.owner_email), validation.name(new.owner_name, "owner_name")
    hashed = None if new.owner_password is None else hash_password(validation.password(new.owner_password))
    if not new.hosts:
        raise InvalidError("hosts", "Give at least one host name.")
    if session.scalar(select(Tenant.id).where(Tenant.key == key)):
        raise TakenError("key", f"There is a tenant {key} already.")
    tenant_id, owner_id = new_id(), new_id()
    session.add(
        Tenant(
            id=tenant_id,
            key=key,
            name=name,
            legal_entity=new.legal_entity.strip(),
            language=validation.language(new.language),
            time_zone=validation.time_zone(new.time_zone),
            currencies=list(dict.fromkeys(validation.currency(code) for code in new.currencies)),
        )
    )
    session.flush()
    audit.record(
        session, actor, "tenant.make", "tenant", tenant_id, after={"key": key, "name": name}, tenant_id=tenant_id
    )
    for position, host in enumerate(new.hosts):
        company.add_host(session, tenant_id, host, actor, main=position == 0)
    session.add(Brand(tenant_id=tenant_id))
    owner = Staff(
        tenant_id=tenant_id,
        id=owner_id,
        email=owner_email,
        name=owner_name,
        status="active" if hashed else "invited",
        password_hash=hashed,
    )
    session.add(owner)
    session.flush()
    made = groups.make_builtin(session, tenant_id)
    session.execute(insert(GroupMember).values(tenant_id=tenant_id, group_id=made[OWNER], staff_id=owner_id))
    audit.record(
        session,
        actor,
        "staff.make",
        "staff",
        owner_id,
        after={"email": owner_email, "groups": ["Owner"]},
        tenant_id=tenant_id,
    )
    return MadeTenant(tenant_id, owner_id, None if hashed else _invite(session, tenant_id, owner_id))


def _invite(session: SystemSession, tenant_id: UUID, staff_id: UUID) -> str:
    token = new_token()
    session.add(
        PersonTicket(
            tenant_id=tenant_id,
            id=new_id(),
            staff_id=staff_id,
            purpose="invitation",
            token_hash=token_hash(token),
            expires_at=datetime.now(UTC) + LIFETIME["invitation"],
        )
    )
    session.flush()
    return token
