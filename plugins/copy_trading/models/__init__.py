"""Tables of copy trading, in the schema ``copy_trading``."""

from plugins.copy_trading.models.master import Master
from plugins.copy_trading.models.progress import Link, Opening, Skip
from plugins.copy_trading.models.subscription import Confirmation, Cursor, Subscription

__all__ = ["Confirmation", "Cursor", "Link", "Master", "Opening", "Skip", "Subscription"]
