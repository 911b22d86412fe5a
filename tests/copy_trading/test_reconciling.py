"""The reconciler reports drift between links and positions and repairs only when told to; two agreeing snapshots before that."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.models import Symbol
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.services import mocking
from plugins.copy_trading.services.reconciling import DriftLine, report
from plugins.copy_trading.services.repairing import Repair, repair
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.scanning import alerts, copied_orders, run_job
from tests.copy_trading.scene import Scene

D = Decimal


def copying(scene: Scene) -> tuple[UUID, UUID, UUID, UUID]:
    """A copy of 0.25: the master, its position, the follower's account, the subscription."""
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    position = scene.trade(scene.master_account(master), "buy", "1.00").fills[0].position_id
    scene.copy(master)
    return master, position, follower, subscription


def snapshot(scene: Scene, times: int = 1) -> list[DriftLine]:
    for _ in range(times):
        run_job(scene, "reconcile")
    with scene.place.session() as session:
        return report(session)


def mend(scene: Scene, *lines: DriftLine) -> list[Repair]:
    with scene.place.session() as session:
        return repair(session, scene.settings, "owner", [line.id for line in lines])


def told(line: DriftLine) -> tuple[str, Decimal, Decimal, int]:
    return line.kind, line.expected, line.found, line.snapshots


def spoil(scene: Scene, statement: str, **values: object) -> None:
    """Something that must never happen."""
    with scene.place.session() as session:
        session.execute(text(statement), values)


def test_books_that_agree_give_an_empty_report(scene: Scene) -> None:
    copying(scene)
    assert snapshot(scene, 2) == []


def test_one_snapshot_repairs_nothing_and_nothing_is_repaired_unasked(scene: Scene) -> None:
    _, _, follower, subscription = copying(scene)
    spoil(scene, "update copy_trading.links set held = 0.10, target = 0.10")
    [line] = snapshot(scene)
    assert told(line) == ("excess", D("0.10"), D("0.25"), 1)
    assert mend(scene, line) == []
    assert (scene.held(follower), alerts(scene)) == (D("0.25"), [])
    [line] = snapshot(scene, 3)
    assert (line.snapshots, line.ready, scene.held(follower)) == (4, True, D("0.25"))
    assert alerts(scene) == [("copy_drift", "warning", str(subscription))]
    assert mend(scene, line) == [Repair(line.id, "done")]
    assert (scene.held(follower), scene.links(subscription)[0].held) == (D("0.10"), D("0.10"))
    assert snapshot(scene) == []
    assert alerts(scene) == []
    with scene.place.session() as session:
        [old] = report(session, ended=True)
    assert old.ended_by == "owner"


def test_a_copy_whose_master_is_flat_is_closed(scene: Scene) -> None:
    master, position, follower, subscription = copying(scene)
    scene.trade(scene.master_account(master), "sell", "1.00", position_id=position)
    lines = snapshot(scene, 2)
    assert [told(line) for line in lines] == [("late", D(0), D("0.25"), 2)]
    assert mend(scene, *lines) == [Repair(lines[0].id, "done")]
    assert (scene.held(follower), scene.links(subscription)[0].state) == (D(0), "closed")
    scene.copy(master)
    assert copied_orders(scene, subscription) == 2, "the close that comes late finds nothing to do"


def test_what_changed_since_the_report_is_left_alone(scene: Scene) -> None:
    _, _, follower, _ = copying(scene)
    spoil(scene, "update copy_trading.links set held = 0.10, target = 0.10")
    lines = snapshot(scene, 2)
    [position] = scene.place.positions(follower, opened=True)
    scene.place.close(position.id, "0.05")
    assert mend(scene, *lines) == [Repair(lines[0].id, "changed")]
    assert scene.held(follower) == D("0.20")


def test_a_close_by_hand_is_no_alarm_and_is_taken_note_of(scene: Scene) -> None:
    _, _, follower, subscription = copying(scene)
    [position] = scene.place.positions(follower, opened=True)
    scene.place.close(position.id, "0.10")
    lines = snapshot(scene, 2)
    assert ([told(line) for line in lines], alerts(scene)) == ([("missing", D("0.25"), D("0.15"), 2)], [])
    assert mend(scene, *lines) == [Repair(lines[0].id, "done")]
    [link] = scene.links(subscription)
    assert (link.held, link.target, scene.held(follower)) == (D("0.15"), D("0.15"), D("0.15"))
    scene.place.close(position.id)
    lines = snapshot(scene, 2)
    mend(scene, *lines)
    assert scene.links(subscription)[0].state == "left"


def test_a_position_without_a_link_is_closed(scene: Scene) -> None:
    _, _, follower, subscription = copying(scene)
    spoil(scene, "update copy_trading.links set state = 'closed'")
    lines = snapshot(scene, 2)
    assert [told(line) for line in lines] == [("unlinked", D(0), D("0.25"), 2)]
    assert mend(scene, *lines) == [Repair(lines[0].id, "done")]
    assert scene.held(follower) == 0
    assert alerts(scene) == [("copy_drift", "warning", str(subscription))]
    snapshot(scene)
    assert alerts(scene) == []


def test_a_target_that_is_off_is_closed_down_and_never_bought_in(scene: Scene) -> None:
    _, _, follower, subscription = copying(scene)
    spoil(scene, "update copy_trading.links set target = 0.40")
    lines = snapshot(scene, 2)
    assert [told(line) for line in lines] == [("target", D("0.40"), D("0.25"), 2)]
    mend(scene, *lines)
    assert (scene.links(subscription)[0].target, scene.held(follower)) == (D("0.25"), D("0.25"))
    spoil(scene, "update copy_trading.links set target = 0.10")
    mend(scene, *snapshot(scene, 2))
    assert scene.held(follower) == D("0.10")


def test_what_a_stop_has_kept_is_nobodys_drift(scene: Scene) -> None:
    *_, subscription = copying(scene)
    with scene.place.session() as session:
        stop(session, [subscription], "keep")
    assert snapshot(scene, 2) == []


def test_a_refused_repair_says_why(scene: Scene) -> None:
    _, _, follower, _ = copying(scene)
    spoil(scene, "update copy_trading.links set state = 'closed'")
    lines = snapshot(scene, 2)
    scene.place.change(Symbol, (scene.place.tenant_id, scene.place.symbols["EURUSD"]), lot_step=D("0.10"))
    [made] = mend(scene, *lines)
    assert (made.outcome, made.reason, scene.held(follower)) == (
        "refused",
        "the close was refused: off_step",
        D("0.25"),
    )


def test_paper_copies_are_reconciled_in_their_own_books(scene: Scene) -> None:
    master, account = scene.master(), scene.account("2500")
    with scene.place.session() as session:
        copy = mocking.start(
            session, scene.settings, customer_id=scene.customer_of(account), account_id=account, master_id=master,
            choices=Choices(),
        ).id  # fmt: skip
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    assert snapshot(scene) == []
    spoil(scene, "update copy_trading.links set held = 0.10, target = 0.10")
    lines = snapshot(scene, 2)
    assert ([told(line) for line in lines], lines[0].mock) == ([("excess", D("0.10"), D("0.25"), 2)], True)
    mend(scene, *lines)
    with scene.place.session() as session:
        assert session.scalar(text("select volume from copy_trading.mock_positions")) == D("0.10")
    assert (scene.orders(account), scene.subscription(copy).status) == ([], "active")
