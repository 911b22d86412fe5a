"""The pytest plugin of the contract: servers, databases and folders for tests of the platform and of plugins.

Nothing is imported or started before a test asks for it, so a project that uses none of the fixtures pays nothing.

- ``database``: the sessions over a fresh database with the newest schema;
- ``valkey``: a client of an empty Redis-compatible server;
- ``settings``: the settings of an installation with both, and a data folder of its own;
- ``workbench``: the whole platform in one process: two brokerages, a clock, a scripted market;
- ``servers_for_tests``: the servers themselves;
- ``stack``: the whole product running as processes, one for all tests that use it (mark them ``stack``);
- ``shared_dir``: the folder of agreed prices and golden runs beside the project.

With ``TRADEYARD_TEST_DATABASE_URL`` and ``TRADEYARD_TEST_REDIS_URL`` the servers they name are used in place of the embedded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import redis

    from core.sdk.testing.servers import ServersForTests
    from core.sdk.testing.stack import Stack
    from core.sdk.testing.workbench import Workbench
    from core.settings import Settings
    from tenants.db import Database


@pytest.fixture(scope="session")
def servers_for_tests() -> Iterator[ServersForTests]:
    """The session's PostgreSQL and Valkey; each starts when it is first used."""
    from core.sdk.testing.servers import ServersForTests

    servers = ServersForTests()
    yield servers
    servers.stop()


@pytest.fixture
def settings(servers_for_tests: ServersForTests, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an installation with a fresh database and an empty Valkey."""
    with servers_for_tests.fresh_database() as name:
        yield servers_for_tests.settings(tmp_path / "data", name)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """Sessions over a fresh database with the newest schema."""
    from core.addresses import resolve
    from core.secret import sealer
    from tenants.db import Database
    from tenants.services.sealing import SEALER

    addresses = resolve(settings)
    made = Database(addresses.app, addresses.system, pool_size=settings.database_pool_size)
    made.session_info[SEALER] = sealer(settings)
    yield made
    made.dispose()


@pytest.fixture
def valkey(servers_for_tests: ServersForTests) -> Iterator[redis.Redis]:
    """A client of the session's Valkey, emptied before the test."""
    import redis

    client = redis.Redis.from_url(servers_for_tests.redis_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product with its demo brokerages and no feed, for tests that leave it as they found it."""
    from core.sdk.testing.stack import Stack

    with Stack(tmp_path_factory.mktemp("stack") / "data") as running:
        yield running


@pytest.fixture
def workbench(settings: Settings, valkey: redis.Redis) -> Iterator[Workbench]:
    """Two brokerages, a clock and a scripted market on a platform that has the installed plugins; see `Workbench`."""
    from core.addresses import resolve
    from core.runtime import load_runtime
    from core.runtime.migrating import fitting
    from core.sdk.testing.workbench import workbench_of

    with workbench_of(settings, fitting(resolve(settings), load_runtime())) as made:
        yield made


@pytest.fixture(scope="session")
def shared_dir(pytestconfig: pytest.Config) -> Path:
    """The folder of agreed prices and golden runs: ``TRADEYARD_SHARED``, or ``../shared`` beside the project."""
    given = os.environ.get("TRADEYARD_SHARED")
    folder = Path(given) if given else pytestconfig.rootpath.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here: set TRADEYARD_SHARED to the folder of agreed prices and golden runs")
    return folder
