"""Fixtures of bot trading's tests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from core.addresses import resolve
from core.migrations.runner import secure
from core.settings import Settings
from plugins.bot_trading.models import SCHEMA, Bot
from tenants.db import Database
from tenants.models import ProductConfig
from tests.bot_trading.street import Street, add_symbol
from tests.trading.market import set_up


def make_tables(settings: Settings) -> None:
    """The module's tables with their policies."""
    addresses = resolve(settings)
    engine = create_engine(addresses.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"create schema if not exists {SCHEMA}"))
        tables = [table for table in Bot.metadata.sorted_tables if table.schema == SCHEMA]
        Bot.metadata.create_all(connection, tables=tables)
        secure(connection, addresses.roles, (SCHEMA,))
    engine.dispose()


@pytest.fixture
def street(settings: Settings, database: Database, valkey: redis.Redis) -> Iterator[Street]:
    """A brokerage with the module on, and a spot account with 1,000 USD that pays 0.1 % a side."""
    make_tables(settings)
    place = set_up(database)
    add_symbol(place)
    with database.system() as session:
        session.add(ProductConfig(tenant_id=place.tenant_id, module="bot_trading", state="on"))
    spot = {"leverage": Decimal(1), "commission_kind": "percent", "commission": Decimal("0.1"), "may_short": False}
    place.account_type("spot", margin_call_level=Decimal(0), stop_out_level=Decimal(0), **spot)
    (account_id,) = place.accounts("spot", balance="1000")
    made = Street(database, valkey, place, account_id)
    yield made
    for lane in made.lanes:
        lane.release()
