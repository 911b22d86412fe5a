"""Fixtures of trading's tests."""

from __future__ import annotations

import pytest

from tenants.db import Database
from tests.trading.market import MarketPlace, set_up


@pytest.fixture
def market(database: Database) -> MarketPlace:
    """A brokerage with EUR/USD at 1.1000/1.1000."""
    place = set_up(database)
    place.quote("EURUSD", "1.10000", "1.10000")
    return place
