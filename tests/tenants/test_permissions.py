"""Effective permissions: groups, grants, denials, owners, customers' defaults."""

from __future__ import annotations

import pytest

from tenants.db import Database
from tenants.models import Customer, Staff
from tenants.services import groups, people, permissions, tickets
from tenants.services.builtin import PERMISSIONS
from tenants.services.errors import InvalidError, NotAllowedError, TakenError
from tenants.services.permissions import PermissionSpec
from tests.tenants.conftest import MODULE_PERMISSIONS, PASSWORD, Yard, make_yard

EVERYTHING = {spec.key for spec in (*PERMISSIONS, *MODULE_PERMISSIONS) if spec.audience == "staff"}


def _staff(database: Database, yard: Yard, group: str) -> Staff:
    with database.tenant(yard.id) as session:
        invited = people.invite_staff(session, f"{group}@example.com", group.title(), [yard.groups[group]], yard.owner)
        person = tickets.redeem_ticket(session, invited.token, "invitation", PASSWORD)
        assert isinstance(person, Staff)
        return person


def _of(database: Database, yard: Yard, person: Staff | Customer) -> frozenset[str]:
    with database.tenant(yard.id) as session:
        if isinstance(person, Staff):
            many = permissions.staff_permissions(session, [person.id]).get(person.id, frozenset())
            assert many == permissions.one_staff_permissions(session, person.id)
            return many
        return permissions.customer_permissions(session, person.id)


def test_the_groups_made_at_the_start(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        assert [group.name for group in groups.groups(session)] == ["Owner", "Admin", "Risk", "Support"]
        of = {key: groups.group_permissions(session, group_id) for key, group_id in yard.groups.items()}
    assert of["owner"] == EVERYTHING
    assert of["admin"] == EVERYTHING - {"ownership.manage", "billing.manage"}
    assert "mirror.masters.view" in of["risk"]
    assert "mirror.masters.manage" not in of["risk"]
    assert of["support"] == {spec.key for spec in PERMISSIONS if "support" in spec.groups}
    assert not any(key.endswith(".manage") for key in of["support"])


def test_groups_add_up_grants_add_and_denials_win(yard: Yard, database: Database) -> None:
    rita = _staff(database, yard, "risk")
    base = _of(database, yard, rita)
    with database.tenant(yard.id) as session:
        groups.set_groups(session, rita.id, [yard.groups["risk"], yard.groups["support"]], yard.owner)
        rita = people.staff_member(session, rita.id)
        people.rule(session, rita, "brand.manage", "grant", yard.owner)
        people.rule(session, rita, "mirror.masters.view", "deny", yard.owner)
        support = groups.group_permissions(session, yard.groups["support"])
    assert _of(database, yard, rita) == (base | support | {"brand.manage"}) - {"mirror.masters.view"}
    with database.tenant(yard.id) as session:
        rita = people.staff_member(session, rita.id)
        people.rule(session, rita, "brand.manage", None, yard.owner)
        people.rule(session, rita, "mirror.masters.view", "grant", yard.owner)
        assert permissions.rulings_of(session, rita) == {"mirror.masters.view": "grant"}
    assert _of(database, yard, rita) == base | support


def test_owners_hold_everything_and_nothing_can_be_denied_to_them(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        owner = people.staff_member(session, yard.owner_id)
        with pytest.raises(NotAllowedError):
            people.rule(session, owner, "brand.manage", "deny", yard.owner)
        with pytest.raises(NotAllowedError):
            groups.set_group_permissions(session, yard.groups["owner"], [], yard.owner)
    assert _of(database, yard, owner) == EVERYTHING


def test_ownership_and_billing_come_by_the_owner_group_only(yard: Yard, database: Database) -> None:
    adam = _staff(database, yard, "admin")
    with database.tenant(yard.id) as session:
        with pytest.raises(NotAllowedError):
            people.rule(session, people.staff_member(session, adam.id), "ownership.manage", "grant", yard.owner)
        with pytest.raises(InvalidError):
            groups.make_group(session, "Almost owners", ["billing.manage"], yard.owner)


def test_who_is_blocked_or_only_invited_has_none(yard: Yard, database: Database) -> None:
    rita = _staff(database, yard, "risk")
    with database.tenant(yard.id) as session:
        people.block(session, people.staff_member(session, rita.id), yard.owner, "left")
        invited = people.invite_staff(session, "new@example.com", "New", [yard.groups["admin"]], yard.owner)
    assert _of(database, yard, rita) == frozenset()
    assert isinstance(invited.person, Staff)
    assert _of(database, yard, invited.person) == frozenset()


def test_customers_hold_the_defaults_once_verified_and_what_staff_rule(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        ann = people.register_customer(session, "ann@example.com", "Ann", PASSWORD)
    assert _of(database, yard, ann) == frozenset()
    with database.tenant(yard.id) as session:
        people.verify_customer(session, ann.id, yard.owner)
    assert _of(database, yard, ann) == {"mirror.follow"}
    with database.tenant(yard.id) as session:
        ann = people.customer(session, ann.id)
        people.rule(session, ann, "mirror.master", "grant", yard.owner)
        people.rule(session, ann, "mirror.follow", "deny", yard.owner)
    assert _of(database, yard, ann) == {"mirror.master"}
    with database.tenant(yard.id) as session:
        both = [ann.id, yard.customer_id]
        assert permissions.customers_holding(session, "mirror.master", both) == {ann.id}
        assert permissions.customers_holding(session, "mirror.follow", both) == {yard.customer_id}
        assert permissions.customers_holding(session, "mirror.follow", []) == frozenset()


def test_a_permission_is_ruled_on_for_its_audience_only(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        for permission in ("brand.manage", "no.such"):
            with pytest.raises(InvalidError):
                people.rule(session, people.customer(session, yard.customer_id), permission, "grant", yard.owner)
        with pytest.raises(InvalidError):
            groups.make_group(session, "Mixed", ["mirror.follow"], yard.owner)


def test_a_new_permission_reaches_default_groups_of_tenants_that_exist(yard: Yard, database: Database) -> None:
    late = PermissionSpec("late.view", "late", "See late things", groups=("owner", "risk"))
    with database.tenant(yard.id) as session:
        kept = groups.group_permissions(session, yard.groups["risk"]) - {"mirror.masters.view"}
        groups.set_group_permissions(session, yard.groups["risk"], kept, yard.owner)
    with database.system() as session:
        assert permissions.declare(session, (*PERMISSIONS, *MODULE_PERMISSIONS, late)) == ["late.view"]
    with database.system() as session:
        assert permissions.declare(session, (*PERMISSIONS, *MODULE_PERMISSIONS, late)) == []
    with database.tenant(yard.id) as session:
        # What the tenant took away stays away.
        assert groups.group_permissions(session, yard.groups["risk"]) == kept | {"late.view"}
        assert "late.view" in groups.group_permissions(session, yard.groups["owner"])
        assert "late.view" not in groups.group_permissions(session, yard.groups["support"])
    west = make_yard(database, "west")
    with database.tenant(west.id) as session:
        assert "late.view" in groups.group_permissions(session, west.groups["risk"])


def test_a_permission_that_is_gone_is_held_by_nobody_and_comes_back_where_it_was(
    yard: Yard, database: Database
) -> None:
    rita = _staff(database, yard, "risk")
    with database.system() as session:
        permissions.declare(session, PERMISSIONS)
    assert "mirror.masters.view" not in _of(database, yard, rita)
    with database.system() as session:
        permissions.declare(session, (*PERMISSIONS, *MODULE_PERMISSIONS))
    assert "mirror.masters.view" in _of(database, yard, rita)


def test_a_tenants_own_groups(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        made = groups.make_group(session, "Dealing desk", ["company.view"], yard.owner)
        with pytest.raises(TakenError):
            groups.make_group(session, "dealing DESK", [], yard.owner)
        groups.set_groups(session, yard.owner_id, [yard.groups["owner"], made.id], yard.owner)
        groups.remove_group(session, made.id, yard.owner)
        assert groups.members(session)[yard.owner_id] == {yard.groups["owner"]}
        with pytest.raises(NotAllowedError):
            groups.remove_group(session, yard.groups["support"], yard.owner)
