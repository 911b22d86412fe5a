"""Plugins' tables: their own schema and version table, tenants kept apart, and out they go without a trace."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from core.addresses import resolve
from core.runtime import Runtime
from core.runtime.migrating import drop_plugin, fitting, migrate_plugins
from core.settings import Settings
from tenants.db import Database
from tests.runtime.build import Probe, make_tenant, runtime_of

NOTES = """
from sqlalchemy import Column, Text, Uuid
from core.sdk.migrations import create_table, protect, tenant_key
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    create_table("notes", Column("account_id", Uuid), Column("text", Text), tenant_key("core.accounts", "account_id"))
"""


@contextmanager
def owner(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(resolve(settings).owner, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Makes a runtime of a plugin with these revisions."""

    def make(key: str, *revisions: str, **changes: Any) -> Runtime:
        versions = tmp_path / key / "migrations" / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        for number, revision in enumerate(revisions, 1):
            (versions / f"{number:04}.py").write_text(textwrap.dedent(revision))
        found = runtime_of(Probe(key, **changes)).plugins[key]
        return Runtime([replace(found, folder=tmp_path / key)])

    return make


def migrated(settings: Settings, runtime: Runtime) -> Runtime:
    with owner(settings) as connection:
        return migrate_plugins(connection, resolve(settings).roles, runtime)


def tables(settings: Settings, schema: str) -> list[str]:
    with owner(settings) as connection:
        return list(
            connection.scalars(
                text("select table_name from information_schema.tables where table_schema = :schema order by 1"),
                {"schema": schema},
            )
        )


def test_tables_of_its_own_with_tenants_apart(settings: Settings, database: Database, write: Any) -> None:
    runtime = migrated(settings, write("journal", NOTES))
    assert not runtime.rejected
    assert tables(settings, "journal") == ["alembic_version", "notes"]
    one, other = make_tenant(database, "a"), make_tenant(database, "b")
    with database.tenant(one) as session:
        session.execute(text("insert into journal.notes (id, text) values (gen_random_uuid(), 'mine')"))
    with database.tenant(other) as session:
        assert session.scalar(text("select count(*) from journal.notes")) == 0
    with database.system() as system:
        assert system.scalar(text("select tenant_id from journal.notes")) == one
    with pytest.raises(ProgrammingError, match="permission denied"), database.tenant(one) as session:
        session.execute(text("update journal.alembic_version set version_num = 'x'"))
    assert not fitting(resolve(settings), runtime).rejected


def test_again_and_further(settings: Settings, database: Database, write: Any) -> None:
    migrated(settings, write("journal", NOTES))
    second = """
        from alembic import op
        from sqlalchemy import Column, Text
        revision, down_revision = "0002", "0001"
        def upgrade():
            op.add_column("notes", Column("mood", Text), schema="journal")
    """
    further = write("journal", NOTES, second)
    [behind] = fitting(resolve(settings), further).rejected
    assert "run `tradeyard migrate`" in behind.reason
    for _ in range(2):
        assert not migrated(settings, further).rejected
    assert not fitting(resolve(settings), further).rejected


UNPROTECTED = """
from alembic import op
from sqlalchemy import Column, Uuid
revision, down_revision = "0001", None
def upgrade():
    op.create_table("notes", Column("tenant_id", Uuid, nullable=False), Column("id", Uuid), schema="journal")
"""


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        (UNPROTECTED, "its table journal.notes lacks the policies that keep tenants apart"),
        (UNPROTECTED.replace('Column("tenant_id", Uuid, nullable=False), ', ""), "journal.notes has no tenant_id"),
        (UNPROTECTED.replace(", nullable=False", ""), "journal.notes has no tenant_id that is not null"),
        (
            NOTES + '    op.execute("create policy more on journal.notes using (true)")\n',
            "lacks the policies that keep tenants apart, or has others besides",
        ),
        (NOTES + '    op.execute("alter table journal.notes no force row level security")\n', "lacks the policies"),
        (NOTES.replace("core.accounts", "core.orders"), "refers to core.orders; plugins may refer to core.accounts"),
        (NOTES + "    raise ValueError('not on a Sunday')\n", "its migrations raised ValueError: not on a Sunday"),
        ("import numpyy\n" + NOTES, "its migrations raised ModuleNotFoundError"),
    ],
)
def test_what_does_not_fit_leaves_nothing_behind(
    settings: Settings, database: Database, write: Any, revision: str, reason: str
) -> None:
    good = write("good", NOTES).plugins["good"]
    bad = write("journal", revision).plugins["journal"]
    runtime = migrated(settings, Runtime([good, bad]))
    assert list(runtime.plugins) == ["good"]
    assert reason in runtime.rejected[0].reason
    assert tables(settings, "journal") == []
    assert tables(settings, "good") == ["alembic_version", "notes"]


def test_revisions_that_do_not_fit_together(settings: Settings, database: Database, write: Any) -> None:
    runtime = migrated(settings, write("journal", NOTES, NOTES.replace('"0001"', '"0002"')))
    assert "its migrations do not fit together: Multiple head revisions" in runtime.rejected[0].reason


def test_a_table_that_loses_its_policies_is_found_at_start(settings: Settings, database: Database, write: Any) -> None:
    runtime = migrated(settings, write("journal", NOTES))
    with owner(settings) as connection:
        connection.execute(text("alter table journal.notes disable row level security"))
    assert "lacks the policies" in fitting(resolve(settings), runtime).rejected[0].reason


def test_the_least_revision_of_the_core(settings: Settings, database: Database, write: Any) -> None:
    assert not migrated(settings, write("journal", NOTES, core_revision="0001")).rejected
    runtime = migrated(settings, write("other", NOTES, core_revision="9999"))
    assert "it needs revision 9999 of the core's schema" in runtime.rejected[0].reason


def test_taking_a_plugin_out_is_dropping_its_schema(settings: Settings, database: Database, write: Any) -> None:
    migrated(settings, write("journal", NOTES))
    with owner(settings) as connection:
        drop_plugin(connection, "journal")
        with pytest.raises(ValueError, match="no plugin's schema"):
            drop_plugin(connection, "core")
    assert tables(settings, "journal") == []
    assert not migrated(settings, write("journal", NOTES)).rejected, "and it may come back"
