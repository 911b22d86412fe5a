"""Fixtures of copy trading's tests."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from core.addresses import resolve
from core.migrations.runner import secure
from core.settings import Settings
from plugins.copy_trading.models import Master
from tenants.db import Database
from tests.copy_trading.scene import Scene, prepare
from tests.trading.market import set_up


@pytest.fixture
def tables(settings: Settings) -> None:
    """The module's schema."""
    addresses = resolve(settings)
    engine = create_engine(addresses.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("create schema if not exists copy_trading"))
        own = [table for table in Master.metadata.sorted_tables if table.schema == "copy_trading"]
        Master.metadata.create_all(connection, tables=own)
        secure(connection, addresses.roles, ("copy_trading",))
    engine.dispose()


@pytest.fixture
def scene(database: Database, tables: None) -> Scene:
    """A brokerage with copy trading on and EUR/USD at 1.0850/1.0850."""
    place = set_up(database)
    place.quote("EURUSD", "1.08500", "1.08500")
    return prepare(place)
