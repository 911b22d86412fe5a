"""Events are numbered without gaps in each stream, in the order of their commits, in a fixed number of statements."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from core.events import NewEvent, emit
from tenants.db import Database, TenantSession
from tests.runtime.build import make_tenant


def numbers(database: Database, stream: str) -> list[int]:
    with database.system() as session:
        return list(
            session.scalars(
                text("select stream_seq from core.events where stream = :stream order by stream_seq"),
                {"stream": stream},
            )
        )


def test_several_streams_at_once(database: Database) -> None:
    tenant_id = make_tenant(database, "a")
    with database.tenant(tenant_id) as session:
        emit(session, [NewEvent("b", "x", {"n": 1}), NewEvent("a", "x", {"n": 2}), NewEvent("b", "y", {"n": 3})])
    with database.tenant(tenant_id) as session:
        emit(session, [NewEvent("b", "x", {"n": 4})])
    with database.tenant(tenant_id) as session:
        rows = session.execute(text("select stream, stream_seq, type, payload from core.events order by 1, 2")).all()
    assert [tuple(row) for row in rows] == [
        ("a", 1, "x", {"n": 2}),
        ("b", 1, "x", {"n": 1}),
        ("b", 2, "y", {"n": 3}),
        ("b", 3, "x", {"n": 4}),
    ]


def test_nothing_to_emit_asks_nothing(database: Database) -> None:
    tenant_id = make_tenant(database, "a")
    with database.tenant(tenant_id) as session:
        emit(session, [])
        session.commit()
        assert not session.in_transaction()


def test_one_statement_for_any_number(database: Database) -> None:
    tenant_id = make_tenant(database, "a")

    def statements(count: int) -> int:
        seen: list[str] = []
        with database.tenant(tenant_id) as session:
            connection = session.connection()
            listener = lambda _c, _cur, statement, *_rest: seen.append(statement)  # noqa: E731
            event.listen(connection, "before_cursor_execute", listener)
            for n in range(count):
                emit(session, [NewEvent(f"s{n % 50}", "x", {"n": n})])
            session.commit()
        return len(seen)

    assert statements(1) == statements(1000) == 1


def test_a_rollback_leaves_no_gap(database: Database) -> None:
    tenant_id = make_tenant(database, "a")
    for _ in range(3):
        with database.tenant(tenant_id) as session:
            emit(session, [NewEvent("s", "x", {})])
        with database.tenant(tenant_id) as session:
            emit(session, [NewEvent("s", "x", {})])
            session.rollback()
    assert numbers(database, "s") == [1, 2, 3]


def test_writers_side_by_side_leave_no_gap_and_never_deadlock(database: Database) -> None:
    tenant_id = make_tenant(database, "a")
    orders = [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")]

    def write(worker: int) -> None:
        for _ in range(20):
            with database.tenant(tenant_id) as session:
                emit(session, [NewEvent(stream, "x", {"w": worker}) for stream in orders[worker % 3]])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    for stream in "abc":
        assert numbers(database, stream) == list(range(1, 121))


def test_a_number_is_never_seen_before_a_smaller_one(database: Database) -> None:
    """Whoever reads up to n has read all up to n: the stream is locked from the writing to the commit."""
    tenant_id = make_tenant(database, "a")
    writing, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with database.tenant(tenant_id) as session:
            emit(session, [NewEvent("s", "x", {})])
            # What is asked for after emitting runs after the events were written.
            session.before_commit(lambda: (writing.set(), go_on.wait(10))[0])
            session.commit()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert writing.wait(10)
        two = pool.submit(_emit_one, database, tenant_id)
        assert numbers(database, "s") == []
        go_on.set()
        one.result(timeout=10)
        two.result(timeout=10)
    assert numbers(database, "s") == [1, 2]


def _emit_one(database: Database, tenant_id: UUID) -> None:
    with database.tenant(tenant_id) as session:
        emit(session, [NewEvent("s", "x", {})])


def test_emitting_locks_nothing_before_the_commit(database: Database) -> None:
    """Two transactions that emit to the same stream and then want the same row do not deadlock."""
    tenant_id = make_tenant(database, "a")
    with database.tenant(tenant_id) as first:
        emit(first, [NewEvent("s", "x", {})])
        first.execute(text("select 1"))
        _emit_one(database, tenant_id)
    assert numbers(database, "s") == [1, 2]


def test_what_was_emitted_behind_a_savepoint_goes_with_it(database: Database) -> None:
    tenant_id = make_tenant(database, "a")

    def say(session: TenantSession, word: str) -> None:
        emit(session, [NewEvent("s", word, {})])

    with database.tenant(tenant_id) as session:
        say(session, "before")
        with session.begin_nested():
            say(session, "kept")
        with suppress(ValueError), session.begin_nested():
            say(session, "outer, lost")
            with session.begin_nested():
                say(session, "inner, released, lost")
            raise ValueError
        with suppress(IntegrityError), session.begin_nested():
            say(session, "lost to the database")
            session.execute(text("insert into tenants.product_configs (module, state) values ('m', 'nowhere')"))
        say(session, "after")
    with database.system() as system:
        assert system.scalars(text("select type from core.events order by stream_seq")).all() == [
            "before",
            "kept",
            "after",
        ]


def test_streams_of_tenants_are_apart(database: Database) -> None:
    one, other = make_tenant(database, "a"), make_tenant(database, "b")
    for tenant_id in (one, other):
        with database.tenant(tenant_id) as session:
            emit(session, [NewEvent("s", "x", {})])
    with database.system() as session:
        assert session.scalars(text("select last_seq from core.event_streams")).all() == [1, 1]
