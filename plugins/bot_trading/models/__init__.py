"""Tables of bot trading, in the schema ``bot_trading``."""

from .bot import SCHEMA, Bot
from .command import BotCommand
from .day import StatsDay
from .decision import Decision
from .grant import StrategyRuling
from .preview import PreviewRun
from .watch import Publisher, Watch

__all__ = ["SCHEMA", "Bot", "BotCommand", "Decision", "PreviewRun", "Publisher", "StatsDay", "StrategyRuling", "Watch"]
