"""Fixtures of bot trading's tests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import redis

from tenants.db import Database
from tenants.models import ProductConfig
from tests.bot_trading.street import Street, add_symbol
from tests.trading.market import set_up


@pytest.fixture
def street(database: Database, valkey: redis.Redis) -> Iterator[Street]:
    """A brokerage with the module on, and a spot account with 1,000 USD that pays 0.1 % a side."""
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
