"""`tradeyard plugins` and `tradeyard events`: what is left out, what waits for a person, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import redis
from click.testing import CliRunner, Result
from sqlalchemy import text

from core import runtime as runtime_package
from core.cli import tradeyard
from core.events.parking import TRIES
from core.platform import Platform
from core.runtime import load_runtime
from core.runtime.quarantine import quarantine_everywhere, quarantine_tenant
from core.settings import Settings
from tests.events.test_draining import drain, hurry, poisoned, say
from tests.runtime.build import Probe, candidate, make_marks, make_tenant, platform_of

Run = Callable[..., Result]


@pytest.fixture
def probe() -> Probe:
    return Probe(subscriptions=[poisoned(2)])


@pytest.fixture
def run(settings: Settings, valkey: redis.Redis, probe: Probe, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the test's servers, with the probe and a broken plugin installed."""

    def load() -> object:
        raise ImportError("no module named 'numpyy'")

    found = load_runtime([candidate("probe", lambda: probe), candidate("broken", load)])
    for module in ("core.runtime", "core.platform"):
        monkeypatch.setattr(f"{module}.load_runtime", lambda: found)
    assert runtime_package.load_runtime() is found
    for name in ("database_url", "database_role_prefix", "redis_url", "data_dir", "feed"):
        monkeypatch.setenv(f"TRADEYARD_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("TRADEYARD_SECRET", settings.secret.get_secret_value())

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(tradeyard, arguments, catch_exceptions=False)

    return command


@pytest.fixture
def platform(settings: Settings, valkey: redis.Redis, probe: Probe) -> Iterator[Platform]:
    make_marks(settings)
    with platform_of(settings, probe) as made:
        yield made


@pytest.fixture
def tenant(platform: Platform) -> UUID:
    return make_tenant(platform.database, "north", "probe")


def test_plugins_are_listed_with_why_any_is_left_out(run: Run) -> None:
    told = run("plugins", "list", "--no-database", "--trace").output
    assert "probe 1.0: Probe (somebody)\n  1 handlers" in told
    assert "broken = somebody.plugin:Plugin (somebody 1.0) is left out: its import raised ImportError" in told
    assert "Traceback" in told
    assert "Traceback" not in run("plugins", "list", "--no-database").output


def test_quarantines_are_listed_and_lifted(run: Run, platform: Platform, tenant: UUID) -> None:
    with platform.database.tenant(tenant) as session:
        quarantine_tenant(session, "probe", "ten errors", "trace")
    quarantine_everywhere(platform.database, "probe", "three tenants", "trace")
    told = run("plugins").output
    assert "probe is in quarantine for north: ten errors" in told
    assert "probe is in quarantine for all tenants: three tenants" in told
    assert "is released" in run("plugins", "release", "probe").output
    assert "is released" in run("plugins", "release", "probe", "--tenant", "north").output
    assert "in quarantine" not in run("plugins").output
    again = run("plugins", "release", "probe")
    assert again.exit_code == 1
    assert "in no such quarantine" in again.output
    assert "there is no tenant 'south'" in run("plugins", "release", "probe", "--tenant", "south").output


def test_tables_of_an_installed_plugin_are_not_dropped(run: Run, platform: Platform) -> None:
    refused = run("plugins", "drop", "copy_trading", "--yes")
    assert refused.exit_code == 1
    assert "copy_trading is still installed" in refused.output
    assert "core is no plugin's schema" in run("plugins", "drop", "core", "--yes").output
    assert "the tables of probe are gone" in run("plugins", "drop", "probe", "--yes").output
    with platform.database.system() as session:
        assert session.scalar(text("select to_regclass('probe.marks')")) is None


def test_what_waits_is_listed_and_a_parked_stream_goes_on(run: Run, platform: Platform, tenant: UUID) -> None:
    assert run("events").output.strip().endswith("Nothing waits.")
    say(platform, tenant, count=3)
    assert "north probe.seen s 0: waiting" in run("events").output
    for _ in range(TRIES):
        drain(platform, tenant)
        hurry(platform)
    told = run("events").output
    assert "north probe.seen s 0: parked" in told
    assert "event 2 is bad" in told
    assert "It goes on" in run("events", "resume", "north", "probe.seen", "s", "--skip").output
    assert drain(platform, tenant) == 1
    assert run("events").output.strip().endswith("Nothing waits.")
    assert "there is no handler probe.gone" in run("events", "resume", "north", "probe.gone", "s").output
