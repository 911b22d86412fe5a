"""Two tenants to keep apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from tenants.db import Database
from tenants.models import Customer, Group
from tenants.services import passwords, people, permissions
from tenants.services.actor import OPERATOR, Actor
from tenants.services.builtin import PERMISSIONS
from tenants.services.making import NewTenant, make_tenant
from tenants.services.permissions import PermissionSpec

PASSWORD = "correct horse battery"

MODULE_PERMISSIONS = (
    PermissionSpec("mirror.masters.view", "mirror", "See masters", groups=("owner", "admin", "risk")),
    PermissionSpec("mirror.masters.manage", "mirror", "Change masters", groups=("owner", "admin")),
    PermissionSpec("mirror.follow", "mirror", "Follow masters", audience="customer", default=True),
    PermissionSpec("mirror.master", "mirror", "Be a master", audience="customer", default=False),
)


@dataclass(frozen=True)
class Yard:
    """A tenant of the tests, with its owner and one verified customer."""

    id: UUID
    key: str
    owner_id: UUID
    customer_id: UUID
    groups: dict[str, UUID]

    @property
    def owner(self) -> Actor:
        return Actor("staff", f"owner@{self.key}.example", self.owner_id, "192.0.2.7", "req-1")


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Argon2id at its least cost: these tests are not about its strength."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def yards(database: Database) -> tuple[Yard, Yard]:
    """Two tenants, ``north`` and ``south``, at ``<key>.localhost``."""
    with database.system() as session:
        permissions.declare(session, (*PERMISSIONS, *MODULE_PERMISSIONS))
    return make_yard(database, "north"), make_yard(database, "south")


@pytest.fixture
def yard(yards: tuple[Yard, Yard]) -> Yard:
    """The first of the two."""
    return yards[0]


def make_yard(database: Database, key: str) -> Yard:
    """Make a tenant with an owner and a customer, both with ``PASSWORD``."""
    with database.system() as session:
        made = make_tenant(
            session,
            NewTenant(key, key.title(), [f"{key}.localhost"], f"owner@{key}.example", "Olga Owner", PASSWORD),
            OPERATOR,
        )
    with database.tenant(made.tenant_id) as session:
        groups = {group.key: group.id for group in session.scalars(select(Group)) if group.key}
        customer = people.register_customer(session, f"carl@{key}.example", "Carl Customer", PASSWORD)
        people.verify_customer(session, customer.id, OPERATOR)
        assert isinstance(customer, Customer)
        return Yard(made.tenant_id, key, made.owner_id, customer.id, groups)
