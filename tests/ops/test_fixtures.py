"""The fixtures every other test stands on."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import text

from core.sdk.testing.servers import ServersForTests, remove_leftovers
from core.settings import Settings
from tenants.db import Database


def test_a_database_has_the_schema_and_the_runtime_roles(database: Database, settings: Settings) -> None:
    with database.system() as session:
        user = session.scalar(text("select current_user"))
        tables = session.scalar(text("select count(*) from information_schema.tables where table_schema = 'tenants'"))
    assert user == f"{settings.database_role_prefix}_system"
    assert tables
    assert tables > 5


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_its_own(settings: Settings, turn: int) -> None:
    with psycopg.connect(settings.database_url.replace("+psycopg", "")) as connection:
        # The second turn would fail in the database of the first.
        connection.execute("create table public.mark (turn int)")
        connection.execute("insert into public.mark values (%s)", [turn])
        assert connection.execute("select turn from public.mark").fetchall() == [(turn,)]


def test_an_empty_database_is_empty(servers_for_tests: ServersForTests, tmp_path: Path) -> None:
    with servers_for_tests.empty_database() as name:
        url = servers_for_tests.settings(tmp_path, name).database_url
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            query = "select count(*) from pg_namespace where nspname in ('core', 'tenants')"
            assert connection.execute(query).fetchone() == (0,)


@pytest.mark.parametrize("turn", [1, 2])
def test_valkey_is_empty(valkey: redis.Redis, turn: int) -> None:
    assert valkey.dbsize() == 0
    valkey.set("turn", turn)
    assert valkey.get("turn") == str(turn).encode()


def test_folders_of_killed_sessions_go(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name, owner in (("tyt-dead", ended.pid), ("tyt-alive", os.getpid()), ("else", ended.pid)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "owner").write_text(str(owner))
    (tmp_path / "tyt-new").mkdir()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["else", "tyt-alive", "tyt-new"]


def test_the_plugin_imports_nothing_before_it_is_used() -> None:
    code = "import sys, core.sdk.testing.plugin; print([n for n in ('sqlalchemy', 'redis', 'litestar', 'numpy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
