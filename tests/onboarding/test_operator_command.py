"""Operators are made and looked after at the command line of the platform's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.addresses import resolve
from core.cli import tradeyard
from core.operator import log, people, signing
from core.sdk.testing.servers import ServersForTests
from tenants.db import Database

EMAIL, WORD = "otto@platform.example", "only operators know this"


@pytest.fixture
def database(servers_for_tests: ServersForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A fresh database, which the commands are told by the environment."""
    with servers_for_tests.fresh_database() as name:
        settings = servers_for_tests.settings(tmp_path / "data", name)
        for field in ("data_dir", "database_url", "database_role_prefix", "redis_url"):
            monkeypatch.setenv(f"TRADEYARD_{field.upper()}", str(getattr(settings, field)))
        monkeypatch.setenv("TRADEYARD_SECRET", settings.secret.get_secret_value())
        addresses = resolve(settings)
        made = Database(addresses.app, addresses.system, pooled=False)
        yield made
        made.dispose()


def _run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(tradeyard, ["operator", *words], input=typed)


def test_an_operator_from_the_first_day_to_the_last(database: Database) -> None:
    made = _run("create", EMAIL, "--name", "Otto Operator", "--password-stdin", typed=f"{WORD}\n")
    assert made.exit_code == 0, made.output
    assert "http://operator.localhost" in made.output
    assert WORD not in made.output
    again = _run("create", EMAIL, "--name", "Otto", "--password-stdin", typed=f"{WORD}\n")
    assert again.exit_code == 1
    assert "There is an operator" in again.output
    short = _run("create", "o@platform.example", "--name", "Olga", typed="short\nshort\n")
    assert short.exit_code == 1
    assert "10 to 1024 characters" in short.output
    with database.system() as session:
        assert signing.sign_in(session, EMAIL, WORD).outcome == "signed_in"
    assert _run("password", EMAIL, "--password-stdin", typed="another one, as long\n").exit_code == 0
    with database.system() as session:
        assert signing.sign_in(session, EMAIL, WORD).outcome == "wrong"
        assert signing.sign_in(session, EMAIL, "another one, as long").outcome == "signed_in"
    assert _run("block", EMAIL).exit_code == 0
    with database.system() as session:
        assert signing.sign_in(session, EMAIL, "another one, as long").outcome == "blocked"
        assert people.by_email(session, EMAIL).status == "blocked"
    assert "blocked" in _run("list").output
    assert _run("unblock", EMAIL).exit_code == 0
    assert _run("forget-second-factor", EMAIL).exit_code == 0
    assert "There is no operator" in _run("block", "nobody@platform.example").output
    with database.system() as session:
        entries, _total = log.search(session, log.LogFilter(text=EMAIL))
        assert {entry.action for entry in entries} >= {"operator.make", "operator.password", "operator.status"}
