"""Servers and databases for tests: started when first asked for, one migrated template, a copy of it for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from core.addresses import resolve
from core.migrations.runner import migrate
from core.servers.embedded import owner_database, quiet
from core.servers.postgres import SUPERUSER, Postgres
from core.servers.processes import alive
from core.servers.valkey import Valkey
from core.settings import Settings, load_settings

DATABASE_URL = "TRADEYARD_TEST_DATABASE_URL"
REDIS_URL = "TRADEYARD_TEST_REDIS_URL"

SECRET = "a secret for tests, which everybody may know"  # noqa: S105 (it guards nothing)

FOLDER = "tyt-"


def remove_leftovers(parent: Path) -> None:
    """Remove the folders of test sessions of ours that were killed; their servers ended with them."""
    for folder in parent.glob(f"{FOLDER}*"):
        try:
            owner = int((folder / "owner").read_text(encoding="ascii"))
            if folder.stat().st_uid == os.geteuid() and not alive(owner):
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError):  # another user's, or just being made
            continue


class ServersForTests:
    """One PostgreSQL and one Valkey for a test session, embedded and forgetful, unless `TRADEYARD_TEST_…_URL` name others.

    A PostgreSQL given so must let its user create databases and roles.
    """

    def __init__(self) -> None:
        # Short, since sockets lie here.
        self._folder = Path(tempfile.mkdtemp(prefix=FOLDER))
        (self._folder / "owner").write_text(str(os.getpid()), encoding="ascii")
        remove_leftovers(self._folder.parent)
        self._number = count(1)
        # Roles are the whole server's: sessions at once on one server keep apart by their prefix.
        self._prefix = f"tyt{os.getpid()}" if os.environ.get(DATABASE_URL) else "tyt"
        self._template: str | None = None

    @cached_property
    def _postgres(self) -> Postgres:
        server = Postgres(self._folder / "pg", self._folder, self._folder / "postgres.log", durable=False)
        server.launch(quiet)
        server.wait()
        return server

    @cached_property
    def _valkey(self) -> Valkey:
        server = Valkey(self._folder / "valkey", self._folder, self._folder / "valkey.log", durable=False)
        server.launch(quiet)
        server.wait()
        return server

    @cached_property
    def maintenance_url(self) -> str:
        """Address (psycopg) of a role that may create databases and roles."""
        given = os.environ.get(DATABASE_URL, "").replace("+psycopg", "", 1)
        if given:
            return given
        owner_database(self._postgres, "tradeyard", "tradeyard")
        return self._postgres.url("tradeyard", "tradeyard").replace("+psycopg", "", 1)

    @property
    def superuser_url(self) -> str | None:
        """Address (psycopg) of the embedded server's superuser, who passes all policies; none on a given server."""
        given = os.environ.get(DATABASE_URL)
        return None if given else self._postgres.url(SUPERUSER, "postgres").replace("+psycopg", "", 1)

    @property
    def redis_url(self) -> str:
        """Address (redis-py) of the Valkey of this session."""
        return os.environ.get(REDIS_URL) or self._valkey.url

    def settings(self, data_dir: Path, database: str, **changes: Any) -> Settings:
        """Settings of an installation on these servers, with `database` and a data folder of its own."""
        values: dict[str, Any] = {
            "data_dir": data_dir,
            "database_url": self._url(database),
            "database_role_prefix": self._prefix,
            "redis_url": self.redis_url,
            "secret": SECRET,
            "feed": "none",
        }
        return load_settings({}, **(values | changes))

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The name of a database with the newest schema and no rows but the platform's own; dropped afterwards."""
        template = self.template()
        with self._made(template) as name:
            yield name

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The name of a database with nothing in it; dropped afterwards."""
        with self._made("template1") as name:
            yield name

    def template(self) -> str:
        """The name of the migrated template, made on first use."""
        if self._template is None:
            name = f"{self._prefix}_template"
            self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            settings = self.settings(self._folder / "template", name)
            migrate(settings, resolve(settings))
            self._template = name
        return self._template

    def stop(self) -> None:
        """End the servers and forget everything."""
        if self._template is not None and os.environ.get(DATABASE_URL):
            self._drop(self._template)
            for role in ("app", "system"):
                self._execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(f"{self._prefix}_{role}")))
        for name in ("_maintenance", "_superuser"):
            if name in self.__dict__:
                self.__dict__[name].close()
        for name in ("_valkey", "_postgres"):
            if name in self.__dict__:
                self.__dict__[name].stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _url(self, database: str) -> str:
        from sqlalchemy import make_url

        url = make_url(self.maintenance_url).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def _made(self, template: str) -> Iterator[str]:
        name = f"{self._prefix}_{next(self._number)}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield name
        finally:
            self._drop(name)

    def _drop(self, name: str, seconds: float = 10.0) -> None:
        # A connection that was just closed may live on for a moment as another role, which only a superuser may end.
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._superuser.execute(statement)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def _execute(self, statement: sql.Composed) -> None:
        self._maintenance.execute(statement)

    @cached_property
    def _maintenance(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.maintenance_url, autocommit=True)

    @cached_property
    def _superuser(self) -> psycopg.Connection[Any]:
        """The embedded server's superuser; on a given server, whoever it was given for."""
        return psycopg.connect(self.superuser_url, autocommit=True) if self.superuser_url else self._maintenance
