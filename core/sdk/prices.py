"""Current quotes for plugins, many accounts at once."""

from core.trading.services.prices import Pair, quotes_of_pairs

__all__ = ["Pair", "quotes_of_pairs"]
