"""Staff and customers: registered, invited, verified, blocked."""

from __future__ import annotations

import pytest

from tenants.db import Database
from tenants.models import Customer, Staff
from tenants.services import audit, authentication, company, groups, people, sessions, tickets, tokens
from tenants.services.actor import OPERATOR, Actor
from tenants.services.audit import AuditFilter
from tenants.services.errors import InvalidError, LastOwnerError, NotAllowedError, NotFoundError, TakenError
from tests.tenants.conftest import PASSWORD, Yard


def test_a_customer_registers_and_waits_to_be_verified(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        made = people.register_customer(session, " Ann@Example.COM ", "  Ann   Lee ", PASSWORD)
        assert (made.email, made.name, made.status) == ("ann@example.com", "Ann Lee", "new")
        assert made.password_hash is not None
        assert made.password_hash.startswith("$argon2id$")
    with database.tenant(yard.id) as session:
        assert people.verify_customer(session, made.id, yard.owner).status == "verified"
        entries, _ = audit.search(session, AuditFilter(object_kind="customer", object_id=str(made.id)))
        assert [(entry.action, entry.actor_name) for entry in entries] == [
            ("customer.verify", "owner@north.example"),
            ("customer.register", "ann@example.com"),
        ]
        assert entries[0].before == {"email": "ann@example.com", "status": "new"}


def test_an_address_is_taken_within_a_tenant_and_free_in_another(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(north.id) as session, pytest.raises(TakenError):
        people.register_customer(session, "CARL@north.example", "Carl", PASSWORD)
    with database.tenant(south.id) as session:
        assert people.register_customer(session, "carl@north.example", "Carl", PASSWORD).tenant_id == south.id


@pytest.mark.parametrize(
    ("email", "name", "password", "field"),
    [
        ("no-address", "Ann", PASSWORD, "email"),
        ("a b@example.com", "Ann", PASSWORD, "email"),
        ("ann@-example.com", "Ann", PASSWORD, "email"),
        ("ann@example.com\n", "An\x00n", PASSWORD, "name"),
        ("ann@example.com", " ", PASSWORD, "name"),
        ("ann@example.com", "Ann", "short", "password"),
        ("ann@example.com", "Ann", "x" * 1025, "password"),
    ],
)
def test_what_cannot_be_taken_names_its_field(
    yard: Yard, database: Database, email: str, name: str, password: str, field: str
) -> None:
    with pytest.raises(InvalidError) as refused, database.tenant(yard.id) as session:
        people.register_customer(session, email, name, password)
    assert refused.value.field == field


def test_a_tenant_may_take_customers_by_invitation_only(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        company.change_company(session, yard.owner, registration="invited")
    with database.tenant(yard.id) as session, pytest.raises(NotAllowedError):
        people.register_customer(session, "ann@example.com", "Ann", PASSWORD)
    with database.tenant(yard.id) as session:
        invited = people.invite_customer(session, "ann@example.com", "Ann", yard.owner)
        accepted = tickets.redeem_ticket(session, invited.token, "invitation", PASSWORD)
        assert isinstance(accepted, Customer)
        assert authentication.sign_in(session, "portal", "ann@example.com", PASSWORD).outcome == "signed_in"


def test_an_invited_staff_member_becomes_active_by_setting_a_password(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        invited = people.invite_staff(session, "rita@example.com", "Rita", [yard.groups["risk"]], yard.owner)
    with database.tenant(yard.id) as session:
        assert authentication.sign_in(session, "admin", "rita@example.com", "").outcome == "wrong"
        person = tickets.ticket_person(session, invited.token, "invitation")
        assert person is not None
        assert person.name == "Rita"
        tickets.redeem_ticket(session, invited.token, "invitation", PASSWORD)
    with database.tenant(yard.id) as session:
        found = people.staff_member(session, invited.person.id)
        assert found.status == "active"
        assert groups.members(session)[found.id] == {yard.groups["risk"]}


def test_a_ticket_works_once_for_its_purpose_in_its_tenant(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(north.id) as session:
        first = people.invite_customer(session, "ann@example.com", "Ann", north.owner)
        second = people.invite_again(session, first.person, north.owner)
    for tenant, token, purpose in (
        (north, first.token, "invitation"),  # replaced by the second
        (north, second.token, "reset"),
        (south, second.token, "invitation"),
        (north, "unknown", "invitation"),
    ):
        with database.tenant(tenant.id) as session, pytest.raises(NotAllowedError):
            tickets.redeem_ticket(session, token, purpose, PASSWORD)  # type: ignore[arg-type]
    with database.tenant(north.id) as session:
        with pytest.raises(InvalidError):
            tickets.redeem_ticket(session, second.token, "invitation", "short")
        tickets.redeem_ticket(session, second.token, "invitation", PASSWORD)
    with database.tenant(north.id) as session, pytest.raises(NotAllowedError):
        tickets.redeem_ticket(session, second.token, "invitation", PASSWORD + "!")


def test_a_reset_ends_sessions_and_says_nothing_to_strangers(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        cookie = sessions.open_session(session, carl)
        token = tickets.request_reset(session, people.by_email(session, "portal", "Carl@north.example"), OPERATOR)
        assert token is not None
        assert tickets.request_reset(session, carl, OPERATOR) is None, "not twice within a minute"
        assert (
            tickets.request_reset(session, people.by_email(session, "portal", "nobody@example.com"), OPERATOR) is None
        )
    with database.tenant(yard.id) as session:
        tickets.redeem_ticket(session, token, "reset", "another good password")
    with database.tenant(yard.id) as session:
        assert sessions.find_session(session, cookie, "portal") is None
        assert authentication.sign_in(session, "portal", carl.email, PASSWORD).outcome == "wrong"
        assert authentication.sign_in(session, "portal", carl.email, "another good password").outcome == "signed_in"


def test_a_blocked_customer_is_out_at_once_and_comes_back_as_they_were(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        cookie = sessions.open_session(session, carl)
        _, token = tokens.make_token(session, carl, "Bot", ["read"], yard.owner)
        people.block(session, carl, yard.owner, "Chargeback")
    with database.tenant(yard.id) as session:
        assert sessions.find_session(session, cookie, "portal") is None
        assert tokens.find_token(session, token) is None
        assert authentication.sign_in(session, "portal", carl.email, PASSWORD).outcome == "blocked"
        assert authentication.sign_in(session, "portal", carl.email, PASSWORD + "!").outcome == "wrong"
        with pytest.raises(NotAllowedError):
            people.verify_customer(session, carl.id, yard.owner)
        people.unblock(session, people.customer(session, carl.id), yard.owner)
        assert people.customer(session, carl.id).status == "verified"
        entries, _ = audit.search(session, AuditFilter(action="customer.block"))
        assert entries[0].note == "Chargeback"


def test_the_last_owner_stays(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session, pytest.raises(LastOwnerError):
        people.block(session, people.staff_member(session, yard.owner_id), yard.owner, "mistake")
    with database.tenant(yard.id) as session, pytest.raises(LastOwnerError):
        groups.set_groups(session, yard.owner_id, [yard.groups["admin"]], yard.owner)
    with database.tenant(yard.id) as session:
        second = people.invite_staff(session, "second@example.com", "Second", [yard.groups["owner"]], yard.owner)
    with database.tenant(yard.id) as session, pytest.raises(LastOwnerError):
        # Invited is not active: nobody could sign in any more.
        groups.set_groups(session, yard.owner_id, [], yard.owner)
    with database.tenant(yard.id) as session:
        tickets.redeem_ticket(session, second.token, "invitation", PASSWORD)
        groups.set_groups(session, yard.owner_id, [yard.groups["admin"]], yard.owner)
    with database.tenant(yard.id) as session:
        assert not groups.is_owner(session, yard.owner_id)


def test_only_owners_make_and_unmake_owners(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        invited = people.invite_staff(session, "adam@example.com", "Adam", [yard.groups["admin"]], yard.owner)
        tickets.redeem_ticket(session, invited.token, "invitation", PASSWORD)
        people.invite_staff(session, "other@example.com", "Other", [yard.groups["owner"]], yard.owner)
    adam = Actor("staff", "adam@example.com", invited.person.id)
    with database.tenant(yard.id) as session:
        other = people.by_email(session, "admin", "other@example.com")
        assert isinstance(other, Staff)
        for attempt in (
            lambda: groups.set_groups(session, invited.person.id, [yard.groups["owner"]], adam),
            lambda: groups.set_groups(session, yard.owner_id, [], adam),
            lambda: people.block(session, other, adam, "coup"),
            lambda: people.invite_staff(session, "friend@example.com", "Friend", [yard.groups["owner"]], adam),
        ):
            with pytest.raises(NotAllowedError):
                attempt()
        session.rollback()


def test_nobody_of_another_tenant_is_found(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(north.id) as session:
        with pytest.raises(NotFoundError):
            people.customer(session, south.customer_id)
        with pytest.raises(NotFoundError):
            people.staff_member(session, south.owner_id)
        with pytest.raises(NotFoundError):
            groups.group(session, south.groups["risk"])
        with pytest.raises(NotFoundError):
            groups.set_groups(session, north.owner_id, [north.groups["owner"], south.groups["risk"]], north.owner)
        assert people.by_email(session, "portal", "carl@south.example") is None
