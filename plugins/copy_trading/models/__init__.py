"""Tables of copy trading, in the schema ``copy_trading``."""

from plugins.copy_trading.models.master import SCHEMA, Master
from plugins.copy_trading.models.progress import Link, Opening, Skip
from plugins.copy_trading.models.statistics import EquityPoint
from plugins.copy_trading.models.subscription import Confirmation, Cursor, Subscription

__all__ = ["SCHEMA", "Confirmation", "Cursor", "EquityPoint", "Link", "Master", "Opening", "Skip", "Subscription"]
