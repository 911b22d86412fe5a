"""Signing in: outcomes, lock-out, rate limits, second factor, sessions, tokens."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import text, update

from tenants.db import Database
from tenants.models import ApiToken, LoginAttempt, WebSession
from tenants.services import authentication, company, passwords, people, second_factor, sessions, tokens
from tenants.services.authentication import ADDRESS_FAILURES, FAILURES, SignIn
from tenants.services.errors import InvalidError, NotAllowedError, NotFoundError
from tenants.services.sealing import SealError, about_factor, seal_second_factors, sealer_of
from tests.tenants.conftest import PASSWORD, Yard


def _try(database: Database, yard: Yard, password: str, email: str = "carl@north.example", **more: str) -> SignIn:
    with database.tenant(yard.id) as session:
        return authentication.sign_in(session, "portal", email, password, **more)


def _within_a_step() -> datetime:
    """The time, with a few seconds left before codes change, so that a test's codes stay what they are."""
    while time.time() % 30 > 25:
        time.sleep(0.5)
    return datetime.now(UTC)


def test_right_and_wrong(yard: Yard, database: Database) -> None:
    assert _try(database, yard, PASSWORD, "CARL@north.example ").outcome == "signed_in"
    assert _try(database, yard, PASSWORD + "x").outcome == "wrong"
    assert _try(database, yard, PASSWORD, "nobody@north.example").outcome == "wrong"
    # Staff and customers are different people, on different surfaces.
    assert _try(database, yard, PASSWORD, "owner@north.example").outcome == "wrong"
    with database.tenant(yard.id) as session:
        assert authentication.sign_in(session, "admin", "owner@north.example", PASSWORD).outcome == "signed_in"


def test_somebody_unknown_costs_the_same_work(yard: Yard, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    costly: list[str] = []
    verify = passwords.PasswordHasher.verify

    def counting(self: passwords.PasswordHasher, stored: str, password: str) -> bool:
        costly.append(stored.rsplit("$", 2)[0])
        return verify(self, stored, password)

    monkeypatch.setattr(passwords.PasswordHasher, "verify", counting)
    _try(database, yard, "wrong password")
    _try(database, yard, "wrong password", "nobody@north.example")
    _try(database, yard, "x" * 5000)
    assert len(costly) == 3
    assert len(set(costly)) == 1, "the same algorithm with the same costs"


def test_lock_out_counts_failures_for_an_address_whether_or_not_it_exists(yard: Yard, database: Database) -> None:
    for email in ("carl@north.example", "nobody@north.example"):
        for _ in range(FAILURES):
            assert _try(database, yard, "wrong password", email).outcome == "wrong"
        locked = _try(database, yard, PASSWORD, email)
        assert locked.outcome == "locked"
        assert 14 * 60 < locked.retry_after_s <= 15 * 60
    with database.tenant(yard.id) as session:
        session.execute(update(LoginAttempt).values(at=LoginAttempt.at - timedelta(minutes=16)))
    assert _try(database, yard, PASSWORD).outcome == "signed_in"


def test_a_success_starts_the_count_anew(yard: Yard, database: Database) -> None:
    for _ in range(2):
        for _ in range(FAILURES - 1):
            assert _try(database, yard, "wrong password").outcome == "wrong"
        assert _try(database, yard, PASSWORD).outcome == "signed_in"


def test_one_tenants_lock_out_is_not_anothers(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    for _ in range(FAILURES + 1):
        _try(database, north, "wrong password", "carl@south.example")
    assert _try(database, south, PASSWORD, "carl@south.example").outcome == "signed_in"


def test_a_network_address_that_guesses_at_many_people_is_held_back(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        session.execute(
            text(
                "insert into tenants.login_attempts (id, surface, email, address, succeeded)"
                " select gen_random_uuid(), 'portal', n || '@x.example', '203.0.113.9', false from generate_series(1, :n) n"
            ),
            {"n": ADDRESS_FAILURES},
        )
    assert _try(database, yard, PASSWORD, address="203.0.113.9").outcome == "locked"
    assert _try(database, yard, PASSWORD, address="203.0.113.10").outcome == "signed_in"


def test_a_session_belongs_to_its_surface_and_tenant(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    token = _try(database, north, PASSWORD, address="192.0.2.1", user_agent="Firefox").token
    assert token is not None
    with database.tenant(north.id) as session:
        found = sessions.find_session(session, token, "portal")
        assert found is not None
        assert (found.person_id, found.kind, found.permissions) == (north.customer_id, "customer", {"mirror.follow"})
        assert sessions.find_session(session, token, "admin") is None
        assert sessions.find_session(session, token + "x", "portal") is None
        listed = sessions.live_sessions(session, people.customer(session, north.customer_id))
        assert [(row.address, row.user_agent) for row in listed] == [("192.0.2.1", "Firefox")]
        assert token.encode() not in listed[0].token_hash
    with database.tenant(south.id) as session:
        assert sessions.find_session(session, token, "portal") is None


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"last_seen_at": datetime.now(UTC) - timedelta(days=4)},
        {"revoked_at": datetime.now(UTC)},
    ],
)
def test_a_session_ends(yard: Yard, database: Database, change: dict[str, datetime]) -> None:
    token = _try(database, yard, PASSWORD).token or ""
    with database.tenant(yard.id) as session:
        assert sessions.find_session(session, token, "portal") is not None
        session.execute(update(WebSession).values(**change))
        assert sessions.find_session(session, token, "portal") is None


def test_sessions_are_revoked_one_by_one_or_all_but_one(yard: Yard, database: Database) -> None:
    cookies = [_try(database, yard, PASSWORD).token or "" for _ in range(3)]

    def alive() -> list[bool]:
        with database.tenant(yard.id) as session:
            return [sessions.find_session(session, cookie, "portal") is not None for cookie in cookies]

    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        first, second = (sessions.find_session(session, cookie, "portal") for cookie in cookies[:2])
        assert first is not None
        assert second is not None
        sessions.revoke_session(session, carl, first.session_id, yard.owner)
        with pytest.raises(NotFoundError):
            sessions.revoke_session(session, people.staff_member(session, yard.owner_id), second.session_id, yard.owner)
    assert alive() == [False, True, True]
    with database.tenant(yard.id) as session:
        sessions.revoke_all(session, people.customer(session, yard.customer_id), but=second.session_id)
    assert alive() == [False, True, False]
    with database.tenant(yard.id) as session:
        sessions.sign_out(session, cookies[1], "portal")
    assert alive() == [False, False, False]


def test_a_changed_password_ends_the_other_sessions(yard: Yard, database: Database) -> None:
    here, there = (_try(database, yard, PASSWORD).token or "" for _ in range(2))
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        mine = sessions.find_session(session, here, "portal")
        assert mine is not None
        assert not authentication.change_password(session, carl, "wrong", "a new password", yard.owner)
        with pytest.raises(InvalidError):
            authentication.change_password(session, carl, PASSWORD, "short", yard.owner)
        assert authentication.change_password(
            session, carl, PASSWORD, "a new password", yard.owner, keep=mine.session_id
        )
    with database.tenant(yard.id) as session:
        assert sessions.find_session(session, here, "portal") is not None
        assert sessions.find_session(session, there, "portal") is None


def test_a_second_factor_is_asked_for_once_confirmed_and_no_code_works_twice(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        secret, address = second_factor.begin_enrolment(session, carl, "North")
        assert address.startswith("otpauth://totp/North:carl%40north.example?secret=")
    # Waiting to be confirmed, it is not asked for: nobody locks themselves out.
    assert _try(database, yard, PASSWORD).outcome == "signed_in"
    now = _within_a_step()
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        with pytest.raises(InvalidError):
            second_factor.confirm_enrolment(session, carl, "000000x", yard.owner)
        second_factor.confirm_enrolment(session, carl, pyotp.TOTP(secret).at(now - timedelta(seconds=30)), yard.owner)
        with pytest.raises(NotAllowedError):
            second_factor.begin_enrolment(session, carl, "North")
    half = _try(database, yard, PASSWORD)
    assert half.outcome == "second_factor"
    assert half.token is not None
    with database.tenant(yard.id) as session:
        assert sessions.find_session(session, half.token, "portal") is None
        open_half = sessions.find_session(session, half.token, "portal", stage=None)
        assert open_half is not None
        assert open_half.permissions == frozenset()
        code = pyotp.TOTP(secret).at(now)
        assert authentication.finish_sign_in(session, "portal", half.token, code).outcome == "signed_in"
        # The half-open session is used up, and so is the code.
        assert authentication.finish_sign_in(session, "portal", half.token, code).outcome == "wrong"
    again = _try(database, yard, PASSWORD)
    with database.tenant(yard.id) as session:
        assert authentication.finish_sign_in(session, "portal", again.token or "", code).outcome == "wrong"


def test_codes_follow_rfc_6238(yard: Yard, database: Database) -> None:
    """Appendix B of the RFC, cut to six digits: the secret is the ASCII text 12345678901234567890."""
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"}
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        carl.totp_secret = sealer_of(session).seal("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", about_factor(carl.id))
        session.flush()
        for seconds, code in vectors.items():
            at = datetime.fromtimestamp(seconds, UTC)
            assert not second_factor.take_code(session, carl, code, at=at + timedelta(seconds=61))
            assert second_factor.take_code(session, carl, f"{code[:3]} {code[3:]}", at=at)
            assert not second_factor.take_code(session, carl, code, at=at)


def test_wrong_codes_lock_out_too(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        secret, _ = second_factor.begin_enrolment(session, carl, "North")
        second_factor.confirm_enrolment(
            session, carl, pyotp.TOTP(secret).at(_within_a_step() - timedelta(seconds=30)), yard.owner
        )
    half = _try(database, yard, PASSWORD).token or ""
    with database.tenant(yard.id) as session:
        outcomes = [
            authentication.finish_sign_in(session, "portal", half, "000000").outcome for _ in range(FAILURES + 1)
        ]
    assert outcomes == ["wrong"] * FAILURES + ["locked"]


def test_where_staff_need_a_second_factor_they_set_it_up_first(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        company.change_company(session, yard.owner, staff_second_factor=True)
        half = authentication.sign_in(session, "admin", "owner@north.example", PASSWORD)
        assert half.outcome == "enrol"
        owner = people.staff_member(session, yard.owner_id)
        secret, _ = second_factor.begin_enrolment(session, owner, "North")
    with database.tenant(yard.id) as session:
        done = authentication.finish_sign_in(session, "admin", half.token or "", pyotp.TOTP(secret).now())
        assert done.outcome == "signed_in"
        found = sessions.find_session(session, done.token or "", "admin")
        assert found is not None
        assert "staff.manage" in found.permissions
        with pytest.raises(NotAllowedError):
            second_factor.remove(session, people.staff_member(session, yard.owner_id), yard.owner)
    # Customers are not asked.
    assert _try(database, yard, PASSWORD).outcome == "signed_in"


def test_a_token_is_shown_once_and_holds_no_more_than_its_owner(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(north.id) as session:
        carl = people.customer(session, north.customer_id)
        row, token = tokens.make_token(session, carl, "My bot", ["trade", "read"], north.owner)
        assert token.startswith("ty_")
        assert row.start == token[:9]
        holder = tokens.find_token(session, token)
        assert holder is not None
        assert (holder.person_id, holder.scopes, holder.permissions) == (carl.id, {"read", "trade"}, {"mirror.follow"})
        stored = session.execute(text("select row_to_json(t)::text from tenants.api_tokens t")).scalar_one()
        assert token not in stored
        people.rule(session, carl, "mirror.follow", "deny", north.owner)
        holder = tokens.find_token(session, token)
        assert holder is not None
        assert holder.permissions == frozenset()
    with database.tenant(south.id) as session:
        assert tokens.find_token(session, token) is None


def test_a_token_expires_and_is_revoked(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        later = datetime.now(UTC) + timedelta(hours=1)
        row, token = tokens.make_token(session, carl, "My bot", ["read"], yard.owner, expires_at=later)
        assert tokens.find_token(session, token) is not None
        session.execute(update(ApiToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        assert tokens.find_token(session, token) is None
        _, other = tokens.make_token(session, carl, "Other", ["read"], yard.owner)
        owner = people.staff_member(session, yard.owner_id)
        with pytest.raises(NotFoundError):
            tokens.revoke_token(session, owner, row.id, yard.owner)
        for made in tokens.tokens_of(session, carl):
            tokens.revoke_token(session, carl, made.id, yard.owner)
        assert tokens.find_token(session, other) is None
        assert tokens.tokens_of(session, carl) == []


@pytest.mark.parametrize(("scopes", "ahead"), [([], 1), (["read", "everything"], 1), (["read"], -1)])
def test_a_token_that_makes_no_sense_is_refused(yard: Yard, database: Database, scopes: list[str], ahead: int) -> None:
    with database.tenant(yard.id) as session, pytest.raises(InvalidError):
        tokens.make_token(
            session,
            people.customer(session, yard.customer_id),
            "Bot",
            scopes,
            yard.owner,
            expires_at=datetime.now(UTC) + timedelta(hours=ahead),
        )


def test_the_secret_is_sealed_to_its_person(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        secret, _ = second_factor.begin_enrolment(session, carl, "North")
        assert second_factor.waiting_enrolment(session, carl, "North")[0] == secret, "a second look shows the same"
        owner = people.staff_member(session, yard.owner_id)
        owner.totp_secret = carl.totp_secret
        session.flush()
        with pytest.raises(SealError):
            second_factor.take_code(session, owner, pyotp.TOTP(secret).now())
    with database.system() as session:
        kept = session.execute(
            text("select totp_secret from tenants.customers where id = :id"), {"id": yard.customer_id}
        )
        assert secret not in kept.scalar_one()


def test_secrets_of_an_earlier_version_are_sealed_at_the_start(yard: Yard, database: Database) -> None:
    plain = pyotp.random_base32()
    with database.system() as session:
        session.execute(
            text("update tenants.customers set totp_secret = :plain where id = :id"),
            {"plain": plain, "id": yard.customer_id},
        )
        assert (seal_second_factors(session), seal_second_factors(session)) == (1, 0)
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        assert carl.totp_secret != plain
        second_factor.confirm_enrolment(session, carl, pyotp.TOTP(plain).now(), yard.owner)


def test_recovery_codes_stand_in_for_the_device_once_each(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        secret, _ = second_factor.begin_enrolment(session, carl, "North")
        codes = second_factor.confirm_enrolment(session, carl, pyotp.TOTP(secret).at(_within_a_step()), yard.owner)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    for attempt, outcome in (
        (codes[0].upper(), "signed_in"),
        (codes[0], "wrong"),
        (codes[1].replace("-", ""), "signed_in"),
    ):
        half = _try(database, yard, PASSWORD).token or ""
        with database.tenant(yard.id) as session:
            assert authentication.finish_sign_in(session, "portal", half, attempt).outcome == outcome
    with database.tenant(yard.id) as session:
        carl = people.customer(session, yard.customer_id)
        assert second_factor.recovery_codes_left(session, carl) == len(codes) - 2
        second_factor.renew_recovery_codes(session, carl, yard.owner)
        assert not second_factor.take_recovery_code(session, carl, codes[2]), "the former ones stop working"
        assert second_factor.recovery_codes_left(session, carl) == len(codes)
        second_factor.remove(session, carl, yard.owner)
        assert second_factor.recovery_codes_left(session, carl) == 0
