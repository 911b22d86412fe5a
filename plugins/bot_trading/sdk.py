"""What bot trading offers other plugins: strategies of their own.

A strategy is one class with a settings model and pure functions. Return it from the hook ``strategies``:

    class MyPlugin:
        @hookimpl
        def strategies(self):
            return [MyStrategy()]

and name ``bot_trading`` in the manifest's ``requires``. It gets form, preview, statistics, Mission Control and API.
"""

from plugins.bot_trading.strategies.numbers import ceil_to, exact, floor_to, plain, to_tick
from plugins.bot_trading.strategies.protocol import (
    WAITS,
    Command,
    Figures,
    Intent,
    Level,
    LogEntry,
    Market,
    Order,
    Phase,
    Preview,
    Quote,
    Reduction,
    Refusal,
    Result,
    Setup,
    Step,
    Strategy,
    Triggers,
)
from plugins.bot_trading.strategies.rehearsal import Rehearsal, rehearse
from plugins.bot_trading.strategies.run import Run, run
from plugins.bot_trading.strategies.search import Searched, limits_by_preview
from plugins.bot_trading.strategies.words import Fact, Limit, Words

__all__ = [
    "WAITS",
    "Command",
    "Fact",
    "Figures",
    "Intent",
    "Level",
    "Limit",
    "LogEntry",
    "Market",
    "Order",
    "Phase",
    "Preview",
    "Quote",
    "Reduction",
    "Refusal",
    "Rehearsal",
    "Result",
    "Run",
    "Searched",
    "Setup",
    "Step",
    "Strategy",
    "Triggers",
    "Words",
    "ceil_to",
    "exact",
    "floor_to",
    "limits_by_preview",
    "plain",
    "rehearse",
    "run",
    "to_tick",
]
