"""Fixtures of copy trading's tests."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from core.addresses import resolve
from core.runtime.loading import Candidate, load_runtime
from core.runtime.migrating import migrate_plugins
from core.runtime.records import Source
from core.settings import Settings
from plugins.copy_trading.plugin import CopyTrading
from tenants.db import Database
from tests.copy_trading.scene import Scene, prepare
from tests.trading.market import set_up


@pytest.fixture
def tables(settings: Settings) -> None:
    """The module's schema, as its migrations make it."""
    addresses = resolve(settings)
    engine = create_engine(addresses.owner, poolclass=NullPool)
    with engine.begin() as connection:
        runtime = load_runtime([Candidate(Source("copy_trading", "", "tradeyard", ""), lambda: CopyTrading)])
        left = migrate_plugins(connection, addresses.roles, runtime)
        assert "copy_trading" in left.plugins, left.rejected
    engine.dispose()


@pytest.fixture
def scene(database: Database, tables: None) -> Scene:
    """A brokerage with copy trading on and EUR/USD at 1.0850/1.0850."""
    place = set_up(database)
    place.quote("EURUSD", "1.08500", "1.08500")
    return prepare(place)
