"""Tables of bot trading, in the schema ``bot_trading``."""

from .batch import Batch
from .bot import SCHEMA, Bot
from .command import BotCommand
from .day import StatsDay
from .decision import Decision
from .grant import StrategyRuling
from .pace import Pace
from .preview import PreviewRun
from .reconciliation import Finding, Reconciliation
from .watch import Publisher, Watch

__all__ = [
    "SCHEMA",
    "Batch",
    "Bot",
    "BotCommand",
    "Decision",
    "Finding",
    "Pace",
    "PreviewRun",
    "Publisher",
    "Reconciliation",
    "StatsDay",
    "StrategyRuling",
    "Watch",
]
