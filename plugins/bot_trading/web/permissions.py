"""Keys of the module's permissions."""

VIEW = "bot_trading.bots.view"
MANAGE = "bot_trading.bots.manage"
KILL = "bot_trading.bots.kill"
RULE = "bot_trading.strategies.rule"
LAUNCH = "bot_trading.bots.launch"
