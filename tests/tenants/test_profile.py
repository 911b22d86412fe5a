"""What people change about themselves, and what staff may hand out."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tenants.db import Database
from tenants.services import audit, groups, people, permissions, profile, tickets
from tenants.services.actor import Actor
from tenants.services.audit import AuditFilter
from tenants.services.errors import InvalidError, NotAllowedError, TakenError
from tests.tenants.conftest import PASSWORD, Yard


def test_a_profile_is_changed_and_audited_once(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        for _time in range(2):
            profile.change_profile(
                session,
                carl,
                yard.owner,
                name="Carl  Renamed",
                language="en",
                time_zone="Europe/Berlin",
                phone="+49 30 1234",
                country="de",
            )
        assert (carl.name, carl.language, carl.time_zone) == ("Carl Renamed", "en", "Europe/Berlin")
        assert (carl.phone, carl.country) == ("+49 30 1234", "DE")
        found, total = audit.search(session, AuditFilter(action="customer.profile"))
        assert total == 1
        assert found[0].before == {
            "name": "Carl Customer",
            "language": None,
            "time_zone": None,
            "phone": "",
            "country": "",
        }
        for wrong in ({"language": "tlh"}, {"time_zone": "Mars/Olympus"}, {"phone": "call me"}):
            with pytest.raises(InvalidError):
                profile.change_profile(
                    session,
                    carl,
                    yard.owner,
                    **{"name": "Carl", "language": None, "time_zone": None, **wrong},  # type: ignore[arg-type]
                )
        profile.change_profile(session, carl, yard.owner, name="Carl", language=None, time_zone=None)
        assert (carl.language, carl.time_zone) == (None, None), "as the brokerage's"


def test_an_address_changes_once_it_is_confirmed_from_there(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        by = Actor("customer", carl.email, carl.id)
        with pytest.raises(InvalidError, match="not your password"):
            profile.request_email_change(session, carl, "carl@new.example", "something else", by)
        token = profile.request_email_change(session, carl, "Carl@New.example", PASSWORD, by)
        with pytest.raises(NotAllowedError, match="a moment ago"):
            profile.request_email_change(session, carl, "carl@other.example", PASSWORD, by)
        assert carl.email == "carl@north.example"
        assert tickets.open_ticket(session, token, "reset") is None, "good for nothing else"
        person, former = profile.confirm_email(session, token)
        assert (person.email, former) == ("carl@new.example", "carl@north.example")
        with pytest.raises(NotAllowedError, match="has been used"):
            profile.confirm_email(session, token)


def test_an_address_in_use_is_refused_now_and_when_confirmed(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        people.register_customer(session, "dora@north.example", "Dora", PASSWORD)
        carl = people.customer(session, yard.customer_id)
        by = Actor("customer", carl.email, carl.id)
        with pytest.raises(TakenError):
            profile.request_email_change(session, carl, "dora@north.example", PASSWORD, by)
        token = profile.request_email_change(session, carl, "free@north.example", PASSWORD, by)
        people.register_customer(session, "free@north.example", "Fred", PASSWORD)
        with pytest.raises(TakenError):
            profile.confirm_email(session, token)
        session.execute(
            text("update tenants.customers set email = 'gone@north.example' where email = 'free@north.example'")
        )
        people.block(session, carl, yard.owner, "test")
        with pytest.raises(NotAllowedError):
            profile.confirm_email(session, token)


def _clerk(database: Database, yard: Yard) -> Actor:
    """Somebody who manages staff and sees customers, and nothing else."""
    with database.tenant(yard.id) as session:
        made = groups.make_group(session, "Clerks", {"staff.manage", "staff.view", "customers.view"}, yard.owner)
        invited = people.invite_staff(session, "clerk@north.example", "Clea Clerk", [made.id], yard.owner)
        tickets.redeem_ticket(session, invited.token, "invitation", PASSWORD)
        return Actor("staff", invited.person.email, invited.person.id)


def test_nobody_hands_out_what_they_do_not_hold(yard: Yard, database: Database) -> None:
    clerk = _clerk(database, yard)
    assert clerk.id is not None
    with database.tenant(yard.id) as session:
        me = people.staff_member(session, clerk.id)
        own = [groups.groups(session)[-1].id]
        for forbidden in (
            lambda: groups.set_groups(session, me.id, [*own, yard.groups["admin"]], clerk),
            lambda: people.rule(session, me, "customers.manage", "grant", clerk),
            lambda: groups.set_group_permissions(session, own[0], {"staff.manage", "customers.manage"}, clerk),
            lambda: groups.set_group_permissions(session, yard.groups["risk"], set(), clerk),
            lambda: groups.make_group(session, "Better clerks", {"customers.manage"}, clerk),
            lambda: people.invite_staff(session, "friend@north.example", "Friend", [yard.groups["admin"]], clerk),
        ):
            with pytest.raises(NotAllowedError, match="hand out"), session.begin_nested():
                forbidden()
        groups.make_group(session, "Readers", {"customers.view"}, clerk)
        assert permissions.one_staff_permissions(session, me.id) == {"staff.manage", "staff.view", "customers.view"}


def test_nobody_blocks_themselves(yard: Yard, database: Database) -> None:
    clerk = _clerk(database, yard)
    assert clerk.id is not None
    with database.tenant(yard.id) as session, pytest.raises(NotAllowedError, match="yourself"):
        people.block(session, people.staff_member(session, clerk.id), clerk, "by mistake")


def test_a_group_is_renamed_unless_it_is_built_in(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        made = groups.make_group(session, "Clerks", {"customers.view"}, yard.owner)
        groups.describe_group(session, made.id, "Front desk", "Answers the telephone", yard.owner)
        assert (made.name, made.description) == ("Front desk", "Answers the telephone")
        with pytest.raises(TakenError):
            groups.describe_group(session, made.id, "admin", "", yard.owner)
        with pytest.raises(NotAllowedError, match="every brokerage has"):
            groups.describe_group(session, yard.groups["risk"], "Risky", "", yard.owner)
