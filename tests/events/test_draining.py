"""A handler gets what is new of a stream once, in order, in the transaction of its effects."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import text

from core.events import NewEvent, emit
from core.events.draining import Cursor, Drainer
from core.events.parking import TRIES, resume
from core.events.reading import pending, settled
from core.platform import Platform
from core.runtime.modules import toggle_off, toggle_on
from core.sdk import EventView, Exposure, ExposureItem, ExposureReport, LeaveChoice, Subscription
from core.settings import Settings
from core.worker import know_handlers
from tenants.services.actor import SYSTEM
from tests.runtime.build import Probe, make_marks, make_tenant, mark, marking, marks, platform_of, set_state


@pytest.fixture
def build(settings: Settings, valkey: redis.Redis) -> Iterator[Any]:
    made: list[Platform] = []
    make_marks(settings)

    def make(*subscriptions: Subscription, **changes: Any) -> Platform:
        made.append(platform_of(settings, Probe(subscriptions=subscriptions, **changes)))
        return made[-1]

    yield make
    for platform in made:
        platform.close()


def say(
    platform: Platform, tenant_id: UUID, stream: str = "s", count: int = 1, kind: str = "ping", **payload: Any
) -> None:
    with platform.database.tenant(tenant_id) as session:
        emit(session, [NewEvent(stream, kind, payload) for _ in range(count)])


def drain(platform: Platform, tenant_id: UUID, name: str = "seen", stream: str = "s", shard: int = 0) -> int:
    cursor = Cursor(tenant_id, platform.runtime.handlers[f"probe.{name}"], stream, shard)
    return Drainer(platform.gate, platform.queues, platform.redis).drain(cursor)


def cursor_row(platform: Platform, stream: str = "s", shard: int = 0) -> Any:
    with platform.database.system() as session:
        return session.execute(
            text("select * from core.handler_cursors where stream = :stream and shard = :shard"),
            {"stream": stream, "shard": shard},
        ).one()


def hurry(platform: Platform) -> None:
    """Let every pause be over."""
    with platform.database.system() as session:
        session.execute(text("update core.handler_cursors set retry_at = now() where retry_at is not null"))


def seqs(platform: Platform, name: str = "seen") -> list[int]:
    return [seq for _, _, _, seq in marks(platform.database, name)]


def test_all_that_is_new_once_and_in_order(build: Any) -> None:
    platform = build(marking("seen", batch=7))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id, count=20)
    assert not settled(platform.database, platform.runtime)
    assert drain(platform, tenant_id) == 20
    assert drain(platform, tenant_id) == 0
    say(platform, tenant_id, count=3)
    assert drain(platform, tenant_id) == 3
    assert seqs(platform) == list(range(1, 24))
    assert settled(platform.database, platform.runtime)


def test_other_types_are_passed_over(build: Any) -> None:
    platform = build(marking("seen", batch=2))
    tenant_id = make_tenant(platform.database, "a", "probe")
    for kind in ("pong", "ping", "pong", "pong", "ping", "ping", "pong"):
        say(platform, tenant_id, kind=kind)
    assert drain(platform, tenant_id) == 3
    assert seqs(platform) == [2, 5, 6]
    assert cursor_row(platform).seq == 7


def test_side_by_side_drains_neither_double_nor_lose(build: Any) -> None:
    platform = build(marking("seen", batch=3))
    tenant_id = make_tenant(platform.database, "a", "probe")
    stop = threading.Event()

    def keep_draining() -> None:
        while not stop.is_set():
            drain(platform, tenant_id)

    threads = [threading.Thread(target=keep_draining) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        say(platform, tenant_id, count=2)
    while not settled(platform.database, platform.runtime):
        stop.wait(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert seqs(platform) == list(range(1, 81))


def test_what_comes_in_while_another_has_the_cursor_is_seen_by_that_other(build: Any) -> None:
    """The wake-up of an event may meet a locked cursor and give up: the holder looks again once it has let go."""
    entered, go_on = threading.Event(), threading.Event()

    def handle(context: Any, events: Sequence[EventView], shard: int) -> None:
        entered.set()
        assert go_on.wait(10)
        for event in events:
            mark(context.session, "slow", event.stream, shard, event.seq)

    platform = build(Subscription("slow", handle, types=("ping",)))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id)
    holder = threading.Thread(target=drain, args=(platform, tenant_id, "slow"))
    holder.start()
    assert entered.wait(10)
    say(platform, tenant_id)
    assert drain(platform, tenant_id, "slow") == 0
    go_on.set()
    holder.join()
    assert seqs(platform, "slow") == [1, 2]


def test_a_handler_that_fails_writes_nothing_and_is_tried_again(build: Any) -> None:
    broken = True

    def handle(context: Any, events: Sequence[EventView], shard: int) -> None:
        for event in events:
            mark(context.session, "seen", event.stream, shard, event.seq)
        if broken:
            raise ValueError("not yet")

    platform = build(Subscription("seen", handle, types=("ping",)))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id)
    drain(platform, tenant_id)
    assert seqs(platform) == []
    row = cursor_row(platform)
    assert (row.failures, row.parked) == (1, False)
    assert "not yet" in row.error
    assert drain(platform, tenant_id) == 0, "a pause comes first"
    broken = False
    hurry(platform)
    assert drain(platform, tenant_id) == 1
    assert seqs(platform) == [1]
    assert cursor_row(platform).failures == 0


def poisoned(number: int, name: str = "seen", **changes: Any) -> Subscription:
    def handle(context: Any, events: Sequence[EventView], shard: int) -> None:
        for event in events:
            if event.seq == number:
                raise ValueError(f"event {number} is bad")
            mark(context.session, name, event.stream, shard, event.seq)

    return Subscription(name, handle, **({"types": ("ping",), "batch": 64} | changes))


def test_a_bad_event_is_found_by_halving_then_parks_its_stream_only(build: Any) -> None:
    platform = build(poisoned(37))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id, count=50)
    say(platform, tenant_id, stream="other", count=2)
    for _ in range(TRIES):
        drain(platform, tenant_id)
        hurry(platform)
    assert seqs(platform) == list(range(1, 37))
    row = cursor_row(platform)
    assert (row.seq, row.failures, row.parked) == (36, TRIES, True)
    [waiting] = [item for item in pending(platform.database, platform.runtime) if item.parked]
    assert (waiting.stream, waiting.failures) == ("s", TRIES)
    assert drain(platform, tenant_id, stream="other") == 2, "other streams go on"
    assert settled(platform.database, platform.runtime), "nobody waits for a parked stream"
    with platform.database.tenant(tenant_id) as session:
        [alert] = session.execute(text("select * from core.alerts where closed_at is null")).all()
        assert (alert.source, alert.code, alert.severity) == ("probe", "events_parked", "warning")
        assert "event 37 is bad" in alert.detail["trace"]
        assert "resume the stream" in alert.message
        # Skipped by a person, it goes on after the bad one.
        assert resume(session, platform.runtime.handlers["probe.seen"], "s", skip=True)
    assert drain(platform, tenant_id) == 13
    assert seqs(platform)[-13:] == list(range(38, 51))
    with platform.database.tenant(tenant_id) as session:
        assert session.scalar(text("select count(*) from core.alerts where closed_at is null")) == 0


def test_what_reduces_is_never_parked(build: Any) -> None:
    platform = build(poisoned(1, reduces=True))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id)
    for _ in range(TRIES + 2):
        drain(platform, tenant_id)
        hurry(platform)
    assert (cursor_row(platform).failures, cursor_row(platform).parked) == (TRIES + 2, False)
    with platform.database.tenant(tenant_id) as session:
        assert session.scalars(text("select severity from core.alerts")).all() == ["critical"], (
            "one alert, not one a try"
        )


def test_a_constraint_that_speaks_up_at_the_commit_counts_as_the_handlers_failure(
    build: Any, settings: Settings
) -> None:
    def handle(context: Any, events: Sequence[EventView], shard: int) -> None:
        context.session.execute(text("select set_config('app.tenant_id', '', true)"))
        mark(context.session, "seen", "s", shard, 1)

    platform = build(Subscription("seen", handle, types=("ping",)))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id)
    assert drain(platform, tenant_id) == 0
    assert cursor_row(platform).failures == 1


def test_a_handler_that_takes_too_long_is_ended(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(context: Any, events: Sequence[EventView], shard: int) -> None:
        try:
            context.session.execute(text("select pg_sleep(30)"))
        except Exception:  # noqa: BLE001 - as careless plugins do
            raise AssertionError("the alarm must not be swallowed") from None

    monkeypatch.setattr("core.events.draining.BUDGET_S", 0.2)
    platform = build(Subscription("seen", handle, types=("ping",)))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id)
    assert drain(platform, tenant_id) == 0
    assert "took longer than 0.2 s" in cursor_row(platform).error
    # The statement was cancelled on the server and the connection is whole.
    running = "select count(*) from pg_stat_activity where query like '%pg_sleep(30)%' and state = 'active'"
    with platform.database.system() as session:
        assert session.scalar(text(f"{running} and pid <> pg_backend_pid()")) == 0


def test_a_handler_cannot_commit_its_cursor_away(build: Any) -> None:
    def handle(context: Any, events: Sequence[EventView], shard: int) -> None:
        context.commit()

    platform = build(Subscription("seen", handle, types=("ping",)))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id)
    assert drain(platform, tenant_id) == 0
    assert "cannot commit" in cursor_row(platform).error


@pytest.mark.parametrize(
    ("state", "reduces", "runs"),
    [
        ("on", False, True),
        ("on", True, True),
        ("draining", False, False),
        ("draining", True, True),
        ("off", False, False),
        ("off", True, True),
        ("halted", False, False),
        ("halted", True, False),
    ],
)
def test_module_states(build: Any, state: str, reduces: bool, runs: bool) -> None:
    platform = build(marking("seen", reduces=reduces))
    tenant_id = make_tenant(platform.database, "a")
    set_state(platform.database, tenant_id, "probe", state)
    say(platform, tenant_id)
    assert settled(platform.database, platform.runtime) is not runs
    assert drain(platform, tenant_id) == int(runs)


def test_a_suspended_tenants_modules_only_reduce(build: Any) -> None:
    platform = build(marking("seen"), marking("closes", reduces=True))
    tenant_id = make_tenant(platform.database, "a", "probe")
    with platform.database.system() as session:
        session.execute(text("update tenants.tenants set status = 'suspended'"))
    say(platform, tenant_id)
    assert drain(platform, tenant_id) == 0
    assert drain(platform, tenant_id, "closes") == 1


def test_a_tenant_without_the_module_is_left_alone(build: Any) -> None:
    platform = build(marking("seen"), marking("closes", reduces=True))
    tenant_id = make_tenant(platform.database, "a")
    say(platform, tenant_id)
    assert settled(platform.database, platform.runtime)


def holding(count: list[int]) -> ExposureReport:
    """A module that holds so many things, and lets them go in no time or not at all."""

    def leave(_session: Any, choice: str) -> None:
        if choice == "close":
            count[0] = 0

    choices = (LeaveChoice("wait", "Wind down"), LeaveChoice("close", "Close all"))
    return ExposureReport(lambda _session: Exposure((ExposureItem("things", count[0]),), choices, count[0]), leave)


def test_off_and_on_again(build: Any) -> None:
    """What happens while the module is off: those that reduce get it then, those that catch up get it later, others never."""
    platform = build(marking("plain"), marking("journal", catch_up=True), marking("closes", reduces=True))
    tenant_id = make_tenant(platform.database, "a")
    names = ("plain", "journal", "closes")

    def round_of(on: bool) -> None:
        with platform.database.tenant(tenant_id) as session:
            if on:
                toggle_on(session, "probe", SYSTEM)
            else:
                toggle_off(session, "probe", None, SYSTEM)

    say(platform, tenant_id)  # 1: before the module ever was on
    round_of(True)
    say(platform, tenant_id)  # 2
    for name in names:
        drain(platform, tenant_id, name)
    round_of(False)
    say(platform, tenant_id)  # 3: while it is off
    for name in names:
        drain(platform, tenant_id, name)
    assert seqs(platform, "closes") == [2, 3]
    round_of(True)
    say(platform, tenant_id)  # 4
    for name in names:
        drain(platform, tenant_id, name)
    assert seqs(platform, "plain") == [2, 4]
    assert seqs(platform, "journal") == [2, 3, 4]
    assert seqs(platform, "closes") == [2, 3, 4]
    assert settled(platform.database, platform.runtime)


def test_a_handler_that_comes_with_a_later_version_starts_with_it(build: Any) -> None:
    """And the first ones of a plugin start with the module, however late the first worker comes up."""
    first = build(marking("seen"))
    tenant_id = make_tenant(first.database, "a", "probe")
    say(first, tenant_id)
    know_handlers(first)
    assert drain(first, tenant_id) == 1
    second = build(marking("seen"), marking("later"))
    say(second, tenant_id)
    know_handlers(second)
    say(second, tenant_id)
    drain(second, tenant_id)
    drain(second, tenant_id, "later")
    assert seqs(second) == [1, 2, 3]
    assert seqs(second, "later") == [3]


def test_shards_go_side_by_side_and_new_ones_start_where_the_first_is(build: Any) -> None:
    count = 1
    platform = build(marking("seen", shards=lambda _session, _stream: count, batch=2))
    tenant_id = make_tenant(platform.database, "a", "probe")
    say(platform, tenant_id, count=3)
    drain(platform, tenant_id)
    count = 3
    say(platform, tenant_id, count=2)
    drain(platform, tenant_id)
    assert not settled(platform.database, platform.runtime), "shards 1 and 2 have yet to read 4 and 5"
    drain(platform, tenant_id, shard=1)
    drain(platform, tenant_id, shard=2)
    seen = marks(platform.database, "seen")
    assert [(shard, seq) for _, _, shard, seq in seen] == [
        *((0, seq) for seq in range(1, 6)),
        *((1, seq) for seq in (4, 5)),
        *((2, seq) for seq in (4, 5)),
    ]
    count = 1
    say(platform, tenant_id)
    drain(platform, tenant_id)
    assert settled(platform.database, platform.runtime), "shards whose subjects are gone hold nobody up"


def test_events_of_another_tenant_are_out_of_reach(build: Any) -> None:
    platform = build(marking("seen"))
    one, other = make_tenant(platform.database, "a", "probe"), make_tenant(platform.database, "b", "probe")
    say(platform, one, count=2)
    say(platform, other)
    assert drain(platform, other) == 1
    assert marks(platform.database, "seen") == [(other, "s", 0, 1)]
    assert not settled(platform.database, platform.runtime, one)
    assert settled(platform.database, platform.runtime, other)
