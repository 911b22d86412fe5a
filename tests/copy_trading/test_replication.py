"""How the replication works: in sets, isolated from bad rows, exactly once whatever crashes, and module off."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, text

from core.sdk.trading import LockedAccounts
from plugins.copy_trading.replication import chunk as chunks
from plugins.copy_trading.replication import handlers
from plugins.copy_trading.replication.orders import client_order_id
from plugins.copy_trading.rules.states import By, Pause
from plugins.copy_trading.services import following, leaving
from plugins.copy_trading.services.figures import copied_pnl
from tests.copy_trading.scene import Scene

D = Decimal


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent within."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def crowd(scene: Scene, master: UUID, count: int) -> list[UUID]:
    """So many followers at once, with their subscriptions; their accounts."""
    accounts = scene.place.accounts("standard", count, balance="2500")
    with scene.place.session() as session:
        session.execute(
            text(
                "with made as (insert into copy_trading.subscriptions (id, master_id, account_id, customer_id, start_equity)"
                " select gen_random_uuid(), :master, a, :customer, 2500 from unnest(cast(:accounts as uuid[])) as a returning id)"
                " insert into copy_trading.cursors (subscription_id, last_close, last_open) select id, 0, 0 from made"
            ),
            {"master": master, "customer": scene.place.customer_id, "accounts": accounts},
        )
    return accounts


def statements_of_a_life(scene: Scene, master: UUID) -> list[int]:
    """Statements of an open and of its close, for all followers of a master."""
    account = scene.master_account(master)
    counts = []
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    for step in ("open", "close"):
        if step == "close":
            scene.trade(account, "sell", "1.00", position_id=position)
        with counted() as seen:
            scene.copy(master)
        counts.append(len(seen))
    return counts


def test_no_statement_for_each_follower(scene: Scene) -> None:
    few, many = scene.master(), scene.master()
    small, large = crowd(scene, few, 10), crowd(scene, many, 1000)
    assert statements_of_a_life(scene, few) == statements_of_a_life(scene, many)
    assert {scene.held(account) for account in (*small, *large[:5], *large[-5:])} == {0}
    with scene.place.session() as session:
        filled = session.scalar(text("select count(*) from core.orders where origin = 'copy' and status = 'filled'"))
    assert filled == 2 * (10 + 1000)
    scene.place.check_ledger()


def test_one_bad_follower_is_parked_with_an_alert_and_the_others_go_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = scene.master()
    accounts = [scene.account("2500") for _ in range(7)]
    subscriptions = [scene.follow(master, account) for account in accounts]
    bad = accounts[3]
    real = LockedAccounts.place_orders
    monkeypatch.setattr(LockedAccounts, "place_orders", _failing(real, bad))
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    assert [scene.held(each) for each in accounts] == [D("0.25")] * 3 + [D(0)] + [D("0.25")] * 3
    assert scene.alerts == [("copy_parked", str(subscriptions[3]))]
    scene.retry()
    assert scene.held(bad) == 0, "it still fails, and stays parked"
    scene.trade(account, "sell", "0.50", position_id=position)
    scene.copy(master)
    assert scene.held(accounts[0]) == D("0.12"), "0.25 × 0.5, half down"
    monkeypatch.undo()
    scene.retry()
    assert scene.held(bad) == D("0.12"), "it catches up alone: the open is worth what the close has left of it"
    scene.trade(account, "sell", "0.50", position_id=position)
    scene.copy(master)
    assert [scene.held(each) for each in accounts] == [D(0)] * 7, "and is one of the others again"


def _failing(real: Any, account_id: UUID) -> Any:
    def place(locked: Any, requests: Any) -> Any:
        if any(request.account_id == account_id for request in requests):
            raise RuntimeError("a row that cannot be booked")
        return real(locked, requests)

    return place


def test_a_crash_at_any_statement_leaves_nothing_half_done(scene: Scene) -> None:
    """Ended before each statement in turn, then run again: always the same end, one order for each decision."""
    master, follower = scene.master(), scene.account("2500")
    scene.follow(master, follower, max_open_trades=100)
    account = scene.master_account(master)
    scene.trade(account, "buy", "1.00")
    with counted() as seen:
        crashed = _run_with_crash(scene, master, at=10_000)
    assert not crashed
    total = len(seen)
    for at in range(0, total, 3):
        scene.trade(account, "buy", "0.40")
        before = scene.held(follower)
        assert _run_with_crash(scene, master, at=at)
        assert scene.held(follower) == before, f"a crash before statement {at} leaves nothing"
        scene.copy(master)
        assert scene.held(follower) == before + D("0.10"), "booked once"
    scene.place.check_ledger()
    with scene.place.session() as session:
        duplicates = session.scalar(
            text(
                "select count(*) from (select client_order_id from core.orders group by account_id, client_order_id having count(*) > 1) d"
            )
        )
    assert duplicates == 0


class KilledError(BaseException):
    """The worker is gone; nobody handles anything any more."""


def _run_with_crash(scene: Scene, master: UUID, *, at: int) -> bool:
    left = [at]

    def crash(*_arguments: Any) -> None:
        if left[0] == 0:
            raise KilledError
        left[0] -= 1

    event.listen(Engine, "before_cursor_execute", crash)
    try:
        scene.run("opens", master)
    except KilledError:
        return True
    finally:
        event.remove(Engine, "before_cursor_execute", crash)
    return False


def test_module_off_with_40_active_subscriptions(scene: Scene) -> None:
    master = scene.master("100000")
    accounts = [scene.account("2500") for _ in range(3)]
    own = [scene.follow(master, each) for each in accounts]
    crowd(scene, master, 37)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "10.00").fills[0].position_id
    scene.copy(master)
    with scene.place.session() as session:
        exposure = leaving.measure(session)
        assert (exposure.items[0].label, exposure.items[0].count) == ("Active subscriptions", 40)
        assert exposure.remaining == 40
        leaving.leave(session, "wind_down")
    _switch(scene, "draining")
    scene.trade(account, "buy", "10.00")
    scene.trade(account, "sell", "10.00", position_id=position)
    scene.copy(master)
    assert scene.held(accounts[0]) == 0, "closes are still mirrored, and nothing new is opened"
    with scene.place.session() as session:
        assert leaving.measure(session).remaining == 0
        leaving.enter(session)
    _switch(scene, "on")
    states = {(scene.subscription(each).status, scene.subscription(each).reasons) for each in own}
    assert states == {("paused", int(Pause.MODULE))}, "on again: all paused with the reason module, none lost"
    with scene.place.session() as session:
        assert (
            session.scalar(
                text("select count(*) from copy_trading.subscriptions where status = 'paused' and reasons = 16")
            )
            == 40
        )
        following.resume_copying(session, [own[0]], By.FOLLOWER)
    assert scene.subscription(own[0]).status == "active", "the follower's own resume lifts it"


def _switch(scene: Scene, state: str) -> None:
    scene.module_state = state
    with scene.place.database.system() as session:
        session.execute(text("update tenants.product_configs set state = :state"), {"state": state})


def test_a_customer_without_the_permission_is_skipped_and_closes_still_follow(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    with scene.place.database.system() as session:
        session.execute(
            text("update tenants.customers set status = 'blocked' where id = :id"), {"id": scene.customer_of(follower)}
        )
    scene.trade(account, "buy", "1.00")
    scene.trade(account, "sell", "1.00", position_id=position)
    scene.copy(master)
    assert scene.held(follower) == 0
    assert [skip.reason for skip in scene.skips(subscription)] == ["account_not_eligible"]


def test_client_order_ids_are_made_of_tenant_subscription_fill_and_leg() -> None:
    one, other = UUID(int=1), UUID(int=2)
    ids = {
        client_order_id(tenant, subscription, fill, leg)
        for tenant in (one, other)
        for subscription in (one, other)
        for fill in (1, 11)
        for leg in ("open", "copy:0")
    }
    assert len(ids) == 16
    assert client_order_id(one, other, 1, "open") == client_order_id(one, other, 1, "open")


def test_the_masters_stops_are_mirrored_and_swapped_when_reversed(scene: Scene) -> None:
    master = scene.master()
    straight, reverse = scene.account("2500"), scene.account("2500")
    scene.follow(master, straight)
    scene.follow(master, reverse, reverse=True)
    scene.trade(scene.master_account(master), "buy", "1.00", stop_loss="1.08000", take_profit="1.09000")
    scene.copy(master)
    with scene.place.session() as session:
        rows = session.execute(
            text("select side, stop_loss, take_profit from core.positions where account_id = any(:ids) order by side"),
            {"ids": [straight, reverse]},
        ).all()
    assert [tuple(row) for row in rows] == [
        ("buy", D("1.08000"), D("1.09000")),
        ("sell", D("1.09000"), D("1.08000")),
    ]


def test_copied_pnl_counts_linked_positions_with_their_floating_part(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    scene.trade(follower, "buy", "0.50")
    scene.place.quote("EURUSD", "1.08600", "1.08600")
    with scene.place.session() as session:
        assert copied_pnl(session, [subscription]) == {subscription: D(25)}


def test_handlers_pass_over_streams_of_accounts_that_are_no_masters(scene: Scene) -> None:
    account = scene.account("10000")
    with scene.place.session() as session:
        from core.trading.services import watch_account

        watch_account(session, account, "copy_trading")
    scene.trade(account, "buy", "1.00")
    with scene.place.session() as session:
        from core.sdk.events import account_stream, read_events
        from tests.copy_trading.scene import Context

        events = read_events(session, account_stream(account), after=0)
        context = Context(session, scene.place.tenant_id)
        handlers.on_opens(context, events, 0)
        handlers.on_closes(context, events, 0)
        assert session.scalar(text("select count(*) from copy_trading.links")) == 0


def test_a_close_never_passes_by_a_link_that_is_about_to_be_committed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open is booked but not committed yet when the master closes and the closes are worked off at once."""
    master, follower = scene.master(), scene.account("2500")
    scene.follow(master, follower)
    account = scene.master_account(master)
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    booked, go_on = Event(), Event()
    real = chunks.write

    def slow(session: Any, changes: Any) -> None:
        real(session, changes)
        if changes.links and changes.links[0].fresh:
            booked.set()
            go_on.wait(20)

    monkeypatch.setattr(chunks, "write", slow)
    with ThreadPoolExecutor(2) as pool:
        opens = pool.submit(scene.run, "opens", master)
        assert booked.wait(20)
        scene.trade(account, "sell", "1.00", position_id=position)
        closes = pool.submit(scene.run, "closes", master)
        with pytest.raises(TimeoutError):
            closes.result(0.5)
        go_on.set()
        opens.result(20)
        closes.result(20)
    assert scene.held(follower) == 0


def test_a_pause_that_committed_a_moment_before_is_seen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler has its accounts already and waits for a follower who is just pausing."""
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    waiting = Event()
    real = chunks.read.followers

    def followers(session: Any, ids: Any) -> Any:
        waiting.set()
        return real(session, ids)

    monkeypatch.setattr(chunks.read, "followers", followers)
    with ThreadPoolExecutor(1) as pool, scene.place.session() as session:
        following.pause(session, [subscription], Pause.FOLLOWER)
        opens = pool.submit(scene.run, "opens", master)
        assert waiting.wait(20)
        with pytest.raises(TimeoutError):
            opens.result(0.5)
        session.commit()
        opens.result(20)
    assert scene.held(follower) == 0
    assert [skip.reason for skip in scene.skips(subscription)] == ["subscription_not_active"]
