"""The operator rules about a brokerage's modules at the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.addresses import resolve
from core.cli import tradeyard
from core.runtime import load_runtime
from core.sdk.testing.servers import ServersForTests
from tenants.db import Database
from tenants.services import audit, products
from tenants.services.actor import OPERATOR, Actor
from tenants.services.errors import NotAllowedError
from tenants.services.making import MadeTenant, NewTenant, make_tenant

STAFF = Actor("staff", "olga@west.example")


@pytest.fixture
def module() -> str:
    """Any installed module."""
    installed = load_runtime().plugins
    if not installed:
        pytest.skip("no module is installed")
    return next(iter(installed))


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


@pytest.fixture
def west(database: Database) -> MadeTenant:
    with database.system() as session:
        return make_tenant(session, NewTenant("west", "West", ["west.localhost"], "o@west.example"), OPERATOR)


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(tradeyard, ["module", *words])


def test_what_the_plan_does_not_have_cannot_be_switched_on(
    database: Database, west: MadeTenant, module: str, run: Callable[..., Result]
) -> None:
    assert run("forbid", "west", module).exit_code == 0
    with database.tenant(west.tenant_id) as session, pytest.raises(NotAllowedError):
        products.set_state(session, module, "on", STAFF)
    assert run("allow", "west", module).exit_code == 0
    with database.tenant(west.tenant_id) as session:
        assert products.set_state(session, module, "on", STAFF).after == "on"


def test_a_halt_needs_a_reason_is_audited_and_ends_in_draining(
    database: Database, west: MadeTenant, module: str, run: Callable[..., Result]
) -> None:
    with database.tenant(west.tenant_id) as session:
        products.set_state(session, module, "on", STAFF)
    assert run("halt", "west", module).exit_code == 2
    assert run("halt", "west", module, "--reason", "Runs wild").exit_code == 0
    with database.tenant(west.tenant_id) as session:
        assert products.state_of(session, module) == "halted"
        entry = audit.search(session)[0][0]
        assert (entry.actor_kind, entry.note, entry.after and entry.after["state"]) == (
            "operator",
            "Runs wild",
            "halted",
        )
    assert run("end-halt", "west", module, "--reason", "Mended").exit_code == 0
    with database.tenant(west.tenant_id) as session:
        assert products.state_of(session, module) == "draining"


def test_what_cannot_be_is_said_without_a_trace(west: MadeTenant, module: str, run: Callable[..., Result]) -> None:
    for words, said in (
        (("halt", "west", module, "--reason", "x"), "cannot become halted"),
        (("allow", "nowhere", module), "There is no tenant nowhere."),
        (("allow", "west", "no_such"), "There is no module no_such"),
    ):
        result = run(*words)
        assert result.exit_code == 1
        assert said in result.output
        assert "Traceback" not in result.output
