"""Tables of bot trading, in the schema ``bot_trading``."""

from .bot import SCHEMA, Bot
from .command import BotCommand
from .decision import Decision
from .grant import StrategyRuling

__all__ = ["SCHEMA", "Bot", "BotCommand", "Decision", "StrategyRuling"]
