"""The lanes' street and the market, for tests of what a brokerage offers."""

from tests.lanes.conftest import street
from tests.trading.conftest import market

__all__ = ["market", "street"]
