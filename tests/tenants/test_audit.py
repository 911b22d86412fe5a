"""The audit log: written with the change, searched, exported, and never altered by anybody."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from core.addresses import resolve
from core.sdk.testing.servers import ServersForTests
from core.settings import Settings
from tenants.db import Database
from tenants.services import audit
from tenants.services.actor import SYSTEM
from tenants.services.audit import AuditFilter
from tests.tenants.conftest import Yard

CHANGES = (
    "update tenants.audit_entries set note = 'x'",
    "delete from tenants.audit_entries",
    "truncate tenants.audit_entries",
)


@pytest.mark.parametrize("statement", CHANGES)
def test_neither_role_may_change_an_entry(yard: Yard, database: Database, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.tenant(yard.id) as session:
        session.execute(text(statement))
    with pytest.raises(ProgrammingError, match="permission denied"), database.system() as session:
        session.execute(text(statement))


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_it_to_everybody(
    yard: Yard, settings: Settings, servers_for_tests: ServersForTests, statement: str
) -> None:
    if servers_for_tests.superuser_url is None:
        pytest.skip("only the embedded server's superuser is known")
    url = make_url(servers_for_tests.superuser_url).set(database=make_url(resolve(settings).owner).database)
    with (
        psycopg.connect(url.render_as_string(hide_password=False)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed or deleted"),
    ):
        connection.execute(statement)


def test_an_entry_says_who_what_when_and_from_where(yard: Yard, database: Database) -> None:
    started = datetime.now(UTC)
    with database.tenant(yard.id) as session:
        audit.record(
            session,
            yard.owner,
            "account.deposit",
            "account",
            "A-1",
            before={"balance": Decimal("0.10")},
            after={"balance": Decimal("5.10"), "at": started},
            note="Opening bonus",
        )
    with database.tenant(yard.id) as session:
        found, total = audit.search(session, AuditFilter(action="account.deposit"))
        assert total == 1
        entry = found[0]
        assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("staff", yard.owner_id, "owner@north.example")
        assert (entry.address, entry.request_id, entry.object_kind, entry.object_id) == (
            "192.0.2.7",
            "req-1",
            "account",
            "A-1",
        )
        assert entry.before == {"balance": "0.10"}
        assert entry.after == {"balance": "5.10", "at": started.isoformat()}
        assert started - timedelta(seconds=5) < entry.at < datetime.now(UTC) + timedelta(seconds=5)


def test_an_entry_exists_only_if_the_change_does(yard: Yard, database: Database) -> None:
    with pytest.raises(LookupError), database.tenant(yard.id) as session:
        audit.record(session, SYSTEM, "thing.lost", "thing")
        raise LookupError
    with database.tenant(yard.id) as session:
        assert audit.search(session, AuditFilter(action="thing.lost"))[1] == 0


def test_search_finds_by_text_person_object_and_time_and_pages(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(south.id) as session:
        audit.record(session, SYSTEM, "thing.made", "thing", "0")
    with database.tenant(north.id) as session:
        for number in range(5):
            audit.record(session, north.owner, "thing.made", "thing", number, after={"colour": f"100%_{number}"})
        session.flush()
        middle = datetime.now(UTC)
        audit.record(session, SYSTEM, "thing.swept", "thing", 3, note="Sunday")
    with database.tenant(north.id) as session:

        def count(**wanted: object) -> int:
            return audit.search(session, AuditFilter(**wanted))[1]  # type: ignore[arg-type]

        assert count(action="thing.made") == 5
        assert count(text="100%_3") == 1
        assert count(text="_%_3") == 0, "wildcards are searched as they are"
        assert count(text="sunday") == 1
        assert count(actor_id=north.owner_id, action="thing.made") == 5
        assert count(object_kind="thing", object_id="3") == 2
        assert count(object_kind="thing", since=middle) == 1
        assert count(object_kind="thing", until=middle) == 5
        page, total = audit.search(session, AuditFilter(object_kind="thing"), limit=2, offset=1)
        assert ([entry.object_id for entry in page], total) == (["4", "3"], 6)
        used = session.scalars(text("select distinct action from tenants.audit_entries")).all()
        assert {"thing.made", "thing.swept"} <= set(used)
        assert list(audit.actions(session)) == sorted(used), "each once, in order"


def test_export_is_csv_and_no_cell_becomes_a_formula(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        audit.record(session, SYSTEM, "thing.made", "thing", "=1+1", note='two\nlines, "quoted"')
    with database.tenant(yard.id) as session:
        rows = list(csv.DictReader(io.StringIO("".join(audit.csv_rows(session, AuditFilter(object_kind="thing"))))))
    assert [row["object_id"] for row in rows] == ["'=1+1"]
    assert rows[0]["note"] == 'two\nlines, "quoted"'
    assert tuple(rows[0]) == audit.CSV_COLUMNS


def test_what_has_no_plain_form_is_refused(yard: Yard, database: Database) -> None:
    with pytest.raises(TypeError, match="no plain form"), database.tenant(yard.id) as session:
        audit.record(session, SYSTEM, "thing.made", "thing", after={"what": object()})
