"""Who may copy and be copied: applications with their criteria, invite codes, caps, fees, and the gates before them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from core.trading.models import Account, AccountType
from plugins.copy_trading.models import Application, InviteCode, Master
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.services import applying, following, invites, mastering
from plugins.copy_trading.services.errors import NotFoundError, RefusedError
from plugins.copy_trading.services.profiles import Profile
from tenants.models import PermissionRow, ProductConfig
from tests.copy_trading.scene import Scene

D = Decimal
_DAY_MS = 86_400_000


def apply(scene: Scene, account: UUID, profile: Profile | None = None, customer: UUID | None = None) -> Application:
    with scene.place.session() as session:
        return applying.apply(
            session,
            scene.settings,
            customer_id=customer or scene.customer_of(account),
            account_id=account,
            profile=profile or Profile("Mia Bold"),
        )


def master_of(scene: Scene, master_id: UUID) -> Master:
    with scene.place.session() as session:
        return session.get_one(Master, (scene.place.tenant_id, master_id))


def trade_days(scene: Scene, account: UUID, results: list[str]) -> None:
    """One closed trade of 1 lot for each result (dollars), a day apart; the clock ends a day after the last."""
    for day, result in enumerate(results):
        at = 1_700_000_000_000 + day * _DAY_MS
        scene.place.quote("EURUSD", "1.08500", "1.08500", ts_ms=at)
        opened = scene.trade(account, "buy", "1.00")
        price = D("1.085") + D(result) / 100_000
        scene.place.quote("EURUSD", f"{price:.5f}", f"{price:.5f}", ts_ms=at + 1000)
        scene.trade(account, "sell", "1.00", position_id=opened.fills[0].position_id, reduce_only=True)
    scene.place.quote("EURUSD", "1.08500", "1.08500", ts_ms=1_700_000_000_000 + len(results) * _DAY_MS + 1000)


def codes_of(scene: Scene, customer: UUID) -> list[str]:
    with scene.place.session() as session:
        rows = session.scalars(
            text("select code from tenants.notifications where customer_id = :customer order by id"),
            {"customer": customer},
        )
        return list(rows)


# --- applications ------------------------------------------------------------------------------------------------------


def test_an_application_shows_each_criterion_with_the_accounts_figures(scene: Scene) -> None:
    account = scene.account("10000")
    trade_days(scene, account, ["100", "-500", "200", "300"])
    scene.settings = scene.settings.model_copy(
        update={"min_history_days": 3, "min_closed_trades": 5, "min_master_equity": D(500), "min_win_rate": D(70)}
    )
    made = apply(scene, account)
    lines = {line["key"]: (line["needed"], line["found"], line["met"]) for line in made.criteria}
    assert lines == {
        "history": ("≥ 3", "4", True),
        "trades": ("≥ 5", "4", False),
        "equity": ("≥ 500", "10100.00", True),
        "drawdown": ("≤ 50", "4.95", True),  # 500 on the peak of 10,100
        "win_rate": ("≥ 70", "75.00", True),
    }
    assert (made.status, made.met) == ("pending", False)


def test_staff_approve_or_reject_with_a_reason_and_a_rejected_customer_applies_again(scene: Scene) -> None:
    account = scene.account("10000")
    first = apply(scene, account)
    with pytest.raises(RefusedError, match="waits for a decision"):
        apply(scene, account)
    with scene.place.session() as session:
        master = mastering.get(session, first.master_id, lock=True)
        with pytest.raises(RefusedError, match="Say why"):
            mastering.reject(session, master, by="staff", reason="  ")
        mastering.reject(session, master, by="staff", reason="too short a record")
    again = apply(scene, account, Profile("Mia Bolder", "patient", public=False, follower_cap=7))
    assert again.master_id == first.master_id
    with scene.place.session() as session:
        mastering.approve(session, mastering.get(session, again.master_id, lock=True), by="staff")
        history = applying.applications(session, customer_id=scene.customer_of(account))
    assert [(row.status, row.reason, row.decided_by) for row in history] == [
        ("approved", "", "staff"),
        ("rejected", "too short a record", "staff"),
    ]
    master = master_of(scene, again.master_id)
    assert (master.status, master.name, master.public, master.follower_cap) == ("active", "Mia Bolder", False, 7)
    assert codes_of(scene, scene.customer_of(account)) == ["master_rejected", "master_approved"]


def test_automatic_approval_holds_for_applications_that_meet_all_criteria_alone(scene: Scene) -> None:
    scene.settings = scene.settings.model_copy(update={"automatic_approval": True})
    fresh = scene.account("10000")
    assert apply(scene, fresh).status == "pending", "nothing is closed yet"
    proven = scene.account("10000")
    trade_days(scene, proven, ["100"] * 2)
    scene.settings = scene.settings.model_copy(update={"min_history_days": 1, "min_closed_trades": 2})
    made = apply(scene, proven)
    assert (made.status, made.decided_by) == ("approved", applying.AUTOMATIC)
    assert master_of(scene, made.master_id).status == "active"


def test_an_application_can_be_withdrawn_by_its_applicant_alone(scene: Scene) -> None:
    account = scene.account("10000")
    made = apply(scene, account)
    with scene.place.session() as session, pytest.raises(NotFoundError):
        applying.withdraw(session, scene.customer_of(scene.account("1")), made.id)
    with scene.place.session() as session:
        assert applying.withdraw(session, made.customer_id, made.id).status == "withdrawn"
        with pytest.raises(RefusedError):
            applying.withdraw(session, made.customer_id, made.id)
    assert apply(scene, account).status == "pending"


def test_a_grant_answers_the_application_that_waits(scene: Scene) -> None:
    account = scene.account("10000")
    made = apply(scene, account)
    with scene.place.session() as session:
        mastering.grant(session, account_id=account, name="Mia", by="owner")
        assert [row.status for row in applying.applications(session, ids=[made.id])] == ["approved"]
    with pytest.raises(RefusedError, match="already"):
        apply(scene, account)


# --- gates -------------------------------------------------------------------------------------------------------------


def test_gates_of_following_and_applying_are_the_module_the_permission_and_the_account(scene: Scene) -> None:
    master = scene.master()
    follower, applicant = scene.account("2500"), scene.account("2500")
    config = (scene.place.tenant_id, "copy_trading")
    scene.place.change(ProductConfig, config, state="off")
    for attempt in (lambda: scene.follow(master, follower), lambda: apply(scene, applicant)):
        with pytest.raises(RefusedError, match="switched off"):
            attempt()
    scene.place.change(ProductConfig, config, state="on")
    for key in ("copy_trading.copy", "copy_trading.apply"):
        scene.place.change(PermissionRow, key, customer_default=False)
    for attempt in (lambda: scene.follow(master, follower), lambda: apply(scene, applicant)):
        with pytest.raises(RefusedError, match="permission"):
            attempt()
    for key in ("copy_trading.copy", "copy_trading.apply"):
        scene.place.change(PermissionRow, key, customer_default=True)
    for account in (follower, applicant):
        scene.place.change(Account, (scene.place.tenant_id, account), status="close_only")
    for attempt in (lambda: scene.follow(master, follower), lambda: apply(scene, applicant)):
        with pytest.raises(RefusedError, match="not open for new trades"):
            attempt()
    for account in (follower, applicant):
        scene.place.change(Account, (scene.place.tenant_id, account), status="active")
    scene.place.change(AccountType, (scene.place.tenant_id, scene.place.types["standard"]), copy_allowed=False)
    for attempt in (lambda: scene.follow(master, follower), lambda: apply(scene, applicant)):
        with pytest.raises(RefusedError, match="type standard"):
            attempt()
    scene.place.change(AccountType, (scene.place.tenant_id, scene.place.types["standard"]), copy_allowed=True)
    netting = scene.account("2500", "netting")
    with pytest.raises(RefusedError, match="hedging mode"):
        scene.follow(master, netting)
    stranger = scene.customer_of(scene.account("1"))
    with pytest.raises(RefusedError, match="your own accounts"):
        apply(scene, applicant, customer=stranger)
    assert scene.follow(master, follower)
    assert apply(scene, applicant).status == "pending"


# --- invite codes, caps, fees ------------------------------------------------------------------------------------------


def code_of(scene: Scene, master_id: UUID, **values: object) -> InviteCode:
    with scene.place.session() as session:
        return invites.make(session, mastering.get(session, master_id), **values)  # type: ignore[arg-type]


def follow_with(scene: Scene, master_id: UUID, code: str) -> UUID:
    account = scene.account("2500")
    with scene.place.session() as session:
        return following.follow(
            session,
            scene.settings,
            customer_id=scene.customer_of(account),
            account_id=account,
            master_id=master_id,
            choices=Choices(),
            confirmed=True,
            invite_code=code,
        ).id


def test_a_private_master_is_followed_with_one_of_their_codes_alone(scene: Scene) -> None:
    private, other = scene.master(), scene.master()
    scene.place.change(Master, (scene.place.tenant_id, private), public=False)
    with pytest.raises(NotFoundError):
        scene.follow(private, scene.account("2500"))
    theirs = code_of(scene, other)
    with pytest.raises(NotFoundError):
        follow_with(scene, private, theirs.code)
    code = code_of(scene, private, note="friends", max_uses=2)
    assert follow_with(scene, private, f" {code.code.lower()} ")
    assert follow_with(scene, private, code.code)
    with pytest.raises(NotFoundError):
        follow_with(scene, private, code.code)
    with scene.place.session() as session:
        [row] = invites.codes(session, private)
        assert (row.uses, invites.state(row)) == (2, "used_up")
    told = codes_of(scene, master_of(scene, private).customer_id)
    assert told.count("invite_used") == 2


def test_codes_that_are_revoked_or_expired_let_nobody_in(scene: Scene) -> None:
    private = scene.master()
    scene.place.change(Master, (scene.place.tenant_id, private), public=False)
    revoked = code_of(scene, private)
    expired = code_of(scene, private, expires_at=datetime.now(UTC) + timedelta(hours=1))
    with scene.place.session() as session:
        with pytest.raises(NotFoundError):
            invites.revoke(session, scene.master_account(private), revoked.id)
        invites.revoke(session, private, revoked.id)
        with pytest.raises(RefusedError):
            invites.make(session, mastering.get(session, private), expires_at=datetime.now(UTC))
    scene.place.change(
        InviteCode, (scene.place.tenant_id, expired.id), expires_at=datetime.now(UTC) - timedelta(seconds=1)
    )
    for code in (revoked, expired):
        with pytest.raises(NotFoundError):
            follow_with(scene, private, code.code)
        with scene.place.session() as session:
            assert invites.master_of(session, code.code) is None


def test_a_master_sets_name_visibility_cap_and_a_fee_within_the_tenants_bound(scene: Scene) -> None:
    master = scene.master()
    scene.settings = scene.settings.model_copy(update={"max_fee_percent": D(20)})
    wanted = Profile("New name", "calm", public=False, follower_cap=1, fee_percent=D(20))
    with scene.place.session() as session:
        mastering.change_profile(session, scene.settings, mastering.get(session, master, lock=True), wanted)
    row = master_of(scene, master)
    assert (row.name, row.about, row.public, row.follower_cap, row.fee_percent) == ("New name", "calm", False, 1, 20)
    with scene.place.session() as session, pytest.raises(RefusedError, match="between 0 and 20"):
        dear = Profile("New name", fee_percent=D("20.01"))
        mastering.change_profile(session, scene.settings, mastering.get(session, master, lock=True), dear)
    waiting = apply(scene, scene.account("2500"))
    with scene.place.session() as session, pytest.raises(RefusedError, match="approved"):
        mastering.change_profile(session, scene.settings, mastering.get(session, waiting.master_id), wanted)
